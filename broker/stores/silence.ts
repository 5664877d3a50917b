// Whether everybody was silent. All hosts of this store are one process, and each live call is heard every twelve seconds: where nobody was
// for longer the process stood still, or its clock was put forward, or nobody was there. Knows no desk. Rules G10, P10.
import { leaseTtlMs } from '../../src/limits.ts'
import type { Clock } from '../../src/ports.ts'
import { clock } from '../clock.ts'

const quietMs = leaseTtlMs / 2

export class Silence {
  #heardAt = clock.now()
  #count = 0

  /** The time of one home's steps. `learn` is called before the first of them after a silence: what ran out in it is still there. */
  clock(learn: (now: number) => void): Clock {
    let known = this.#count
    const now = (): number => {
      const at = this.#hear()
      if (known !== this.#count) learn(at)
      known = this.#count
      return at
    }
    return { now, after: (ms, work) => clock.after(ms, work) }
  }

  #hear(): number {
    const now = clock.now()
    if (now - this.#heardAt > quietMs) this.#count++
    this.#heardAt = now
    return now
  }
}
