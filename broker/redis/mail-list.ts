// The tenants that have messages for webhooks, and when the next of each is due: in one place, so that whichever node is there sends what a
// desk without calls still has to tell. Knows no message. Rule A5.
import { messageClaimMs } from '../../src/limits.ts'
import { clock } from '../clock.ts'
import type { Send } from './registry.ts'

/** Tenant → when its next message is due, in ms of Redis. */
const due = 'trunkline:{mail}:due'

/** Tenants that one look takes. */
const lookedAt = 64

export class MailList {
  readonly #send: Send
  readonly #visit: (tenant: string) => void
  /** Redis' clock less ours, ms. */
  #ahead = 0

  /** `visit`: sends what is due at this tenant's desk. */
  constructor(send: Send, visit: (tenant: string) => void) {
    this.#send = send
    this.#visit = visit
  }

  /** null: none waits. Who puts one at that moment says so after it, and who says this looks once more (src/desk-mail.ts). */
  async note(tenant: string, afterMs: number | null): Promise<void> {
    if (afterMs === null) await this.#send(due, 'ZREM', due, tenant)
    else await this.#send(due, 'ZADD', due, String(Math.floor(clock.now() + this.#ahead + afterMs)), tenant)
  }

  /** With each beat of a node; `now` in ms of Redis. What it takes no other node takes for a while. */
  async look(now: number): Promise<void> {
    this.#ahead = now - clock.now()
    const late = ['-inf', String(now), 'BYSCORE', 'LIMIT', '0', String(lookedAt)]
    const tenants = (await this.#send(due, 'ZRANGE', due, ...late)) as string[]
    for (const tenant of tenants) {
      const taken = await this.#send(due, 'ZADD', due, 'XX', 'GT', 'CH', String(now + messageClaimMs), tenant)
      if (taken === 1) this.#visit(tenant)
    }
  }
}
