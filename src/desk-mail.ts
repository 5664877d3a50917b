// What a host does for a desk's webhooks, whatever its home: a few messages at a time go out beside everything else, and the host is told when
// the next is due. Knows no home, no host and no rule. Rule A5.
import type { Courier, Outcome } from './courier.ts'
import { secretsOf } from './hook.ts'
import { messageClaimMs, webhooksAtOnceOfDesk } from './limits.ts'
import type { MailSteps } from './mail-steps.ts'
import type { Message } from './webhook-events.ts'

export interface DeskMailHost {
  now: () => number
  courier: Courier
  /** From 0 to 1: messages that failed together are not tried again together. */
  chance: () => number
  /** The next message is due after so long (ms); null: none waits. */
  waits: (afterMs: number | null) => unknown
  /** Some were sent: what is counted has changed. */
  sent: () => unknown
  /** Sees to the end of work that nobody waits for. */
  background: (work: Promise<unknown>) => void
}

export class DeskMail {
  readonly #steps: MailSteps
  readonly #host: DeskMailHost
  #lanes = 0
  /** A message came while every lane was busy: one that ends may have looked before that. */
  #again = false

  constructor(steps: MailSteps, host: DeskMailHost) {
    this.#steps = steps
    this.#host = host
    // From within a step: what it has put is there when that is over.
    steps.heard((afterMs) => host.background(Promise.resolve().then(() => this.#heard(afterMs))))
  }

  /** Sends what is due; nobody waits for it. */
  send(): void {
    if (this.#lanes >= webhooksAtOnceOfDesk) {
      this.#again = true
      return
    }
    this.#lanes++
    this.#host.background(this.#lane().finally(() => this.#ended()))
  }

  /** Sends a test to an endpoint, whatever it asks for and whether it is on; undefined where there is none. */
  async test(tenant: string, hook: string, id: string): Promise<Outcome | undefined> {
    const kept = (await this.#steps.hooks())?.find((one) => one.hook.id === hook)
    if (kept === undefined) return undefined
    const at = this.#host.now()
    const message: Message = { id, type: 'webhook.test', at, data: { tenant, webhook: hook } }
    const letGo = await this.#host.courier.slot()
    try {
      const { url } = kept.hook
      const outcome = await this.#host.courier.send(url, secretsOf(kept.hook, at), message)
      await this.#steps.note({ hook, url }, outcome)
      return outcome
    } finally {
      letGo()
    }
  }

  /** What is due now is in good hands; should they let go of it, it is looked for after a claim's time. */
  async #heard(afterMs: number): Promise<void> {
    if (afterMs <= 0) this.send()
    await this.#host.waits(afterMs <= 0 ? messageClaimMs : afterMs)
  }

  /** One message after the other, until none is due. */
  async #lane(): Promise<void> {
    let told: number | null | undefined
    let sent = 0
    for (;;) {
      const letGo = await this.#host.courier.slot()
      try {
        const next = await this.#steps.next()
        if (next.is === 'due') {
          if (next.more) this.send()
          const outcome = await this.#host.courier.send(next.attempt.url, next.secrets, next.message)
          await this.#steps.settle(next.attempt, outcome, this.#host.chance())
          sent++
          told = undefined
        } else if (told === undefined) {
          // Another host may have put one before this is known everywhere: it is looked for once more after that.
          told = next.afterMs
          await this.#host.waits(told)
        } else {
          if (isSooner(next.afterMs, told)) await this.#host.waits(next.afterMs)
          break
        }
      } finally {
        letGo()
      }
    }
    if (sent > 0) await this.#host.sent()
  }

  #ended(): void {
    this.#lanes--
    if (!this.#again) return
    this.#again = false
    this.send()
  }
}

/** By more than a look takes. */
function isSooner(afterMs: number | null, told: number | null): boolean {
  return afterMs !== null && (told === null || afterMs < told - lookMs)
}

const lookMs = 1_000
