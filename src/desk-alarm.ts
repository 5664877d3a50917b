// When a desk's one alarm is to come, and what for: the beat, a message for a webhook. In memory: a new life of its host begins with a beat,
// and is told of its messages. Knows no host and no clock.
import { heartbeatJitter, heartbeatMs } from './limits.ts'

export class DeskAlarm {
  /** When the last beat began; undefined: none has in this life. */
  #beatAt: number | undefined
  #mailAt = Infinity

  beats(now: number): void {
    this.#beatAt = now
  }

  /** A host may come sooner by its jitter. A clock that went back is no reason to wait. */
  isBeatDue(now: number): boolean {
    if (this.#beatAt === undefined) return true
    const sinceMs = now - this.#beatAt
    return sinceMs < 0 || sinceMs >= heartbeatMs * (1 - heartbeatJitter)
  }

  mail(at: number): void {
    this.#mailAt = Math.min(this.#mailAt, at)
  }

  /** Whether a message is due. Who asks looks for it, and is told when the next is. */
  isMailDue(now: number): boolean {
    const due = this.#mailAt <= now
    if (due) this.#mailAt = Infinity
    return due
  }

  /** In how many ms it is to come; Infinity: not at all. `busy`: a call is open; `tickAt`: then one wants to be ticked. */
  afterMs(now: number, busy: boolean, tickAt = Infinity): number {
    const beatAt = (this.#beatAt ?? now) + heartbeatMs
    return Math.max(0, Math.min(this.#mailAt, ...(busy ? [beatAt, tickAt] : [])) - now)
  }
}
