// The pool's shares: who gets what of one quota, and what nobody may take from another.
import { expect, test } from 'vitest'
import { granted, read, refill, reserve, share, type Ask, type Pool } from '../../src/pool.ts'
import { MapRoster } from '../../src/roster-map.ts'
import { poolContract } from '../contract/pool-streams.ts'

const ttlMs = 30_000
const tiers = { trial: 0, starter: 1, growth: 2, scale: 3 } as const

const roster = (): MapRoster => new MapRoster()

function newPool(): Pool {
  return {
    has: roster(),
    wants: roster(),
    grants: roster(),
    untils: roster(),
    versions: roster(),
    blocks: roster(),
    weights: roster(),
    floors: roster(),
    kept: roster(),
    owed: roster(),
    slack: roster(),
    ranks: roster(),
    asks: roster(),
    tiers: [0.7, 0.8, 0.85, 1].map((threshold) => ({ threshold, hungry: roster() })),
  }
}

function ask(has: number, wants: number, more: Partial<Ask> = {}): Ask {
  return { number: 0, has, wants, busy: has > 0, block: 10, weight: 1, tier: tiers.scale, ...more }
}

function terms(now = 0, more: { ceiling?: number; learning?: boolean } = {}): Parameters<typeof share>[3] {
  return { now, ttlMs, ceiling: 1_000, learning: false, ...more }
}

test('[P1] a desk that is alone gets what it wants', () => {
  expect(share(newPool(), 'a', ask(0, 300), terms()).grant).toEqual({ amount: 300, version: 1 })
})

test('[P2] each plan is served up to its own threshold', () => {
  for (const [tier, most] of [
    [tiers.trial, 700],
    [tiers.starter, 800],
    [tiers.growth, 850],
    [tiers.scale, 1_000],
  ] as const) {
    expect(share(newPool(), 'a', ask(0, 5_000, { tier }), terms()).grant.amount).toBe(most)
  }
})

test('[P2] a grant is never below what the desk has, however full the pool', () => {
  const pool = newPool()
  share(pool, 'a', ask(0, 1_000), terms())
  expect(share(pool, 'b', ask(400, 400), terms()).grant.amount).toBe(400)
})

test('[P2] a reserved floor that is not used is kept back from all others, and is there when its owner comes', () => {
  const pool = newPool()
  reserve(pool, 'big', 300)
  expect(share(pool, 'a', ask(0, 5_000), terms()).grant.amount).toBe(700)
  expect(share(pool, 'big', ask(0, 300), terms()).grant.amount).toBe(300)
})

test('[P2] a floor that is lifted is free for others', () => {
  const pool = newPool()
  reserve(pool, 'big', 300)
  reserve(pool, 'big', 0)
  expect(share(pool, 'a', ask(0, 5_000), terms()).grant.amount).toBe(1_000)
})

test('[P9] a desk whose calls are over but for a moment may keep one of slack; with its next word it holds nothing', () => {
  const pool = newPool()
  expect(share(pool, 'a', ask(0, 0, { busy: true }), terms()).grant.amount).toBe(10)
  expect(read(pool, 0)).toMatchObject({ granted: 10, desks: 1 })
  expect(share(pool, 'a', ask(0, 0), terms()).grant.amount).toBe(0)
  expect(read(pool, 0)).toMatchObject({ granted: 0, desks: 0 })
})

test('[P9] a ceiling that changes gives out what those held who were not heard for a TTL', () => {
  const pool = newPool()
  share(pool, 'gone', ask(0, 1_000), terms())
  share(pool, 'waits', ask(0, 400), terms(ttlMs / 2))
  expect(refill(pool, terms(ttlMs, { ceiling: 900 }))).toEqual(['waits'])
  expect([granted(pool, 'waits').amount, read(pool, ttlMs).desks]).toEqual([400, 1])
})

test('[P1] the pool knows what its desks have and want, in sum, and forgets those that it does not hear', () => {
  const pool = newPool()
  share(pool, 'a', ask(100, 150), terms())
  share(pool, 'b', ask(20, 30), terms(1))
  expect(read(pool, 2)).toEqual({ has: 120, wants: 180, granted: 200, kept: 0, desks: 2 }) // a call of slack each
  expect(read(pool, ttlMs)).toEqual({ has: 20, wants: 30, granted: 40, kept: 0, desks: 1 })
  expect(read(pool, ttlMs + 1)).toEqual({ has: 0, wants: 0, granted: 0, kept: 0, desks: 0 })
  expect(pool.tiers.map(({ hungry }) => hungry.size())).toEqual([0, 0, 0, 0])
})

test('[P1] of a desk that was never heard nothing is granted', () => {
  expect(granted(newPool(), 'nobody')).toEqual({ amount: 0, version: 0 })
})

test('[P2] a floor that is raised for a desk that talks is kept back from then on, less what it has', () => {
  const pool = newPool()
  share(pool, 'big', ask(100, 100), terms(0, { ceiling: 0 }))
  reserve(pool, 'big', 300)
  expect(pool.kept.get('big')).toBe(200)
  expect(share(pool, 'a', ask(0, 5_000), terms()).grant.amount).toBe(700)
  expect(share(pool, 'big', ask(300, 300), terms()).grant.amount).toBe(300)
  expect(pool.kept.size()).toBe(0)
  reserve(pool, 'big', 0)
  reserve(pool, 'nobody', 0)
  expect(pool.kept.size()).toBe(0)
})

test('[P2] the floor of a desk that is gone stays reserved', () => {
  const pool = newPool()
  reserve(pool, 'big', 300)
  share(pool, 'big', ask(300, 300), terms())
  expect(share(pool, 'a', ask(0, 5_000), terms(ttlMs)).grant.amount).toBe(700)
  expect(pool.kept.get('big')).toBe(300)
})

test('[P2] a desk whose plan changes is served by its new threshold alone', () => {
  const pool = newPool()
  share(pool, 'a', ask(0, 5_000, { tier: tiers.scale }), terms(0, { ceiling: 0 }))
  expect(share(pool, 'a', ask(0, 5_000, { tier: tiers.trial }), terms()).grant.amount).toBe(700)
  expect(pool.tiers.map(({ hungry }) => hungry.size())).toEqual([1, 0, 0, 0])
})

test('[P5] over the plans, too, the next block goes where the least is', () => {
  const pool = newPool()
  share(pool, 'a', ask(0, 5_000, { tier: tiers.trial }), terms(0, { ceiling: 0 }))
  share(pool, 'b', ask(0, 5_000, { tier: tiers.scale }), terms(0, { ceiling: 0 }))
  expect(share(pool, 'c', ask(0, 5_000, { tier: tiers.growth }), terms(0, { ceiling: 600 })).risen).toEqual(['a', 'b'])
  // All three up to 420, then two up to 510, then one up to 600.
  expect(['a', 'b', 'c'].map((desk) => granted(pool, desk).amount)).toEqual([140, 270, 190])
})

test('[P5] capacity is given a call at a time, and never less than one token', () => {
  const pool = newPool()
  expect(share(pool, 'a', ask(0, 500, { block: 300 }), terms(0, { ceiling: 400 })).grant.amount).toBe(300)
  const none = newPool()
  expect(share(none, 'a', ask(0, 5, { block: 0 }), terms(0, { ceiling: 3 })).grant.amount).toBe(3)
})

test('[P5] equal desks that both want everything end with equal shares as calls end', () => {
  const pool = newPool()
  share(pool, 'a', ask(0, 5_000), terms())
  share(pool, 'b', ask(0, 5_000), terms())
  // Calls of the fuller desk end one by one; each time it says so, what frees goes where least is.
  for (let has = 1_000; has > 500; has -= 10) share(pool, 'a', ask(has - 10, 5_000), terms())
  expect(granted(pool, 'a').amount).toBe(500)
  expect(granted(pool, 'b').amount).toBe(500)
})

test('[P5] weights share in proportion', () => {
  const pool = newPool()
  share(pool, 'one', ask(0, 0), terms(0, { ceiling: 0 }))
  share(pool, 'one', ask(0, 5_000, { weight: 1 }), terms(0, { ceiling: 0 }))
  const { risen } = share(pool, 'four', ask(0, 5_000, { weight: 4 }), terms())
  expect(risen).toEqual(['one'])
  expect([granted(pool, 'one').amount, granted(pool, 'four').amount]).toEqual([200, 800])
})

test('[P5] a desk that asks for ten times its share takes nothing from the others', () => {
  const pool = newPool()
  for (const desk of ['a', 'b', 'c']) share(pool, desk, ask(0, 300), terms(0, { ceiling: 0 }))
  share(pool, 'greedy', ask(0, 3_000), terms())
  expect(['a', 'b', 'c', 'greedy'].map((desk) => granted(pool, desk).amount)).toEqual([250, 250, 250, 250])
})

test('[P9] what a desk does not use comes back with its next word, and those who rose are named', () => {
  const pool = newPool()
  share(pool, 'a', ask(0, 1_000), terms())
  share(pool, 'b', ask(0, 500), terms())
  const { grant, risen } = share(pool, 'a', ask(600, 600), terms())
  expect(grant.amount).toBe(600)
  expect(risen).toEqual(['b'])
  expect(granted(pool, 'b').amount).toBe(400)
})

test('[P9] a desk that was not heard for a TTL holds nothing; a busy one alone holds one call of slack', () => {
  const pool = newPool()
  share(pool, 'a', ask(0, 900), terms())
  expect(share(pool, 'b', ask(50, 50), terms(ttlMs)).grant.amount).toBe(60)
  expect(granted(pool, 'a').amount).toBe(0)
  expect(read(pool, ttlMs).desks).toBe(1)
})

test('[P9] who is left hungry has those asked who hold more than they want, and only who is', () => {
  const pool = newPool()
  share(pool, 'a', ask(500, 500), terms())
  share(pool, 'b', ask(0, 490), terms())
  expect(share(pool, 'b', ask(490, 490), terms()).idle).toEqual([])
  expect(share(pool, 'c', ask(0, 20), terms()).idle).toEqual(['a'])
  expect(share(pool, 'a', ask(500, 500), terms()).risen).toEqual(['c'])
})

test('[P9] an idle desk gets no slack', () => {
  expect(share(newPool(), 'a', ask(0, 0), terms()).grant.amount).toBe(0)
})

test('[P10] while the pool learns, desks keep what they hold and newcomers get nothing', () => {
  const pool = newPool()
  expect(share(pool, 'a', ask(200, 400), terms(0, { learning: true })).grant.amount).toBe(200)
  expect(share(pool, 'a', ask(200, 400), terms(1)).grant.amount).toBe(410)
})

test('[P2] a version never goes back, also after the desk was forgotten', () => {
  const pool = newPool()
  const first = share(pool, 'a', ask(0, 10), terms(5)).grant.version
  const second = share(pool, 'a', ask(0, 10), terms(5)).grant.version
  const third = share(pool, 'a', ask(0, 10), terms(5 + ttlMs)).grant.version
  expect(first < second && second < third).toBe(true)
})

test('[P2] who has a floor enters on it, also where another of its plan has less and finds nothing', () => {
  const pool = newPool()
  reserve(pool, 'big', 100)
  share(pool, 'rest', ask(850, 850), terms())
  share(pool, 'a', ask(30, 30), terms())
  share(pool, 'big', ask(80, 80), terms())
  share(pool, 'a', ask(30, 300), terms())
  expect(share(pool, 'big', ask(80, 300), terms()).grant.amount).toBe(100)
  expect(granted(pool, 'a').amount).toBe(40)
})

test('[P2] a floor is there up to the ceiling, whatever the threshold of its plan; more than it is not', () => {
  const pool = newPool()
  reserve(pool, 'small', 100)
  expect(share(pool, 'a', ask(0, 5_000), terms()).grant.amount).toBe(900)
  expect(share(pool, 'small', ask(0, 300, { tier: tiers.trial }), terms()).grant.amount).toBe(100)
  // Where the ceiling was lowered, and calls are over it already, there is no floor to enter on.
  expect(share(pool, 'small', ask(0, 300, { tier: tiers.trial }), terms(1, { ceiling: 905 })).grant.amount).toBe(0)
})

test('[P2] of two who are owed a floor the one that fits is served', () => {
  const pool = newPool()
  for (const desk of ['a', 'b']) reserve(pool, desk, 50)
  share(pool, 'rest', ask(900, 900), terms())
  share(pool, 'a', ask(45, 45, { block: 20, weight: 2 }), terms())
  share(pool, 'b', ask(30, 30), terms())
  share(pool, 'a', ask(45, 65, { block: 20, weight: 2 }), terms()) // 15 above its floor
  expect(share(pool, 'b', ask(46, 56), terms()).grant.amount).toBe(46)
  expect(share(pool, 'b', ask(40, 50), terms()).grant.amount).toBe(50)
})

test('[P5] what is left, and is less than a call, goes to who wants no more than that', () => {
  expect(share(newPool(), 'a', ask(0, 25), terms(0, { ceiling: 26 })).grant.amount).toBe(25)
})

test('[P5] nobody passes a heavy call of its own plan: it is let in when enough has ended', () => {
  const pool = newPool()
  share(pool, 'light', ask(0, 5_000), terms())
  share(pool, 'heavy', ask(0, 30, { block: 30 }), terms())
  for (const has of [990, 980]) expect(share(pool, 'light', ask(has, 5_000), terms()).grant.amount).toBe(has)
  expect(share(pool, 'light', ask(970, 5_000), terms()).risen).toEqual(['heavy'])
})

test('[P5] a call that would not fit if nobody talked keeps nobody of its plan waiting', () => {
  for (const [tier, most] of [
    [tiers.trial, 400],
    [tiers.scale, 700],
  ] as const) {
    const pool = newPool()
    reserve(pool, 'big', 300)
    const heavy = (block: number): Ask => ask(0, block, { block, tier })
    for (const desk of ['h1', 'h2', 'h3']) share(pool, desk, heavy(most + 1), terms())
    expect(share(pool, 'x', ask(0, 20, { tier }), terms()).grant.amount).toBe(20)
    expect(share(pool, 'h1', heavy(most), terms()).grant.amount).toBe(0) // x talks
    expect(share(pool, 'x', ask(20, 40, { tier }), terms()).grant.amount).toBe(20) // and waits behind h1
    expect(share(pool, 'x', ask(0, 0, { tier }), terms()).risen).toEqual(['h1'])
  }
})

poolContract('the pool on Maps', async (work) => work(() => roster()), 400)

test('[P5] with equal demand shares are equal: Jain’s index is at least 0.99', () => {
  const pool = newPool()
  const desks = Array.from({ length: 40 }, (_, i) => `desk-${i}`)
  for (const desk of desks) share(pool, desk, ask(0, 10_000), terms(0, { ceiling: 0 }))
  share(pool, 'desk-0', ask(0, 10_000), terms(0, { ceiling: 10_000 }))
  const shares = desks.map((desk) => granted(pool, desk).amount)
  const sum = shares.reduce((a, b) => a + b, 0)
  const jain = sum ** 2 / (desks.length * shares.reduce((a, b) => a + b * b, 0))
  expect(sum).toBe(10_000)
  expect(jain).toBeGreaterThanOrEqual(0.99)
})

test('[P1] an ask that was overtaken by a later one of its desk changes nothing', () => {
  const pool = newPool()
  const { grant } = share(pool, 'a', ask(0, 300, { number: 2 }), terms())
  const late = share(pool, 'a', ask(0, 900, { number: 1 }), terms(1))
  expect(late).toEqual({ grant, risen: [], idle: [] })
  expect([pool.wants.get('a'), pool.untils.get('a')]).toEqual([300, ttlMs])
  expect(share(pool, 'a', ask(0, 500, { number: 2 }), terms(2)).grant.amount).toBe(500) // the same again is no older one
})
