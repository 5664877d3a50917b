// What a desk tells its pools, and takes from them. Knows no decision. Rules P1, P9, P10.
import type { DeskRosters } from './desk-rosters.ts'
import type { Needs } from './gate.ts'
import { ask, take, unanswered } from './grant.ts'
import { shareTimeoutMs } from './limits.ts'
import type { PoolGrant } from './ports.ts'
import { units } from './sql-pool.ts'

export class DeskPools {
  readonly #rosters: DeskRosters

  constructor(rosters: DeskRosters) {
    this.#rosters = rosters
  }

  /** From the first offer on a pool is one of the desk's. */
  enter(pool: string): void {
    this.#rosters.get('pools').set(pool, 1)
  }

  /** Lets go of all that is not in use, until the pool has answered. */
  ask(pool: string, needs: Needs, now: number): void {
    const holding = this.#rosters.holding()
    for (const unit of units) ask(holding, `${pool}/${unit}`, needs[unit].has, { now, answerMs: shareTimeoutMs })
  }

  take(pool: string, grant: PoolGrant | undefined, as: 'answer' | 'word', now: number): void {
    const holding = this.#rosters.holding()
    for (const unit of units) {
      if (grant === undefined) unanswered(holding, `${pool}/${unit}`)
      else take(holding, `${pool}/${unit}`, grant[unit], as, now)
    }
    if (grant !== undefined) this.#rosters.get('epochs').set(pool, grant.epoch)
  }

  epoch(pool: string): number | null {
    return this.#rosters.get('epochs').get(pool) ?? null
  }

  /** Tokens that were debited for a pool, ever. */
  debited(pool: string, more = 0): number {
    return this.#rosters.get('debited').add(pool, more)
  }
}
