// Calls that were refused because Redis did not answer: it may have given them a line or a place all the same, which nobody would hold.
// They are taken back once it answers again. Knows no desk. Rules G10, S3.
import type { Offer } from '../../src/ports.ts'

/** Beyond these the oldest is forgotten: what it holds runs out by itself, after a lease's time. */
const most = 20_000
/** What was sent before the silence may be carried out after the first answer: the second look is certain. */
const looks = 2

export interface DoubtsHost {
  /** Takes back what the call may have. */
  lose(offer: Offer): Promise<void>
  /** All of a tenant's were: whoever waits for a line may have one. */
  lost(tenant: string): Promise<void>
}

interface Doubt {
  offer: Offer
  looks: number
}

export class Doubts {
  readonly #host: DoubtsHost
  readonly #calls = new Map<string, Doubt>()
  #looking = false

  constructor(host: DoubtsHost) {
    this.#host = host
  }

  add(offer: Offer): void {
    this.#calls.set(offer.call, { offer, looks })
    const [oldest = ''] = this.#calls.keys()
    if (this.#calls.size > most) this.#calls.delete(oldest)
  }

  /** Tries each that is left; stops at the first silence. The next look goes on. */
  async look(): Promise<void> {
    if (this.#looking || this.#calls.size === 0) return
    this.#looking = true
    const tenants = new Set<string>()
    try {
      for (const [call, doubt] of this.#calls) {
        await this.#host.lose(doubt.offer)
        tenants.add(doubt.offer.tenant)
        if (--doubt.looks === 0) this.#calls.delete(call)
      }
      for (const tenant of tenants) await this.#host.lost(tenant)
    } catch {
      // Its connection says why; those that are left are tried again.
    } finally {
      this.#looking = false
    }
  }
}
