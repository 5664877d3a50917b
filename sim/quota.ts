// The rate limits of one organisation: tokens and requests a minute. Knows no sessions, only amounts and the time.
// Both are buckets that refill evenly: so the waits in captured refusals (5,236 over at 40,000 a minute: 7.853 s) come out.

import type { Clock } from './clock.ts'
import type { Trouble } from './trouble.ts'

const MINUTE_MS = 60_000

class Bucket {
  readonly limit: number
  readonly #clock: Clock
  #used = 0
  #at: number

  constructor(limit: number, clock: Clock) {
    this.limit = limit
    this.#clock = clock
    this.#at = clock.now()
  }

  used(): number {
    const now = this.#clock.now()
    this.#used = Math.max(0, this.#used - ((now - this.#at) * this.limit) / MINUTE_MS)
    this.#at = now
    return this.#used
  }

  add(amount: number): void {
    this.#used = Math.max(0, this.used() + amount)
  }

  waitMs(amount: number): number {
    return Math.max(0, ((this.used() + amount - this.limit) * MINUTE_MS) / this.limit)
  }

  shown(name: string): Record<string, unknown> {
    const used = this.used()
    return {
      name,
      limit: this.limit,
      remaining: Math.max(0, Math.floor(this.limit - used)),
      reset_seconds: Math.max(0.001, Math.round((used * MINUTE_MS) / this.limit) / 1000),
    }
  }
}

/** As OpenAI writes waits: `174ms`, `6.232s`, `1m26.4s`. */
export function spokenWait(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms))
  if (whole < 1000) return `${whole}ms`
  const seconds = (whole % MINUTE_MS) / 1000
  return whole < MINUTE_MS ? `${seconds}s` : `${Math.floor(whole / MINUTE_MS)}m${seconds}s`
}

export interface Excess {
  readonly model: string
  readonly organization: string
  readonly kind: 'tokens' | 'requests'
  readonly limit: number
  readonly used: number
  readonly requested: number
  readonly waitMs: number
}

export function rateLimitTrouble(excess: Excess): Trouble {
  const unit = excess.kind === 'tokens' ? 'tokens per min (TPM)' : 'requests per min (RPM)'
  const message =
    `Rate limit reached for ${excess.model} (for limit ${excess.model}) in organization ${excess.organization} on ${unit}: ` +
    `Limit ${excess.limit}, Used ${Math.ceil(excess.used)}, Requested ${excess.requested}. ` +
    `Please try again in ${spokenWait(excess.waitMs)}. Visit https://platform.openai.com/account/rate-limits to learn more.`
  return { type: excess.kind, code: 'rate_limit_exceeded', message, param: null }
}

export interface Limits {
  readonly tokensPerMinute: number | null
  readonly requestsPerMinute: number | null
}

export class Quota {
  readonly organization: string
  readonly #tokens: Bucket | undefined
  readonly #requests: Bucket | undefined

  constructor(organization: string, limits: Limits, clock: Clock) {
    this.organization = organization
    if (limits.tokensPerMinute !== null) this.#tokens = new Bucket(limits.tokensPerMinute, clock)
    if (limits.requestsPerMinute !== null) this.#requests = new Bucket(limits.requestsPerMinute, clock)
  }

  /** Holds a response's tokens, its whole input and its most possible output, or says why it may not start. */
  reserve(model: string, requested: number): Trouble | undefined {
    const checks = [
      { kind: 'requests', bucket: this.#requests, amount: 1 },
      { kind: 'tokens', bucket: this.#tokens, amount: requested },
    ] as const
    for (const { kind, bucket, amount } of checks) {
      const waitMs = bucket?.waitMs(amount) ?? 0
      if (bucket === undefined || waitMs <= 0) continue
      const { organization } = this
      return rateLimitTrouble({
        model,
        organization,
        kind,
        limit: bucket.limit,
        used: bucket.used(),
        requested: amount,
        waitMs,
      })
    }
    for (const { bucket, amount } of checks) bucket?.add(amount)
    return undefined
  }

  /** The response is over: what was held and not used comes back. */
  settle(held: number, spent: number): void {
    this.#tokens?.add(spent - held)
  }

  shown(): Record<string, unknown>[] {
    const list: Record<string, unknown>[] = []
    if (this.#requests !== undefined) list.push(this.#requests.shown('requests'))
    if (this.#tokens !== undefined) list.push(this.#tokens.shown('tokens'))
    return list
  }
}
