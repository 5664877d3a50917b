// A pool of any home beside one over SQL under random commands: both tell the same story. Knows no home.
import * as fc from 'fast-check'
import { expect } from 'vitest'
import type { RedisPool } from '../../broker/redis/pool.ts'
import { poolSeries } from '../../src/pool-series.ts'
import { PoolChange } from '../../src/pool-settings.ts'
import { planNames } from '../../src/plan.ts'
import type { PoolAsk } from '../../src/ports.ts'
import { SqlPool } from '../../src/sql-pool.ts'
import { seed } from '../contract/seed.ts'
import { openSqlite } from './sqlite.ts'

export const own = { tokensPerMinute: 100_000, sessions: 12 }
const start = Date.parse('2026-11-30T23:50:00.000Z')
const streamLength = 100

export interface TimedPool {
  pool: RedisPool
  at: (now: number) => Promise<unknown>
}

type Command =
  | {
      do: 'share'
      desk: string
      live: number
      waiting: number
      load: number
      ask: Omit<PoolAsk, 'needs' | 'number'>
      late: boolean
    }
  | { do: 'change' | 'preview'; change: PoolChange }
  | { do: 'read' }
  | { do: 'pass'; ms: number }

const desks = ['ten_a', 'ten_b', 'ten_c', 'ten_d'] as const
const floor = fc.record({ tokensPerMinute: fc.constantFrom(0, 6_000, 30_000), sessions: fc.constantFrom(0, 1, 7) })
const change: fc.Arbitrary<PoolChange> = fc.oneof(
  fc.record({
    ceiling: fc.constantFrom(
      null,
      { tokensPerMinute: null, sessions: 5 },
      { tokensPerMinute: 50_000, sessions: null },
      { tokensPerMinute: 0, sessions: 0 },
    ),
  }),
  fc.record({ thresholds: fc.constantFrom({}, { trial: 0.333 }, { scale: 1.1, starter: 0 }) }),
  fc.record({ floors: fc.dictionary(fc.constantFrom(...desks), floor, { maxKeys: 3, noNullPrototype: true }) }),
)
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('share' as const),
      desk: fc.constantFrom(...desks),
      live: fc.constantFrom(0, 0, 1, 2, 5),
      waiting: fc.constantFrom(0, 0, 1, 3, 20),
      load: fc.constantFrom(6_000, 6_000, 7_001, 333),
      ask: fc.record({
        plan: fc.constantFrom(...planNames),
        busy: fc.boolean(),
        block: fc.constantFrom(1_000, 333, 6_000, 9_999),
        debited: fc.constantFrom(0, 100, 5_000, 70_000),
        epoch: fc.constantFrom(null, start, start, start, 1),
      }),
      late: fc.constantFrom(false, false, false, true),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('change' as const, 'preview' as const), change }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('read' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(0, 1, 999, 5_000, 12_500, 30_000, 60_000),
    }),
  },
)

/** Streams of a hundred commands, each on a fresh pool of the home. Returns how many were taken. */
export async function poolStreams(open: (run: number) => TimedPool, steps: number): Promise<number> {
  let run = 0
  const stream = fc.array(command, { minLength: streamLength, maxLength: streamLength })
  await fc.assert(
    fc.asyncProperty(stream, async (commands) => {
      const store = openSqlite()
      SqlPool.prepare(store.sql)
      const [sql, other] = [new SqlPool('openai', own, store.sql, store.transact), open(run++)]
      const beside = new Beside(sql, other)
      try {
        for (const command of commands) await beside.take(command)
      } finally {
        store.close()
      }
    }),
    { seed, numRuns: Math.ceil(steps / streamLength), endOnFailure: true },
  )
  return run * streamLength
}

class Beside {
  #now = start
  #number = 1
  readonly #sql: SqlPool
  readonly #other: TimedPool

  constructor(sql: SqlPool, other: TimedPool) {
    this.#sql = sql
    this.#other = other
  }

  async take(command: Command): Promise<void> {
    const [sql, { pool, at }] = [this.#sql, this.#other]
    if (command.do === 'pass') this.#now += command.ms
    await at(this.#now)
    if (command.do === 'share') {
      const { desk, live, waiting, load } = command
      const unit = (size: number) => ({ has: live * size, wants: (live + waiting) * size })
      const number = command.late ? this.#number - 1 : ++this.#number
      const ask = { ...command.ask, number, needs: { tokens: unit(load), sessions: unit(1) } }
      expect(await pool.share(desk, ask), JSON.stringify(command)).toEqual(sql.share(desk, ask, this.#now))
    } else if (command.do === 'change') {
      expect(await pool.change(command.change)).toEqual(sql.change(command.change, this.#now))
    } else if (command.do === 'preview') {
      expect(await pool.preview(command.change)).toEqual(sql.preview(command.change, this.#now))
    }
    const reading = sql.read(this.#now)
    expect(await pool.read(), JSON.stringify(command)).toEqual(reading)
    if (command.do === 'read') expect(await pool.series()).toEqual(poolSeries(reading))
  }
}
