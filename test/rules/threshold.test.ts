// When what was used reaches what was meant to be used.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Limit } from '../../src/budget.ts'
import { post, type Page } from '../../src/ledger.ts'
import { MapRoster } from '../../src/roster-map.ts'
import { reached, roomIn, spent } from '../../src/threshold.ts'
import { windowsAt } from '../../src/window.ts'
import { zoneOf } from '../../src/zone-of.ts'
import { printSeed, seed } from '../contract/seed.ts'

const cell = { key: 'k', model: 'm', agent: null }
const day = (amount: number): Limit => ({ window: 'day', account: 'tokens', amount })
const month = (amount: number): Limit => ({ window: 'month', account: 'micro_usd', amount })

function page(name: 'hour' | 'day' | 'month' = 'day', ends = 1_000): Page {
  return { window: { name, id: `${name}:1`, ends }, used: new MapRoster(), told: new MapRoster() }
}

function levels(pages: readonly Page[], limits: readonly Limit[], as?: string): string[] {
  return reached(pages, limits, as).map(({ level, used }) => `${level} ${used}`)
}

test('[L6] 80 % warns and 100 % stops: at it, not before, and once', () => {
  const one = page()
  const told = [0, 799, 1, 1, 198, 1, 500].map((tokens) => {
    post([one], { tokens }, cell)
    return levels([one], [day(1_000)])
  })
  expect(told).toEqual([[], [], ['warning 800'], [], [], ['exhausted 1000'], []])
})

test('[L6] a step over both says both, in order', () => {
  const one = page()
  post([one], { tokens: 5_000 }, cell)
  expect(levels([one], [day(1_000)])).toEqual(['warning 5000', 'exhausted 5000'])
  expect(levels([one], [day(1_000)])).toEqual([])
})

test('[L6] fractions of a token do not come late: 80 % of 7 is 6', () => {
  const one = page()
  post([one], { tokens: 5 }, cell)
  expect(levels([one], [day(7)])).toEqual([])
  post([one], { tokens: 1 }, cell)
  expect(levels([one], [day(7)])).toEqual(['warning 6'])
})

test('[L6] another amount is another budget, and the same one again is not', () => {
  const one = page()
  post([one], { tokens: 900 }, cell)
  expect(levels([one], [day(1_000)])).toEqual(['warning 900'])
  expect(levels([one], [day(900)])).toEqual(['warning 900', 'exhausted 900'])
  expect(levels([one], [day(900)])).toEqual([])
})

test('[L6] what is only tried is told apart', () => {
  const one = page()
  post([one], { tokens: 1_000 }, cell)
  expect(levels([one], [day(1_000)])).toHaveLength(2)
  expect(levels([one], [day(1_000)], 'shadow:')).toHaveLength(2)
  expect(levels([one], [day(1_000)], 'shadow:')).toEqual([])
})

test('[L6] a budget of nothing is spent from the start', () => {
  expect(spent([page()], [day(0)])).toEqual({ limit: day(0), ends: 1_000 })
})

test('[L6] of several that are spent the one that begins anew last is named', () => {
  const pages = [page('hour', 10), page('day', 100), page('month', 1_000)]
  const hour: Limit = { window: 'hour', account: 'tokens', amount: 5 }
  const limits = [day(20), hour, month(7)]
  expect(spent(pages, limits)).toBeUndefined()
  post(pages, { tokens: 5 }, cell)
  expect(spent(pages, limits)?.ends).toBe(10)
  post(pages, { tokens: 15 }, cell)
  expect(spent(pages, limits)?.ends).toBe(100)
  post(pages, { micro_usd: 7 }, cell)
  expect(spent(pages, limits)?.limit).toEqual(month(7))
  expect(spent(pages, [hour, day(20)])?.ends).toBe(100)
})

test('[L6] of those that begin anew together the first is named', () => {
  const one = page()
  post([one], { tokens: 9, input: 9 }, cell)
  const limits: Limit[] = [{ window: 'day', account: 'input', amount: 9 }, day(9)]
  expect(spent([one], limits)?.limit).toEqual(limits[0])
})

test('[L6] a window that is not there is not judged', () => {
  expect(reached([page('hour')], [day(0)])).toEqual([])
  expect(spent([page('hour')], [day(0)])).toBeUndefined()
})

test('[L4] the rest of a budget is for who comes first; who comes next must fit beside', () => {
  const one = page()
  post([one], { tokens: 990 }, cell)
  const room = (held: number, asked: number) =>
    roomIn(
      [one],
      [day(1_000)],
      () => held,
      () => asked,
    )
  expect([room(0, 500), room(5, 5), room(5, 6)]).toEqual([1, 1, 0].map((seats) => ({ seats, limit: day(1_000) })))
  expect([room(0, 5).seats, room(0, 3).seats, room(4, 3).seats, room(11, 1).seats]).toEqual([2, 3, 2, 0])
})

test('[L4] of several budgets that one counts which has room for the fewest, and of equals the first', () => {
  const [hour, own] = [page('hour'), page('month')]
  const limits = [day(9), { ...day(5), window: 'hour' as const }, month(4), day(5)]
  const room = roomIn(
    [page(), hour, own],
    limits,
    () => 1,
    ({ account }) => (account === 'tokens' ? 2 : 1),
  )
  expect(room).toEqual({ seats: 2, limit: limits[1] })
})

test('[L4] a budget of which nothing is held has room for any number, whatever is used of it', () => {
  const one = page()
  post([one], { tokens: 9 }, cell)
  const room = roomIn(
    [one],
    [day(5)],
    () => 0,
    () => 0,
  )
  expect(room).toEqual({ seats: Infinity, limit: undefined })
})

const timezone = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/Santiago',
  'Africa/Cairo',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
)
const step = fc.record({
  tokens: fc.integer({ min: 0, max: 400 }),
  ms: fc.constantFrom(0, 1, 59_999, 1_800_000, 3_600_000, 40_000_000),
})
/** Around the ends of months, and where clocks shift. */
const moment = fc.constantFrom(
  '2026-03-29T00:20',
  '2026-10-25T00:20',
  '2026-10-31T22:59',
  '2026-09-06T03:30',
  '2026-10-29T20:50',
  '2026-10-03T15:10',
)

test('[L5] [L6] over random debits and the edges of windows each threshold is told once a window, with the debit that reaches it', () => {
  printSeed('debits over the edges of windows')
  fc.assert(
    fc.property(timezone, moment, fc.array(step, { minLength: 20, maxLength: 60 }), (name, at, steps) => {
      const pages = new Map<string, Page>()
      const told = new Set<string>()
      const balances = new Map<string, number>()
      let now = Date.parse(`${at}:00Z`)
      const zone = zoneOf(name, now)
      const limits: Limit[] = (['hour', 'day', 'month'] as const).map((window, i) => ({
        window,
        account: 'tokens',
        amount: 700 * 3 ** i,
      }))
      for (const { tokens, ms } of steps) {
        now += ms
        const open = windowsAt(now, zone).map((window) => {
          const known = pages.get(window.id) ?? { window, used: new MapRoster(), told: new MapRoster() }
          pages.set(window.id, known)
          return known
        })
        post(open, { tokens }, cell)
        const expected = open.flatMap(({ window }) => {
          const before = balances.get(window.id) ?? 0
          balances.set(window.id, before + tokens)
          const { amount } = limits.find((limit) => limit.window === window.name) as Limit
          const crossed = (share: number) => before < amount * share && before + tokens >= amount * share
          return [...(crossed(0.8) ? [`warning ${window.id}`] : []), ...(crossed(1) ? [`exhausted ${window.id}`] : [])]
        })
        const news = reached(open, limits).map(({ level, window, ends }) => {
          const page = open.find((one) => one.window.name === window) as Page
          expect(ends).toBe(page.window.ends)
          return `${level} ${page.window.id}`
        })
        expect(news).toEqual(expected)
        for (const one of news) {
          expect(told.has(one)).toBe(false)
          told.add(one)
        }
      }
    }),
    { seed, numRuns: 300 },
  )
})
