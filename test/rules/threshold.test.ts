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
import { intlWindows } from '../support/intl-windows.ts'

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

/** A little before a clock shows an hour twice, or passes over one, and before the end of a month. */
const edges: readonly (readonly [timezone: string, at: string])[] = [
  ['Europe/Berlin', '2026-10-24T23:40'],
  ['Africa/Cairo', '2026-10-29T19:40'],
  ['America/Santiago', '2026-04-05T01:40'],
  ['Australia/Lord_Howe', '2026-04-04T13:40'], // half an hour twice
  ['Europe/Berlin', '2026-03-29T00:20'],
  ['America/Santiago', '2026-09-06T03:30'],
  ['UTC', '2026-10-31T22:20'],
  ['Asia/Kolkata', '2026-10-31T16:50'],
  ['America/New_York', '2027-01-01T03:20'],
]
const edge = fc.constantFrom(...edges)
const step = fc.record({ tokens: fc.integer({ min: 0, max: 400 }), ms: fc.integer({ min: 0, max: 1_200_000 }) })

/** An hour's budget is reached within most of them. */
const limits: readonly Limit[] = [
  { window: 'hour', account: 'tokens', amount: 700 },
  { window: 'day', account: 'tokens', amount: 875 },
  { window: 'month', account: 'tokens', amount: 1_050 },
]

const thresholds = [
  ['warning', 0.8],
  ['exhausted', 1],
] as const

/** What a debit reaches, from windows by the runtime's own calendar. */
function expectedOf(timezone: string, now: number, tokens: number, balances: Map<string, number>): string[] {
  return intlWindows(timezone, now).flatMap((id, i) => {
    const [before, amount] = [balances.get(id) ?? 0, limits[i]?.amount ?? 0]
    balances.set(id, before + tokens)
    const crossed = thresholds.filter(([, share]) => before < amount * share && before + tokens >= amount * share)
    return crossed.map(([level]) => `${level} ${id}`)
  })
}

/** Whether the same hour of a clock was spent twice, and two months were. */
function twice(told: readonly string[]): { hours: boolean; months: boolean } {
  const hours = told.flatMap((one) => /^exhausted hour:(.{13})/.exec(one)?.[1] ?? [])
  const months = told.filter((one) => one.startsWith('exhausted month:'))
  return { hours: new Set(hours).size < hours.length, months: months.length > 1 }
}

test('[L5] [L6] over random debits and the edges of windows each threshold is told once a window, with the debit that reaches it', () => {
  printSeed('debits over the edges of windows')
  const runs = { hours: 0, months: 0 }
  fc.assert(
    fc.property(edge, fc.array(step, { minLength: 20, maxLength: 60 }), ([timezone, at], steps) => {
      const pages = new Map<string, Page>()
      const balances = new Map<string, number>()
      const told: string[] = []
      let now = Date.parse(`${at}:00Z`)
      const zone = zoneOf(timezone, now)
      for (const { tokens, ms } of steps) {
        now += ms
        const open = windowsAt(now, zone).map((window) => {
          const known = pages.get(window.id) ?? { window, used: new MapRoster(), told: new MapRoster() }
          pages.set(window.id, known)
          return known
        })
        post(open, { tokens }, cell)
        const news = reached(open, limits).map(({ level, window, ends }) => {
          const page = open.find((one) => one.window.name === window) as Page
          expect(ends).toBe(page.window.ends)
          return `${level} ${page.window.id}`
        })
        expect(news).toEqual(expectedOf(timezone, now, tokens, balances))
        told.push(...news)
      }
      expect(new Set(told).size).toBe(told.length)
      const { hours, months } = twice(told)
      runs.hours += Number(hours)
      runs.months += Number(months)
    }),
    { seed, numRuns: 300 },
  )
  expect(runs.hours, 'runs in which both halves of a doubled hour were spent').toBeGreaterThan(20)
  expect(runs.months, 'runs in which two months were spent').toBeGreaterThan(20)
})
