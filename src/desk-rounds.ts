// A desk's words to those who wait: that their turn has come, and, where they have no timers of their own, how they stand when they want to
// hear it. Nobody waits for them: one that cannot be reached holds up no other. Knows no home and no host. Rules G4, G6, H7, K3.
import type { Left } from './desk-books.ts'
import type { Due } from './desk-ticks.ts'
import type { CallRef, Standing, TickAnswer, Word } from './ports.ts'
import type { Refusal } from './refusal.ts'

/** A call that is to be ticked, and what it is told; or why it waits for nothing any more. */
export interface Called extends Due {
  etaMs: number | null
  refusal: Refusal | undefined
}

/** What was done for what a call has said; undefined: nothing was freed. */
export type Freed = (Left & { ref: CallRef }) | undefined

/** The desk's side. */
export interface TickSteps {
  /** When the next call is due (ms since 1970); undefined while none is. */
  nextAt(): number | undefined
  /** Those who are due. One that does not answer is due again soon. */
  due(): Called[]
  /** It has heard that it has its line. */
  heard(call: string): void
  ticked(due: Due, answer: TickAnswer): Freed
}

export interface RoundsHost {
  tick: (call: string, standing: Standing) => Promise<TickAnswer>
  /** Its turn has come, and it may not have heard so. */
  wake(call: string): Promise<void>
  tell(call: string, word: Word): Promise<unknown>
  /** A line or a place is free. */
  freed(freed: NonNullable<Freed>): void
  /** Sees to the end of work that nobody waits for. */
  background(work: Promise<unknown>): void
  /** The next is due at another time. */
  changed(): Promise<void>
  fault(error: unknown): void
}

export class DeskRounds {
  readonly #steps: TickSteps
  readonly #host: RoundsHost

  constructor(steps: TickSteps, host: RoundsHost) {
    this.#steps = steps
    this.#host = host
  }

  get nextAt(): number | undefined {
    return this.#steps.nextAt()
  }

  /** Ticks those who are due, and notes what each says. */
  begin(): void {
    const due = this.#steps.due()
    if (due.length === 0) return
    const told = Promise.all(due.map((one) => this.#tried(this.#call(one))))
    this.#host.background(told.then(() => this.#host.changed()))
  }

  async #call({ call, place, etaMs, refusal }: Called): Promise<void> {
    if (refusal !== undefined) return void (await this.#host.tell(call, { is: 'wrapUp', refusal }))
    if (place === null) return this.#host.wake(call)
    const freed = this.#steps.ticked({ call, place }, await this.#host.tick(call, { place, etaMs }))
    if (freed !== undefined) this.#host.freed(freed)
  }

  async #tried(work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      this.#host.fault(error)
    }
  }
}
