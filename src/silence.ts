// Whether nobody was heard for a while. Each live call is heard every twelve seconds: where nobody was for longer the host stood still, was cut
// off, or its clock was put forward, or nobody was there. Knows no desk and no pool. Rules G10, P10.
import { leaseTtlMs } from './limits.ts'
import type { Roster } from './roster.ts'

const quietMs = leaseTtlMs / 2

export class Silence {
  /** undefined: not in this life. */
  #heardAt: number | undefined

  hear(now: number): void {
    this.#heardAt = now
  }

  /** With each step, at its head: whether it is the first one of this life, or after a silence. */
  isOver(now: number): boolean {
    const before = this.#heardAt
    this.hear(now)
    return before === undefined || now - before > quietMs
  }
}

/** Whether of those who have something until then (ms) none was heard for a while. What ran out is among them as long as nobody has looked. */
export function lapsed(untils: Roster, now: number): boolean {
  const newest = untils.first(untils.size()).at(-1)
  return newest !== undefined && (untils.get(newest) ?? 0) < now + quietMs
}
