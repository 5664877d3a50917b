// One upstream quota over SQL: what desks are given in both units, what an operator may set, what is read of it. On node:sqlite.
import { beforeEach, expect, test } from 'vitest'
import type { Needs } from '../../src/gate.ts'
import { learningMs, leaseTtlMs } from '../../src/limits.ts'
import { PoolChange } from '../../src/pool-settings.ts'
import { poolSeries } from '../../src/pool-series.ts'
import type { PoolAsk } from '../../src/ports.ts'
import { SqlPoolSteps } from '../../src/sql-pool-steps.ts'
import { SqlPool } from '../../src/sql-pool.ts'
import { openSqlite, type Store } from '../stores/sqlite.ts'

const start = 1_000_000
const own = { tokensPerMinute: 100_000, sessions: 10 }
let store: Store
let pool: SqlPool

beforeEach(() => {
  store = openSqlite()
  pool = newPool(store)
  return () => store.close()
})

function newPool({ sql, transact }: Store): SqlPool {
  SqlPool.prepare(sql)
  return new SqlPool('openai', own, sql, transact)
}

/** So many live calls and so many that wait, of 6,000 tokens a minute each. */
function needs(live: number, waiting: number): Needs {
  const unit = (size: number): { has: number; wants: number } => ({ has: live * size, wants: (live + waiting) * size })
  return { tokens: unit(6_000), sessions: unit(1) }
}

function ask(live: number, waiting: number, own: Partial<PoolAsk> = {}): PoolAsk {
  return {
    number: 0,
    plan: 'scale',
    needs: needs(live, waiting),
    busy: live > 0,
    block: 6_000,
    debited: 0,
    epoch: null,
    ...own,
  }
}

/** The desks whose grants rose by it, or why it is refused. */
function change(body: unknown, now = start): unknown {
  const words = pool.change(PoolChange.parse(body), now)
  return 'why' in words ? words : words.risen
}
const problems = (body: unknown): string => {
  const { error } = PoolChange.safeParse(body)
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') ?? ''
}

test('[P1] a desk gets what both ceilings leave, each in its own unit', () => {
  const { grant } = pool.share('a', ask(0, 50), start)
  expect([grant.tokens.amount, grant.sessions.amount]).toEqual([16 * 6_000, 10])
  expect(pool.share('b', ask(0, 1), start).grant.sessions.amount).toBe(0)
})

test('[P2] trial waits before starter, starter before growth, and scale enters last', () => {
  const most = (['trial', 'starter', 'growth', 'scale'] as const).map((plan) => {
    const alone = openSqlite()
    const { grant } = newPool(alone).share('a', ask(0, 50, { plan }), start)
    alone.close()
    return grant.sessions.amount
  })
  expect(most).toEqual([7, 8, 8, 10]) // 0.85 of 10 sessions is 8 and a half
})

test('[P2] a floor is kept for its tenant in both units, whether it calls or not', () => {
  change({ floors: { ten_big: { tokensPerMinute: 30_000, sessions: 4 } } })
  expect(pool.share('ten_a', ask(0, 50), start).grant).toMatchObject({
    tokens: { amount: 66_000 },
    sessions: { amount: 6 },
  })
  expect(pool.share('ten_big', ask(0, 5), start).grant).toMatchObject({
    tokens: { amount: 30_000 },
    sessions: { amount: 4 },
  })
  expect(pool.read(start).floors).toEqual({ ten_big: { tokensPerMinute: 30_000, sessions: 4 } })
})

test('[P2] a floor that is taken away, and a ceiling that rises, give those who wait what is there now', () => {
  change({ floors: { ten_big: { sessions: 4 } } })
  pool.share('ten_a', ask(0, 50), start)
  expect(change({ floors: {} })).toMatchObject([{ desk: 'ten_a', grant: { sessions: { amount: 10 } } }])
  expect(change({ ceiling: { tokensPerMinute: null, sessions: 12 } })).toMatchObject([
    { desk: 'ten_a', grant: { sessions: { amount: 12 }, tokens: { amount: 300_000 } } },
  ])
})

test('[P2] a ceiling that is lowered takes nothing from anybody, and gives nothing until it is under it', () => {
  pool.share('ten_a', ask(0, 8), start)
  pool.share('ten_a', ask(8, 0), start)
  change({ ceiling: { tokensPerMinute: 12_000, sessions: null } })
  expect(pool.share('ten_a', ask(8, 4), start).grant.tokens.amount).toBe(48_000)
  expect(pool.share('ten_a', ask(1, 4), start).grant.tokens.amount).toBe(12_000)
  change({ ceiling: null })
  expect(pool.read(start).ceiling).toEqual({ tokensPerMinute: 100_000, sessions: 10 })
})

test('[P2] thresholds are the plans’ own until an operator sets them', () => {
  expect(pool.read(start).thresholds).toEqual({ trial: 0.7, starter: 0.8, growth: 0.85, scale: 1 })
  change({ thresholds: { starter: 1 } })
  expect(pool.read(start).thresholds).toMatchObject({ starter: 1, scale: 1 })
  change({ thresholds: { scale: 1.1 } })
  expect(pool.read(start).thresholds).toMatchObject({ starter: 0.8, scale: 1.1 }) // set as a whole
  expect(pool.share('ten_a', ask(0, 50), start).grant.sessions.amount).toBe(11)
})

test.each([
  [{ thresholds: { scale: 1.2 } }, 'thresholds.scale'],
  [{ thresholds: { scale: -0.1 } }, 'thresholds.scale'],
  [{ thresholds: { starter: 1.05 } }, 'thresholds.starter: is above 1, which is for plans with a reserved share alone'],
  [{ thresholds: { gold: 0.5 } }, 'thresholds'],
  [{ ceiling: { tokensPerMinute: -1, sessions: null } }, 'ceiling.tokensPerMinute'],
  [{ ceiling: { tokensPerMinute: 2.5, sessions: null } }, 'ceiling.tokensPerMinute'],
  [{ ceiling: { tokensPerMinute: 5 } }, 'ceiling.sessions'],
  [{ floors: { acme: {} } }, 'floors.acme: is no id of a tenant ("ten_…")'],
  [{ floors: { ten_a: { sessions: 1e9 } } }, 'floors.ten_a.sessions'],
  [{ roof: 1 }, 'roof'],
])('[A2] %j is refused, and the answer names the field', (body, named) => {
  expect(problems(body)).toContain(named)
})

test('[P2] floors that come to more than the ceiling cannot be kept, and nothing is changed', () => {
  const floors = { ten_a: { sessions: 6 }, ten_b: { sessions: 5 } }
  const problems = 'floors: sessions come to 11, above the ceiling of 10'
  const refusal = { why: 'body_invalid', details: { problems, param: 'floors' } }
  expect(change({ floors })).toEqual(refusal)
  expect(pool.preview(PoolChange.parse({ floors }), start)).toEqual(refusal)
  expect(pool.read(start).floors).toEqual({})
  expect(change({ floors, ceiling: { tokensPerMinute: null, sessions: 11 } })).toEqual([])
})

test('[P2] a preview is the reading that the change then brings, and changes nothing itself', () => {
  pool.share('ten_a', ask(2, 0), start)
  const body = PoolChange.parse({ thresholds: { trial: 0.1 }, ceiling: { tokensPerMinute: 50_000, sessions: null } })
  const [before, preview] = [pool.read(start), pool.preview(body, start)]
  expect(pool.read(start)).toEqual(before)
  pool.change(body, start)
  expect(pool.read(start)).toEqual(preview)
})

test('[P6] use is the more of what calls have and what was measured; headroom is what is left, never below 0', () => {
  pool.share('ten_a', ask(2, 0), start)
  expect(pool.read(start).units.tokens).toMatchObject({ ceiling: 100_000, has: 12_000, use: 0.12, headroom: 0.88 })
  pool.share('ten_a', ask(2, 0, { debited: 50_000 }), start + 1)
  expect(pool.read(start + 1)).toMatchObject({ tokensLastMinute: 50_000, units: { tokens: { use: 0.5 } } })
  pool.share('ten_a', ask(2, 0, { debited: 50_000 }), start + 2)
  expect(pool.read(start + 2).tokensLastMinute).toBe(50_000) // told twice, counted once
  pool.share('ten_a', ask(40, 0, { debited: 50_000 }), start + 3)
  expect(pool.read(start + 3).units).toMatchObject({ tokens: { headroom: 0 }, sessions: { use: 4, headroom: 0 } })
})

test('[P6] a desk that counts anew takes nothing from what was measured', () => {
  pool.share('ten_a', ask(1, 0, { debited: 0 }), start)
  pool.share('ten_a', ask(1, 0, { debited: 9_000 }), start)
  pool.share('ten_a', ask(1, 0, { debited: 0 }), start)
  expect(pool.read(start).tokensLastMinute).toBe(9_000)
  pool.share('ten_a', ask(1, 0, { debited: 500 }), start)
  expect(pool.read(start).tokensLastMinute).toBe(9_500)
})

test('[P6] what a desk had debited before the pool heard of it is not of the last minute', () => {
  pool.share('ten_a', ask(1, 0, { debited: 1_000_000 }), start)
  expect(pool.read(start).tokensLastMinute).toBe(0)
})

test('[P1] a quota without a ceiling grants what is wanted, and has no use', () => {
  change({ ceiling: { tokensPerMinute: null, sessions: null } })
  expect(pool.share('ten_a', ask(0, 900, { plan: 'trial' }), start).grant.sessions.amount).toBe(900)
  expect(pool.read(start).units.sessions).toMatchObject({
    ceiling: null,
    use: null,
    headroom: null,
    room: { trial: null },
  })
})

test('[P2] the reading says what a new call of each plan would find', () => {
  pool.share('ten_a', ask(6, 0), start)
  expect(pool.read(start).units.sessions.room).toEqual({ trial: 0, starter: 1, growth: 1, scale: 3 }) // and one of slack
  change({ floors: { ten_big: { sessions: 2 } } })
  expect(pool.read(start).units.sessions.room).toEqual({ trial: 0, starter: 0, growth: 0, scale: 1 })
})

test('[P10] a pool whose store was lost grants nothing new until its desks have said what they hold', () => {
  const { grant } = pool.share('ten_a', ask(3, 0), start)
  const wiped = openSqlite()
  pool = newPool(wiped)
  const later = start + 60_000
  pool.share('ten_new', ask(0, 1), later) // nothing tells yet
  expect(pool.read(later).learning).toBe(false)
  const echo = pool.share('ten_a', ask(3, 2, { epoch: grant.epoch }), later + 1)
  expect(pool.read(later + 1).learning).toBe(true)
  expect(echo.grant.sessions.amount).toBe(3)
  expect(echo.grant.tokens.version).toBeGreaterThan(grant.tokens.version)
  expect(pool.share('ten_new', ask(0, 1), later + 2).grant.sessions.amount).toBe(0)
  // Said again it does not begin again.
  pool.share('ten_b', ask(1, 0, { epoch: grant.epoch }), later + 5_000)
  expect(pool.read(later + 1 + learningMs).learning).toBe(false)
  expect(
    pool.share('ten_a', ask(3, 2, { epoch: echo.grant.epoch }), later + 1 + learningMs).grant.sessions.amount,
  ).toBe(6) // and one of slack
  wiped.close()
})

test('[P9] where a desk is left hungry, and where a ceiling changes, those who hold more than they want are asked to speak', () => {
  pool.share('ten_a', ask(5, 0), start)
  expect(pool.share('ten_b', ask(0, 4), start).idle).toEqual([])
  expect(pool.share('ten_c', ask(0, 1), start).idle).toEqual(['ten_a'])
  expect(pool.share('ten_a', ask(5, 0), start).risen).toMatchObject([
    { desk: 'ten_c', grant: { sessions: { amount: 1 } } },
  ])
  pool.share('ten_b', ask(4, 0), start)
  pool.share('ten_c', ask(0, 0), start)
  pool.share('ten_a', ask(5, 0), start)
  expect(pool.change(PoolChange.parse({ ceiling: { tokensPerMinute: null, sessions: 5 } }), start)).toMatchObject({
    risen: [],
    idle: ['ten_b', 'ten_a'], // b holds tokens for one call more
  })
})

test('[P9] a desk that wants nothing holds nothing and is not counted', () => {
  pool.share('ten_a', ask(3, 0), start)
  expect(pool.share('ten_a', ask(0, 0), start).grant).toMatchObject({ sessions: { amount: 0 }, tokens: { amount: 0 } })
  expect(pool.read(start)).toMatchObject({ desks: 0, units: { tokens: { granted: 0 }, sessions: { granted: 0 } } })
})

test('[P10] after a silence in which shares ran out a pool learns for as long as a call takes to tell its desk, and its desk to tell the pool', () => {
  pool.share('ten_a', ask(9, 0), start)
  const later = start + 10 * leaseTtlMs
  pool.learn(later)
  expect(pool.share('ten_b', ask(0, 4), later).grant.sessions.amount).toBe(0)
  expect(pool.share('ten_a', ask(6, 0), later + learningMs).grant.sessions.amount).toBe(6) // three of its calls are not heard yet
  expect(pool.share('ten_b', ask(0, 4), later + 2 * learningMs - 1).grant.sessions.amount).toBe(0)
  expect(pool.share('ten_a', ask(9, 0), later + 2 * learningMs - 1).grant.sessions.amount).toBe(9)
  expect(pool.share('ten_b', ask(0, 4), later + 2 * learningMs).grant.sessions.amount).toBe(1)
})

test('[P10] a silence in which nobody had a share is none', () => {
  pool.learn(start)
  expect(pool.share('ten_a', ask(0, 1), start).grant.sessions.amount).toBe(1)
  pool.learn(start + 1) // it was heard just now
  expect(pool.share('ten_b', ask(0, 1), start + 1).grant.sessions.amount).toBe(1)
})

test('[P10] after a silence the first step of a pool, whatever it is, finds it', () => {
  const { sql, transact, close } = openSqlite()
  let now = start
  const steps = new SqlPoolSteps('openai', own, sql, transact, { now: () => now, after: () => () => undefined })
  steps.share('ten_a', ask(9, 0))
  now += leaseTtlMs + 1
  steps.read()
  expect(steps.share('ten_b', ask(0, 4)).grant.sessions.amount).toBe(0)
  now += 2 * leaseTtlMs
  const mine = new SqlPoolSteps('openai', own, sql, transact, { now: () => now, after: () => () => undefined })
  mine.hear() // what was shared was shared with another life's calls
  expect(mine.share('ten_b', ask(0, 4)).grant.sessions.amount).toBe(4)
  close()
})

test('[P10] a new pool has nothing to learn', () => {
  expect(pool.share('ten_a', ask(0, 1), start).grant.sessions.amount).toBe(1)
  expect(pool.read(start).learning).toBe(false)
})

test('[P9] what a desk does not use comes back with its word, or when it is not heard, and who rises is named', () => {
  pool.share('ten_a', ask(0, 10), start)
  pool.share('ten_b', ask(0, 4), start)
  expect(pool.share('ten_a', ask(7, 0), start + 1).risen).toMatchObject([
    { desk: 'ten_b', grant: { sessions: { amount: 3 } } },
  ])
  expect(pool.share('ten_b', ask(3, 9), start + leaseTtlMs + 1).grant.sessions.amount).toBe(10)
})

test('[M1] its figures are series of the catalogue; a unit without a ceiling shows none', () => {
  change({ ceiling: { tokensPerMinute: 100_000, sessions: null } })
  pool.share('ten_a', ask(7, 2), start)
  expect(poolSeries(pool.read(start))).toEqual({
    'trunkline_pool_ceiling{"pool":"openai","unit":"tokens"}': 100_000,
    'trunkline_pool_has{"pool":"openai","unit":"tokens"}': 42_000,
    'trunkline_pool_wants{"pool":"openai","unit":"tokens"}': 54_000,
    'trunkline_pool_granted{"pool":"openai","unit":"tokens"}': 60_000,
    'trunkline_pool_use_ratio{"pool":"openai","unit":"tokens"}': 0.42,
    'trunkline_pool_headroom_ratio{"pool":"openai","unit":"tokens"}': 0.5800000000000001,
    'trunkline_pool_tokens_last_minute{"pool":"openai"}': 0,
    'trunkline_pool_desks{"pool":"openai"}': 1,
  })
})

test('[P6] an ask that comes late is not measured: what was debited since is measured once', () => {
  pool.share('a', ask(1, 0, { number: 1 }), start)
  pool.share('a', ask(1, 0, { number: 3, debited: 5_000 }), start)
  pool.share('a', ask(1, 0, { number: 2, debited: 2_000 }), start)
  pool.share('a', ask(1, 0, { number: 4, debited: 5_000 }), start)
  expect(pool.read(start).tokensLastMinute).toBe(5_000)
})
