// Answers that are held back for a while: who waits for an answer before it comes again is slowed down by it. Knows no caller. Rule H6.
import { heldAnswers, heldAnswersInAll, heldMs, tooSoonMs } from './limits.ts'
import type { Clock } from './ports.ts'

export type Timers = Pick<Clock, 'after'>

export class LateAnswers {
  readonly #clock: Timers
  /** Name → answers that are held for it; and answers to it that have just gone. */
  readonly #held = new Tally()
  readonly #gone = new Tally()

  constructor(clock: Timers) {
    this.#clock = clock
  }

  /** Names that are remembered. */
  get names(): number {
    return this.#held.names + this.#gone.names
  }

  /** Whether whoever comes with this name can hardly have paused since it was answered. */
  tooSoon(name: string): boolean {
    return this.#gone.of(name) > 0
  }

  /** Resolves when the answer may go: at once where so many are held already. */
  async hold(name: string): Promise<void> {
    if (this.#held.of(name) >= heldAnswers || this.#held.inAll >= heldAnswersInAll) return
    this.#held.add(name)
    await new Promise<void>((resolve) => this.#clock.after(heldMs, resolve))
    this.#held.take(name)
    this.#gone.add(name)
    this.#clock.after(tooSoonMs, () => this.#gone.take(name))
  }
}

/** How many of each name; a name that has none is forgotten. */
class Tally {
  inAll = 0
  readonly #counts = new Map<string, number>()

  get names(): number {
    return this.#counts.size
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  add(name: string): void {
    this.#counts.set(name, this.of(name) + 1)
    this.inAll++
  }

  take(name: string): void {
    if (this.of(name) > 1) this.#counts.set(name, this.of(name) - 1)
    else this.#counts.delete(name)
    this.inAll--
  }
}
