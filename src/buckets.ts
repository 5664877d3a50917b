// Leaky buckets by name, a bounded number of them: beyond it, who came longest ago is forgotten. Knows no clock and no caller. Rule H6.

import { refusedOverMs } from './limits.ts'

/** So many at once, and so many a second, kept up. */
export interface Rate {
  burst: number
  perSecond: number
}

export class Buckets {
  readonly #eachMs: number
  readonly #fullMs: number
  readonly #most: number
  /** Name → when its bucket will have run empty (ms). Who came last stands last. */
  readonly #emptyAt = new Map<string, number>()

  constructor({ burst, perSecond }: Rate, most: number) {
    this.#eachMs = 1000 / perSecond
    this.#fullMs = burst * this.#eachMs
    this.#most = most
  }

  get names(): number {
    return this.#emptyAt.size
  }

  /** Whether this name's bucket has room for one more. Looking takes nothing. null is nobody, for whom there always is. */
  fits(name: string | null, now: number): boolean {
    return name === null || this.#levelMs(name, now) + this.#eachMs <= this.#fullMs
  }

  /** Puts one in; a full bucket stays full. */
  add(name: string | null, now: number): void {
    this.#fill(name, now, this.#eachMs, this.#fullMs)
  }

  /** Puts a part of one in that was refused: also above the edge, so that who comes in a loop must pause before it is let in. */
  refuse(name: string | null, now: number, part: number): void {
    this.#fill(name, now, this.#eachMs * part, this.#fullMs + refusedOverMs)
  }

  #fill(name: string | null, now: number, moreMs: number, mostMs: number): void {
    if (name === null) return
    const level = this.#levelMs(name, now)
    this.#emptyAt.delete(name)
    this.#emptyAt.set(name, now + Math.max(level, Math.min(level + moreMs, mostMs)))
    this.#forget(now)
  }

  /** A clock that went back leaves a bucket as full as it can be, never fuller. */
  #levelMs(name: string, now: number): number {
    return Math.min(Math.max(0, (this.#emptyAt.get(name) ?? now) - now), this.#fullMs + refusedOverMs)
  }

  /** Each name goes once for each time that it came: the cost is spread over those. */
  #forget(now: number): void {
    for (const [name, emptyAt] of this.#emptyAt) {
      if (emptyAt > now && this.#emptyAt.size <= this.#most) return
      this.#emptyAt.delete(name)
    }
  }
}
