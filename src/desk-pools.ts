// What a desk tells its pools, and takes from them. Knows no decision. Rules P1, P9, P10.
import type { DeskRosters } from './desk-rosters.ts'
import type { Needs } from './gate.ts'
import { ask, take, unanswered } from './grant.ts'
import { shareTimeoutMs } from './limits.ts'
import type { PoolGrant } from './ports.ts'
import { units } from './pool.ts'

export class DeskPools {
  readonly #rosters: DeskRosters
  readonly #shared: boolean

  /** `shared`: several hosts may ask for it. */
  constructor(rosters: DeskRosters, shared: boolean) {
    this.#rosters = rosters
    this.#shared = shared
  }

  /** From the first offer on a pool is one of the desk's. */
  enter(pool: string): void {
    this.#rosters.get('pools').set(pool, 1)
  }

  /**
   * Lets go of all that is not in use, until the pool has answered; the number of the ask, above all before it. undefined while another
   * host's ask is under way: it is asked again when that one is answered.
   */
  ask(pool: string, needs: Needs, now: number): number | undefined {
    const [holding, again, numbers] = [this.#rosters.holding(), this.#rosters.get('again'), this.#rosters.get('asks')]
    if (this.#shared && (holding.asked.get(`${pool}/tokens`) ?? 0) > now) {
      again.set(pool, 1)
      return undefined
    }
    again.delete(pool)
    for (const unit of units) ask(holding, `${pool}/${unit}`, needs[unit].has, { now, answerMs: shareTimeoutMs })
    const number = Math.max(now, (numbers.get(pool) ?? 0) + 1)
    numbers.set(pool, number)
    return number
  }

  /** Whether the pool is to be asked again. */
  take(pool: string, grant: PoolGrant | undefined, as: 'answer' | 'word', now: number): boolean {
    const [holding, again] = [this.#rosters.holding(), this.#rosters.get('again')]
    // The pool counts from when it heard the ask: by the desk's clock that was later. The number of an ask is its time.
    const askedAt = Math.min(now, this.#rosters.get('asks').get(pool) ?? now)
    for (const unit of units) {
      if (grant === undefined) unanswered(holding, `${pool}/${unit}`)
      else take(holding, `${pool}/${unit}`, grant[unit], as, { now, until: askedAt + grant.ttlMs })
    }
    if (grant === undefined) return false
    this.#rosters.get('epochs').set(pool, grant.epoch)
    return as === 'answer' && again.get(pool) !== undefined
  }

  /** A call of it has its line. */
  came(pool: string): void {
    this.#rosters.get('came').set(pool, 1)
  }

  /** Whether it has calls, or had one since it was last asked without any. */
  busy(pool: string, calls: number): boolean {
    if (calls > 0) return true
    const came = this.#rosters.get('came')
    const busy = came.get(pool) !== undefined
    came.delete(pool)
    return busy
  }

  epoch(pool: string): number | null {
    return this.#rosters.get('epochs').get(pool) ?? null
  }

  /** Tokens that were debited for a pool, ever. */
  debited(pool: string, more = 0): number {
    const debited = this.#rosters.get('debited')
    return more === 0 ? (debited.get(pool) ?? 0) : debited.add(pool, more)
  }
}
