// A pool, its meter and the desks' holdings under random commands, with what must hold after each step checked beside them. Knows no home.
import { expect } from 'vitest'
import { ask, held, take, unanswered, type Grant, type Holding } from '../../src/grant.ts'
import { note, taken, type Meter } from '../../src/meter.ts'
import { granted, read, refill, reserve, share, type Pool, type Terms } from '../../src/pool.ts'
import type { Roster } from '../../src/roster.ts'
import { answerMs, desks, poolCommand, thresholds, ttlMs, type DeskId, type PoolCommand } from './pool-commands.ts'
import { checkShares, checkUntouched, snapshot } from './pool-laws.ts'
import { NaivePool } from './pool-naive.ts'
import type { Home } from './roster.ts'
import { streams, type Subject } from './told.ts'

export function poolContract(name: string, home: Home, steps: number): void {
  const to = 'a pool and its desks'
  streams(name, home, steps, {
    to,
    command: poolCommand,
    rules: (open) => new RuledPool(open),
    naive: () => new NaivePool(),
  })
}

class RuledPool implements Subject<PoolCommand> {
  #now = 1_000_000
  #ceiling = 100
  #asks = 0
  readonly #pool: Pool
  readonly #meter: Meter
  readonly #holding: Holding
  readonly #askedAt = new Map<DeskId, number>()
  /** What the pool has ever said to each. */
  readonly #said = new Map<DeskId, Grant[]>()

  constructor(open: (name: string) => Roster) {
    this.#pool = {
      has: open('has'),
      wants: open('wants'),
      grants: open('grants'),
      untils: open('untils'),
      versions: open('versions'),
      blocks: open('blocks'),
      weights: open('weights'),
      floors: open('floors'),
      kept: open('kept'),
      owed: open('owed'),
      slack: open('slack'),
      ranks: open('ranks'),
      asks: open('asks'),
      tiers: thresholds.map((threshold, tier) => ({ threshold, hungry: open(`hungry ${tier}`) })),
    }
    this.#meter = { amounts: open('tokens'), slots: open('slots'), stepMs: 1_000, forMs: 60_000 }
    this.#holding = { amounts: open('amounts'), untils: open('held'), versions: open('taken'), asked: open('asked') }
  }

  take(command: PoolCommand): unknown {
    if (command.do === 'pass') return (this.#now += command.ms) // nobody looks, so that nothing is swept by looking
    return { answer: this.#answer(command), after: this.#reading() }
  }

  state(): unknown {
    return this.#reading()
  }

  #answer(command: PoolCommand): unknown {
    switch (command.do) {
      case 'share':
        return this.#share(command)
      case 'refill': {
        this.#ceiling = command.ceiling
        const before = snapshot(this.#pool, this.#now)
        const risen = refill(this.#pool, this.#terms(command.learning)) as DeskId[]
        checkShares(this.#pool, before, { ...command, asking: undefined, risen })
        this.#say(risen)
        return risen
      }
      case 'reserve':
        return reserve(this.#pool, command.desk, command.floor)
      case 'note':
        return note(this.#meter, command.tokens, this.#now)
      case 'ask': {
        const before = held(this.#holding, command.desk, this.#now)
        ask(this.#holding, command.desk, command.has, { now: this.#now, answerMs })
        this.#askedAt.set(command.desk, this.#now)
        expect(held(this.#holding, command.desk, this.#now)).toBe(Math.min(before, command.has)) // P2: asking gives nothing
        return undefined
      }
      case 'take':
        return this.#hear(command)
      case 'unanswered':
        return unanswered(this.#holding, command.desk)
      default:
        return undefined
    }
  }

  #share({ desk, has, more, had, block, weight, tier, learning, late }: PoolCommand & { do: 'share' }): unknown {
    const before = snapshot(this.#pool, this.#now)
    const overtaken = late && (this.#pool.asks.get(desk) ?? 0) > 0
    const busy = has > 0 || had
    const told = { number: late ? 0 : ++this.#asks, has, wants: has + more, busy, block, weight, tier }
    const { grant, risen, idle } = share(this.#pool, desk, told, this.#terms(learning))
    expect(grant).toEqual(granted(this.#pool, desk))
    if (overtaken) {
      checkUntouched(this.#pool, before)
      return { grant, risen, idle }
    }
    expect(this.#pool.untils.get(desk)).toBe(told.wants === 0 && !busy ? undefined : this.#now + ttlMs) // P9: who is idle holds nothing
    checkShares(this.#pool, before, {
      asking: { desk, busy },
      risen: risen as DeskId[],
      ceiling: this.#ceiling,
      learning,
    })
    this.#say([desk, ...(risen as DeskId[])])
    return { grant, risen, idle }
  }

  #hear({ desk, before, as }: PoolCommand & { do: 'take' }): boolean | null {
    const grant = this.#said.get(desk)?.at(-1 - before)
    if (grant === undefined) return null
    const [version, holds] = [this.#holding.versions.get(desk) ?? 0, held(this.#holding, desk, this.#now)]
    const until = (this.#askedAt.get(desk) ?? this.#now) + ttlMs
    const taken = take(this.#holding, desk, grant, as, { now: this.#now, until })
    const now = held(this.#holding, desk, this.#now)
    expect(now).toBe(taken ? (until > this.#now ? grant.amount : 0) : holds)
    expect(this.#holding.versions.get(desk) ?? 0).toBe(taken ? grant.version : version)
    if (taken) expect(grant.version).toBeGreaterThan(version) // P1: never back
    return taken
  }

  #say(changed: readonly DeskId[]): void {
    for (const desk of changed) this.#said.set(desk, [...(this.#said.get(desk) ?? []), granted(this.#pool, desk)])
  }

  #terms(learning: boolean): Terms {
    return { now: this.#now, ttlMs, ceiling: this.#ceiling, learning }
  }

  #reading(): unknown {
    return {
      pool: read(this.#pool, this.#now),
      grants: desks.map((desk) => granted(this.#pool, desk)),
      held: desks.map((desk) => held(this.#holding, desk, this.#now)),
      lastMinute: taken(this.#meter, this.#now),
    }
  }
}
