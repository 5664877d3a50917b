// One upstream quota over one SQL store: its settings, its shares in both units, its meter; each step one transaction. Knows no host.
import { leaseTtlMs, learningMs } from './limits.ts'
import { lastMinute, note } from './meter.ts'
import { granted, read, refill, reserve, share, slacking, type Pool, type Terms } from './pool.ts'
import { planNames, plans, type PlanName } from './plan.ts'
import {
  changedSettings,
  plainSettings,
  thresholdOf,
  unfit,
  type PoolChange,
  type PoolSettings,
} from './pool-settings.ts'
import type { PoolAsk, PoolGrant, Unit } from './ports.ts'
import type { Refusal } from './refusal.ts'
import { SqlRoster } from './roster-sql.ts'
import type { Sql, Transact } from './sql.ts'
import type { Ceiling } from './upstream.ts'

export const units = ['tokens', 'sessions'] as const satisfies readonly Unit[]

/** Where there is no ceiling: more than any pool has, and exact in every home. */
const unbounded = 1e13

/** One unit's figures. `use` and `headroom` are shares of the ceiling, null where there is none; `room` is what a new call of a plan would find. */
export interface UnitReading {
  ceiling: number | null
  has: number
  wants: number
  granted: number
  kept: number
  use: number | null
  headroom: number | null
  room: Record<PlanName, number | null>
}

export interface PoolReading {
  id: string
  ceiling: Ceiling
  thresholds: Record<PlanName, number>
  floors: PoolSettings['floors']
  desks: number
  /** Its store was lost: nothing new is granted until the desks have said what they hold (P10). */
  learning: boolean
  tokensLastMinute: number
  units: Record<Unit, UnitReading>
}

/** A desk whose grant rose, and its grants now. */
export interface Word {
  desk: string
  grant: PoolGrant
}

/** What other desks are to hear of it: what rose, and, for those that are `idle`, that they shall say what they have. */
export interface Words {
  risen: Word[]
  idle: string[]
}

export class SqlPool {
  readonly #id: string
  readonly #sql: Sql
  readonly #transact: Transact
  readonly #own: Ceiling

  /** `own`: the ceiling that the upstream comes with. */
  constructor(id: string, own: Ceiling, sql: Sql, transact: Transact) {
    this.#id = id
    this.#own = own
    this.#sql = sql
    this.#transact = transact
  }

  static prepare(sql: Sql): void {
    SqlRoster.prepare(sql)
    sql('CREATE TABLE IF NOT EXISTS pool (id TEXT PRIMARY KEY, json TEXT NOT NULL)')
  }

  /** Takes a desk's word, and says what it may use, and whose grants rose by it. */
  share(desk: string, ask: PoolAsk, now: number): { grant: PoolGrant } & Words {
    return this.#transact(() => {
      const settings = this.#settings()
      this.#listen(ask, now)
      this.#measure(desk, ask, now)
      const { weight } = plans[ask.plan]
      const tier = planNames.indexOf(ask.plan)
      const shares = units.map((unit) => {
        const block = unit === 'tokens' ? ask.block : 1
        const pool = this.#pool(unit, settings)
        return share(pool, desk, { ...ask.needs[unit], block, weight, tier }, this.#terms(unit, settings, now))
      })
      const risen = this.#risen(
        shares.flatMap((one) => one.risen),
        settings,
      )
      return { grant: this.#grant(desk, settings), risen, idle: unique(shares.flatMap((one) => one.idle)) }
    })
  }

  /** In force at once: what there is more of goes to those who wait. A refusal where it cannot be kept. */
  change(change: PoolChange, now: number): Words | Refusal {
    return this.#transact(() => {
      const [before, settings] = [this.#settings(), changedSettings(this.#settings(), change)]
      const refusal = unfit(settings, this.#ceiling(settings))
      if (refusal !== undefined) return refusal
      const put = 'INSERT INTO pool VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json'
      this.#sql(put, this.#id, JSON.stringify(settings))
      const risen = units.flatMap((unit) => {
        const pool = this.#pool(unit, settings)
        for (const desk of Object.keys({ ...before.floors, ...settings.floors })) {
          const { tokensPerMinute = 0, sessions = 0 } = settings.floors[desk] ?? {}
          reserve(pool, desk, unit === 'tokens' ? tokensPerMinute : sessions)
        }
        return refill(pool, this.#terms(unit, settings, now))
      })
      const idle = unique(units.flatMap((unit) => slacking(this.#pool(unit, settings))))
      return { risen: this.#risen(risen, settings), idle }
    })
  }

  read(now: number): PoolReading {
    return this.#read(this.#settings(), now)
  }

  /** As it would be after the change. */
  preview(change: PoolChange, now: number): PoolReading | Refusal {
    const settings = changedSettings(this.#settings(), change)
    return unfit(settings, this.#ceiling(settings)) ?? this.#read(settings, now)
  }

  #read(settings: PoolSettings, now: number): PoolReading {
    return this.#transact(() => {
      const ceiling = this.#ceiling(settings)
      const tokensLastMinute = lastMinute(this.#meter(), now)
      const thresholds = Object.fromEntries(planNames.map((plan) => [plan, thresholdOf(settings, plan)]))
      return {
        id: this.#id,
        ceiling,
        thresholds: thresholds as PoolReading['thresholds'],
        floors: settings.floors,
        desks: read(this.#pool('tokens', settings), now).desks,
        learning: this.#learning(now),
        tokensLastMinute,
        units: {
          // P6: a meter that under-counts is not trusted over what the calls are known to take, nor the other way about.
          tokens: this.#unit('tokens', settings, ceiling.tokensPerMinute, tokensLastMinute, now),
          sessions: this.#unit('sessions', settings, ceiling.sessions, 0, now),
        },
      }
    })
  }

  #settings(): PoolSettings {
    const json = this.#sql('SELECT json FROM pool WHERE id = ?', this.#id)[0]?.['json']
    return typeof json === 'string' ? (JSON.parse(json) as PoolSettings) : plainSettings
  }

  #ceiling(settings: PoolSettings): Ceiling {
    return settings.ceiling ?? this.#own
  }

  #unit(unit: Unit, settings: PoolSettings, ceiling: number | null, measured: number, now: number): UnitReading {
    const { has, wants, granted, kept } = read(this.#pool(unit, settings), now)
    const use = ceiling === null ? null : Math.max(has, measured) / Math.max(1, ceiling)
    const left = (plan: PlanName): number | null =>
      ceiling === null ? null : Math.max(0, Math.floor(ceiling * thresholdOf(settings, plan)) - granted - kept)
    const room = Object.fromEntries(planNames.map((plan) => [plan, left(plan)])) as UnitReading['room']
    return { ceiling, has, wants, granted, kept, use, headroom: use === null ? null : Math.max(0, 1 - use), room }
  }

  /** A desk that heard another life of this pool tells that its store was lost (P10). */
  #listen({ epoch }: PoolAsk, now: number): void {
    const life = this.#roster('life')
    const born = life.get('born') ?? now
    life.set('born', born)
    if (epoch !== null && epoch !== born && life.get('learning') === undefined) life.set('learning', now + learningMs)
  }

  #learning(now: number): boolean {
    return (this.#roster('life').get('learning') ?? 0) > now
  }

  /** What a desk has debited since its last word; its first word says only where it stands. */
  #measure(desk: string, { debited }: PoolAsk, now: number): void {
    const counted = this.#roster('counted')
    const more = debited - (counted.get(desk) ?? debited)
    counted.set(desk, debited)
    if (more > 0) note(this.#meter(), more, now)
  }

  #meter(): { tokens: SqlRoster; slots: SqlRoster } {
    return { tokens: this.#roster('meter:tokens'), slots: this.#roster('meter:slots') }
  }

  #risen(desks: readonly string[], settings: PoolSettings): Word[] {
    return unique(desks).map((desk) => ({ desk, grant: this.#grant(desk, settings) }))
  }

  #grant(desk: string, settings: PoolSettings): PoolGrant {
    const [tokens, sessions] = units.map((unit) => granted(this.#pool(unit, settings), desk))
    return { epoch: this.#roster('life').get('born') ?? 0, tokens, sessions } as PoolGrant
  }

  #terms(unit: Unit, settings: PoolSettings, now: number): Terms {
    const { tokensPerMinute, sessions } = this.#ceiling(settings)
    const ceiling = (unit === 'tokens' ? tokensPerMinute : sessions) ?? unbounded
    return { now, ttlMs: leaseTtlMs, ceiling, learning: this.#learning(now) }
  }

  #pool(unit: Unit, settings: PoolSettings): Pool {
    const roster = (name: string): SqlRoster => this.#roster(`${unit}:${name}`)
    return {
      has: roster('has'),
      wants: roster('wants'),
      grants: roster('grants'),
      untils: roster('untils'),
      versions: roster('versions'),
      blocks: roster('blocks'),
      weights: roster('weights'),
      floors: roster('floors'),
      kept: roster('kept'),
      owed: roster('owed'),
      ranks: roster('ranks'),
      tiers: planNames.map((plan) => ({ threshold: thresholdOf(settings, plan), hungry: roster(`hungry:${plan}`) })),
    }
  }

  #roster(name: string): SqlRoster {
    return new SqlRoster(this.#sql, name)
  }
}

function unique(desks: readonly string[]): string[] {
  return [...new Set(desks)]
}
