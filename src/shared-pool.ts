// One upstream quota: its shares in both units, its meter, its life; each step one transaction of whatever it is kept in. Knows no home and no
// host. Compiled for Redis as it stands (tools/lua). Rules P1, P6, P9, P10.
import { leaseTtlMs, learningMs } from './limits.ts'
import { note, taken, type Meter } from './meter.ts'
import { planNames, plans } from './plan.ts'
import {
  granted,
  overtaken,
  read,
  refill,
  reserve,
  share,
  slacking,
  units,
  type Pool,
  type Reading,
  type Terms,
} from './pool.ts'
import { thresholdOf, type PoolSettings } from './pool-terms.ts'
import type { PoolAsk, PoolGrant, Unit } from './ports.ts'
import type { Roster, Rosters } from './roster.ts'
import type { Ceiling } from './upstream.ts'

/** Where there is no ceiling: more than any pool has, and exact in every home. */
const unbounded = 1e13

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

export interface PoolFigures {
  learning: boolean
  tokensLastMinute: number
  units: Record<Unit, Reading>
}

export class SharedPool {
  readonly #own: Ceiling
  readonly #open: Rosters

  /** `own`: the ceiling that the upstream comes with. `open`: rosters by name. */
  constructor(own: Ceiling, open: Rosters) {
    this.#own = own
    this.#open = open
  }

  /** Takes a desk's word, and says what it may use, and whose grants rose by it. */
  share(desk: string, ask: PoolAsk, settings: PoolSettings, now: number): { grant: PoolGrant } & Words {
    if (!overtaken(this.#pool('tokens', settings), desk, ask.number)) {
      this.#listen(ask, now)
      this.#measure(desk, ask, now)
    }
    const { number, plan, busy } = ask
    const { weight } = plans[plan]
    const tier = planNames.indexOf(plan)
    const shares = units.map((unit) => {
      const { has, wants } = ask.needs[unit]
      const told = { number, has, wants, busy, block: unit === 'tokens' ? ask.block : 1, weight, tier }
      return share(this.#pool(unit, settings), desk, told, this.#terms(unit, settings, now))
    })
    const risen = unique(shares.flatMap((one) => one.risen))
    const idle = unique(shares.flatMap((one) => one.idle))
    return { grant: this.#grant(desk, settings), risen: this.#words(risen, settings), idle }
  }

  /** Other settings are in force: what there is more of goes to those who wait. */
  refill(before: PoolSettings, settings: PoolSettings, now: number): Words {
    const risen = units.flatMap((unit) => {
      const pool = this.#pool(unit, settings)
      for (const desk of unique([...Object.keys(before.floors), ...Object.keys(settings.floors)])) {
        const floor = settings.floors[desk]
        const amount = unit === 'tokens' ? floor?.tokensPerMinute : floor?.sessions
        reserve(pool, desk, amount ?? 0)
      }
      return refill(pool, this.#terms(unit, settings, now))
    })
    const idle = unique(units.flatMap((unit) => slacking(this.#pool(unit, settings))))
    return { risen: this.#words(unique(risen), settings), idle }
  }

  figures(settings: PoolSettings, now: number): PoolFigures {
    const tokensLastMinute = taken(this.#meter(), now)
    const [tokens, sessions] = [this.#pool('tokens', settings), this.#pool('sessions', settings)]
    const units = { tokens: read(tokens, now), sessions: read(sessions, now) }
    return { learning: this.#learning(now), tokensLastMinute, units }
  }

  /** A desk that heard another life of this pool tells that its store was lost (P10). */
  #listen({ epoch }: PoolAsk, now: number): void {
    const life = this.#open('life')
    const born = life.get('born') ?? now
    life.set('born', born)
    if (epoch !== null && epoch !== born && life.get('learning') === undefined) life.set('learning', now + learningMs)
  }

  /**
   * Nobody was heard for a while, and shares ran out unheard: newcomers get nothing until the desks have said what they hold (P10). Theirs ran
   * out as well: what a desk hears with a heartbeat of its calls the pool hears with the next beat of the desk.
   */
  learn(now: number): void {
    if (units.some((unit) => this.#open(`${unit}:untils`).size() > 0))
      this.#open('life').set('learning', now + 2 * learningMs)
  }

  #learning(now: number): boolean {
    return (this.#open('life').get('learning') ?? 0) > now
  }

  /** What a desk has debited since its last word; its first word says only where it stands. */
  #measure(desk: string, { debited }: PoolAsk, now: number): void {
    const counted = this.#open('counted')
    const more = debited - (counted.get(desk) ?? debited)
    counted.set(desk, debited)
    if (more > 0) note(this.#meter(), more, now)
  }

  #meter(): Meter {
    return { amounts: this.#open('meter:tokens'), slots: this.#open('meter:slots'), stepMs: 1_000, forMs: 60_000 }
  }

  #words(desks: readonly string[], settings: PoolSettings): Word[] {
    return desks.map((desk) => ({ desk, grant: this.#grant(desk, settings) }))
  }

  #grant(desk: string, settings: PoolSettings): PoolGrant {
    const [tokens, sessions] = [this.#pool('tokens', settings), this.#pool('sessions', settings)]
    const epoch = this.#open('life').get('born') ?? 0
    return { epoch, ttlMs: leaseTtlMs, tokens: granted(tokens, desk), sessions: granted(sessions, desk) }
  }

  #terms(unit: Unit, settings: PoolSettings, now: number): Terms {
    const { tokensPerMinute, sessions } = settings.ceiling ?? this.#own
    const ceiling = (unit === 'tokens' ? tokensPerMinute : sessions) ?? unbounded
    return { now, ttlMs: leaseTtlMs, ceiling, learning: this.#learning(now) }
  }

  #pool(unit: Unit, settings: PoolSettings): Pool {
    const roster = (name: string): Roster => this.#open(`${unit}:${name}`)
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
      slack: roster('slack'),
      ranks: roster('ranks'),
      asks: roster('asks'),
      tiers: planNames.map((plan) => ({ threshold: thresholdOf(settings, plan), hungry: roster(`hungry:${plan}`) })),
    }
  }
}

function unique(desks: readonly string[]): string[] {
  return [...new Set(desks)]
}
