// Runs steps at their times after one start. Late timers do not add up: each wake runs all that is due by the clock.

import type { Clock } from './clock.ts'

export interface Step {
  /** Milliseconds after the start. */
  readonly at: number
  readonly run: () => void
}

export class Pacer {
  readonly #clock: Clock
  readonly #steps: readonly Step[]
  readonly #startedAt: number
  #next = 0
  #cancel: (() => void) | undefined

  constructor(clock: Clock, steps: readonly Step[]) {
    this.#clock = clock
    this.#steps = steps
    this.#startedAt = clock.now()
    this.#sleep()
  }

  stop(): void {
    this.#next = this.#steps.length
    this.#cancel?.()
  }

  #wake(): void {
    const elapsed = this.#clock.now() - this.#startedAt
    for (;;) {
      const step = this.#steps[this.#next]
      if (step === undefined || step.at > elapsed) break
      this.#next++
      step.run()
    }
    this.#sleep()
  }

  #sleep(): void {
    const step = this.#steps[this.#next]
    if (step === undefined) return
    const ms = Math.max(0, this.#startedAt + step.at - this.#clock.now())
    this.#cancel = this.#clock.after(ms, () => this.#wake())
  }
}
