// A bug in what is done for one call ends that call, with a sentence, and no other: what its host or its clock asks of a call is run here.
// Knows no host, and of the call only how it is ended.
import type { Brings, Clock } from './ports.ts'
import type { Refusal } from './refusal.ts'

/** What can be over at once. */
export interface Ending {
  cut(by: 'broker', refusal: Refusal): void
}

export class Guard {
  readonly #call: () => Ending | undefined
  readonly #fault: (error: unknown) => void

  /** `call`: undefined until it is made. */
  constructor(call: () => Ending | undefined, fault: (error: unknown) => void) {
    this.#call = call
    this.#fault = fault
  }

  readonly run = (work: () => void): void => {
    try {
      work()
    } catch (error) {
      this.broke(error)
    }
  }

  /** For those who look at what a frame throws themselves. */
  readonly broke = (error: unknown): void => {
    this.#fault(error)
    try {
      this.#call()?.cut('broker', { why: 'bug' })
    } catch (again) {
      this.#fault(again)
    }
  }

  clock(clock: Clock): Clock {
    return { now: () => clock.now(), after: (ms, work) => clock.after(ms, () => this.run(work)) }
  }

  /** What its host brings, so that nothing that it does later is done elsewhere. */
  brings(host: Omit<Brings, 'guard'>): Brings {
    return { ...host, clock: this.clock(host.clock), guard: this.run }
  }
}
