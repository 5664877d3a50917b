// Buckets of what was used, as a desk reads them from its ledger. On Maps.
import * as fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { DeskPages } from '../../src/desk-pages.ts'
import { DeskRosters } from '../../src/desk-rosters.ts'
import { DeskUsage, type UsageAsk, type UsageReading } from '../../src/desk-usage.ts'
import { post, textOf, type Cell } from '../../src/ledger.ts'
import { usageQuery } from '../../src/http/usage-query.ts'
import { usageEntriesMost } from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import { MapRoster } from '../../src/roster-map.ts'
import { spansOf } from '../../src/window.ts'
import { zoneOf } from '../../src/zone-of.ts'
import { printSeed, seed } from '../contract/seed.ts'

const settings = TenantSettings.parse({ name: 'Acme', plan: 'starter' })
const tenant = { ...settings, id: 'ten_1', created_at: '2026-11-21T00:00:00.000Z' }
const at = (text: string): number => Date.parse(`2026-${text}Z`)
const [hourMs, dayMs] = [3_600_000, 86_400_000]
const cell: Cell = { key: 'k1', model: 'm', agent: null }

let timezone: string
let pages: DeskPages
let usage: DeskUsage

beforeEach(() => {
  timezone = 'UTC'
  const open = new Map<string, MapRoster>()
  const rosters = new DeskRosters((name) => {
    const roster = open.get(name) ?? new MapRoster()
    open.set(name, roster)
    return roster
  })
  const zone = (_: unknown, now: number) => zoneOf(timezone, now)
  const documents = { key: () => undefined, keyByHash: () => undefined, keys: () => [] }
  const registry = { ...documents, zone, tenant: () => ({ ...tenant, timezone }) }
  pages = new DeskPages(rosters, registry)
  usage = new DeskUsage(registry, pages)
})

function debit(now: number, amounts: Record<string, number>, own: Partial<Cell> = {}) {
  const open = pages.at(tenant, now)
  pages.opened(open)
  post(open, amounts, { ...cell, ...own })
}

function ask(of: 'hour' | 'day', from: number, until: number, more: Partial<UsageAsk> = {}): UsageReading | undefined {
  return usage.reading({ of, from, until, most: 100, last: false, apart: false, ...more }, until)
}

function told(reading: UsageReading | undefined): string[] {
  return (reading?.buckets ?? []).map(({ starts, ends, parts }) => {
    const tokens = parts.map(({ amounts }) => amounts['tokens'] ?? 0)
    return `${new Date(starts).toISOString().slice(5, 16)} +${(ends - starts) / hourMs} ${tokens.join(' ')}`.trim()
  })
}

test('[L5] buckets begin by the tenant’s clock, also where it is put back, and those without use are among them', () => {
  timezone = 'Europe/Berlin'
  debit(at('10-24T21:59:59.999'), { tokens: 1 }) // 23:59 on the 24th
  debit(at('10-24T22:00'), { tokens: 2 })
  debit(at('10-25T22:59'), { tokens: 3 }) // 23:59 of a day of 25 hours
  debit(at('10-27T10:00'), { tokens: 4 })
  expect(told(ask('day', at('10-24T22:30'), at('10-27T12:00')))).toEqual([
    '10-24T22:00 +25 5',
    '10-25T23:00 +24',
    '10-26T23:00 +24 4',
  ])
  expect(told(ask('hour', at('10-24T21:00'), at('10-24T23:00')))).toEqual(['10-24T21:00 +1 1', '10-24T22:00 +1 2'])
})

test('[L5] the first bucket is that in which the start falls, the last begins before the end', () => {
  for (const hour of [9, 10, 11, 12]) debit(at(`11-21T${`${hour}`.padStart(2, '0')}:30`), { tokens: hour })
  expect(told(ask('hour', at('11-21T10:00'), at('11-21T12:00')))).toEqual(['11-21T10:00 +1 10', '11-21T11:00 +1 11'])
  expect(told(ask('hour', at('11-21T10:59:59.999'), at('11-21T12:00:00.001')))).toEqual([
    '11-21T10:00 +1 10',
    '11-21T11:00 +1 11',
    '11-21T12:00 +1 12',
  ])
  expect(told(ask('hour', at('11-21T12:00'), at('11-21T12:00')))).toEqual([])
})

test('[L9] a page has no more buckets than were asked for, and says where the next one begins', () => {
  for (let hour = 0; hour < 5; hour++) debit(at('11-21T08:10') + hour * hourMs, { tokens: 10 + hour })
  const until = at('11-21T13:00')
  const seen: string[] = []
  for (let from: number | undefined = at('11-21T08:00'); from !== undefined;) {
    const reading = ask('hour', from, until, { most: 2 })
    expect(reading?.buckets.length).toBe(seen.length === 4 ? 1 : 2)
    seen.push(...told(reading))
    from = reading?.next
  }
  expect(seen).toEqual(told(ask('hour', at('11-21T08:00'), until, { most: 5 })))
  expect(ask('hour', at('11-21T08:00'), until, { most: 5 })?.next).toBeUndefined()
})

test('[L9] a page also ends where enough was read, but has one bucket at least', () => {
  const accounts = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`a${i}`, 1]))
  const hours = [at('11-21T08:10'), at('11-21T09:10'), at('11-21T10:10')]
  for (const now of hours) for (let n = 0; n < 100; n++) debit(now, accounts, { agent: `agent ${n}` })
  expect(120 * 100).toBeLessThan(usageEntriesMost)
  expect(2 * 120 * 100).toBeGreaterThan(usageEntriesMost)
  const reading = ask('hour', at('11-21T08:00'), at('11-21T11:00'), { apart: true })
  expect([reading?.buckets.length, reading?.next]).toEqual([2, at('11-21T10:00')])
  expect(ask('hour', at('11-21T08:00'), at('11-21T11:00'))?.buckets.length).toBe(3)
})

test('[L9] told apart by key, model and agent, under the names that they came with', () => {
  debit(at('11-21T08:10'), { tokens: 1, calls: 1 })
  debit(at('11-21T08:20'), { tokens: 2 }, { agent: 'a/b' })
  debit(at('11-21T08:30'), { tokens: 4 })
  const [bucket] = ask('day', at('11-21T08:00'), at('11-21T09:00'), { apart: true })?.buckets ?? []
  expect(bucket?.parts).toEqual([
    { cell: textOf(cell), amounts: { tokens: 5, calls: 1 } },
    { cell: textOf({ ...cell, agent: 'a/b' }), amounts: { tokens: 2 } },
  ])
})

test('[L5] the first bucket has all of it, also what was used by another clock before the moment that is asked for', () => {
  timezone = 'Asia/Kathmandu'
  debit(at('11-21T10:05'), { tokens: 7 }) // an hour that ends at 10:15
  timezone = 'UTC'
  debit(at('11-21T10:40'), { tokens: 1 })
  const [bucket] = ask('hour', at('11-21T10:30'), at('11-21T11:00'))?.buckets ?? []
  expect(bucket?.parts).toEqual([{ cell: '', amounts: { tokens: 8 } }])
})

const zones = ['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/Havana'] as const
const step = fc.record({
  passMs: fc.constantFrom(60_000, 20 * 60_000, hourMs, 5 * hourMs),
  zone: fc.option(fc.constantFrom(...zones), { nil: undefined, freq: 6 }),
  tokens: fc.integer({ min: 1, max: 1_000 }),
  agent: fc.constantFrom(null, 'sales', 'support'),
})

test('[L5] whatever clocks a tenant had, buckets of any page come to what was debited, once', () => {
  printSeed('clocks of a tenant')
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      fc.constantFrom('hour', 'day'),
      fc.boolean(),
      (steps, of, apart) => {
        timezone = 'UTC'
        const begin = at('10-23T00:00')
        let [now, whole] = [begin, 0]
        const before = sumOf(ask(of, begin - 2 * dayMs, begin + 10 * dayMs, { most: 1_000 }))
        for (const { passMs, zone, tokens, agent } of steps) {
          now += passMs
          timezone = zone ?? timezone
          debit(now, { tokens }, { agent })
          whole += tokens
        }
        const reading = ask(of, begin - 2 * dayMs, begin + 10 * dayMs, { most: 1_000, apart })
        expect(sumOf(reading) - before).toBe(whole)
        const edges = reading?.buckets ?? []
        for (const [i, { starts }] of edges.entries()) if (i > 0) expect(starts).toBe(edges[i - 1]?.ends)
      },
    ),
    { seed },
  )
})

/** What is answered where no start is given. */
function latest(now: number, given: Record<string, string>): UsageReading | undefined {
  return usage.reading(usageQuery(now).parse(given).ask, now)
}

test('[L9] without a start: the last days up to now, whatever their length, on one page', () => {
  timezone = 'Europe/Berlin'
  const now = at('04-01T22:30') // half past midnight, four days after a day of 23 hours
  debit(now, { tokens: 4 })
  const week = [
    '03-26T23:00 +24',
    '03-27T23:00 +24',
    '03-28T23:00 +23',
    '03-29T22:00 +24',
    '03-30T22:00 +24',
    '03-31T22:00 +24',
    '04-01T22:00 +24 4',
  ]
  expect(told(latest(now, {}))).toEqual(week)
  expect(latest(now, {})?.next).toBeUndefined()
  expect(told(latest(at('10-25T22:30'), { limit: '2' }))).toEqual(['10-23T22:00 +24', '10-24T22:00 +25'])
})

test('[L9] without a start there are as many as were asked for, and now falls in the last', () => {
  printSeed('the last buckets')
  const moment = fc.integer({ min: 0, max: 600 * 86_400 }).map((seconds) => at('01-01T00:00') + seconds * 1000)
  const width = fc.constantFrom(['1h', 168] as const, ['1d', 31] as const)
  fc.assert(
    fc.property(fc.constantFrom(...zones), moment, width, fc.nat(), (zone, now, [bucket_width, most], n) => {
      timezone = zone
      const limit = 1 + (n % most)
      const { buckets = [], next } = latest(now, { bucket_width, limit: `${limit}` }) ?? {}
      const last = buckets.at(-1)
      expect([buckets.length, next]).toEqual([limit, undefined])
      expect([Number(last?.starts) < now, now <= Number(last?.ends)]).toEqual([true, true])
    }),
    { seed },
  )
})

function sumOf(reading: UsageReading | undefined): number {
  const parts = (reading?.buckets ?? []).flatMap(({ parts }) => parts)
  return parts.reduce((sum, { amounts }) => sum + (amounts['tokens'] ?? 0), 0)
}

test('[L5] spans follow each other without a gap, each with its start in it', () => {
  printSeed('spans')
  const moment = fc.integer({ min: 0, max: 600 * 86_400 }).map((seconds) => at('01-01T00:00') + seconds * 1000)
  fc.assert(
    fc.property(fc.constantFrom(...zones), moment, fc.constantFrom('hour', 'day'), (zone, from, name) => {
      const clock = zoneOf(zone, from)
      const spans = spansOf(name, from, from + 4 * dayMs, 9, clock)
      const [first] = spans
      expect(first !== undefined && first.starts <= from && from < first.ends).toBe(true)
      const [other] = spansOf(name, first?.starts ?? 0, from + 1, 9, clock)
      expect(other).toEqual(first)
      expect(spansOf(name, (first?.starts ?? 0) - 1, from + 1, 9, clock)[0]?.ends).toBe(first?.starts)
      expect(spans.length).toBeLessThanOrEqual(9)
      for (const [i, { starts, ends }] of spans.entries()) {
        if (i > 0) expect(starts).toBe(spans[i - 1]?.ends)
        expect(ends).toBeGreaterThan(starts)
      }
    }),
    { seed },
  )
})
