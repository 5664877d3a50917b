// Sends messages to hooks: signed, so many at once, each outcome a value. Knows no desk and no socket. Rule A5.
import { webhooksAtOnce } from './limits.ts'
import type { Message } from './webhook-events.ts'
import { signed, type Hmac } from './webhook.ts'

/** What came of an attempt. `status`: null where nobody answered; `error`: a sentence, null where it was taken. */
export interface Outcome {
  status: number | null
  error: string | null
}

export interface Parcel {
  url: string
  headers: Readonly<Record<string, string>>
  body: string
}

/** One POST: follows no redirect, speaks only to who may be told, ends in time. The status of its answer; rejects where there is none. */
export type Post = (parcel: Parcel) => Promise<number>

export interface CourierHost {
  now: () => number
  hmac: Hmac
  post: Post
}

export class Courier {
  readonly #host: CourierHost
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(host: CourierHost, atOnce = webhooksAtOnce) {
    this.#host = host
    this.#free = atOnce
  }

  /** Waits until one more may be sent, and is to be let go after it: in the order in which they came. */
  async slot(): Promise<() => void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return () => {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }

  /** Never rejects. */
  async send(url: string, secrets: readonly string[], message: Message): Promise<Outcome> {
    const { now, hmac, post } = this.#host
    try {
      const { headers, body } = await signed(message, secrets, now(), hmac)
      const status = await post({ url, headers: { ...headers, ...own }, body })
      return { status, error: taken(status) ? null : `It answered ${status}.` }
    } catch (error) {
      return {
        status: null,
        error: error instanceof Unsent ? error.message : `It could not be told (${nameOf(error)}).`,
      }
    }
  }
}

/** Why nobody answered, as a sentence for the tenant. */
export class Unsent extends Error {}

export function taken(status: number | null): boolean {
  return status !== null && status >= 200 && status <= 299
}

const own = { 'content-type': 'application/json', 'user-agent': 'Trunkline-Webhooks' }

/** The code of a fault, or its name: its text may say what is of no use to a tenant, such as an address. */
function nameOf(error: unknown): string {
  const { code, name } = error as { code?: string; name?: string }
  return code ?? name ?? 'unknown'
}
