// What a desk knows of its pools: which it draws from, what they granted, what it tells them. Knows no decision. Rules P1, P9, P10.
import type { DeskRosters } from './desk-rosters.ts'
import type { Desk, Needs, Quota } from './gate.ts'
import { ask, held, take, unanswered, type Holding } from './grant.ts'
import { shareTimeoutMs } from './limits.ts'
import type { PoolGrant, Unit } from './ports.ts'
import type { Roster } from './roster.ts'
import { units } from './sql-pool.ts'

export class DeskPools {
  readonly #rosters: DeskRosters

  constructor(rosters: DeskRosters) {
    this.#rosters = rosters
  }

  /** From the first offer on a quota is one of the desk's. */
  enter(pool: string): void {
    this.#rosters.get('pools').set(pool, 1)
  }

  get all(): string[] {
    const pools = this.#rosters.get('pools')
    return pools.first(pools.size())
  }

  /** The quotas as the gate sees them, with what may be used of each now. */
  quotas(now: number): Desk['quotas'] {
    const [first = 'none', ...more] = this.all
    return [this.quota(first, now), ...more.map((pool) => this.quota(pool, now))]
  }

  quota(pool: string, now: number): Quota {
    const [tokens, sessions] = [this.held(pool, 'tokens', now), this.held(pool, 'sessions', now)]
    return { loads: this.#rosters.get(`loads:${pool}`), wants: this.#rosters.get(`wants:${pool}`), tokens, sessions }
  }

  /** Lets go of all that is not in use, until the pool has answered. */
  ask(pool: string, needs: Needs, now: number): void {
    for (const unit of units)
      ask(this.#holding(), `${pool}/${unit}`, needs[unit].has, { now, answerMs: shareTimeoutMs })
  }

  take(pool: string, grant: PoolGrant | undefined, as: 'answer' | 'word', now: number): void {
    for (const unit of units) {
      if (grant === undefined) unanswered(this.#holding(), `${pool}/${unit}`)
      else take(this.#holding(), `${pool}/${unit}`, grant[unit], as, now)
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

  held(pool: string, unit: Unit, now: number): number {
    return held(this.#holding(), `${pool}/${unit}`, now)
  }

  #holding(): Holding {
    const roster = (name: string): Roster => this.#rosters.get(`grant:${name}`)
    return {
      amounts: roster('amounts'),
      untils: roster('untils'),
      versions: roster('versions'),
      asked: roster('asked'),
    }
  }
}
