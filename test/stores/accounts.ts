// What must hold of a ledger, whatever has happened to its calls: held against what the provider reported. Knows no home.
import { expect } from 'vitest'
import { windowNames } from '../../src/budget.ts'
import type { BudgetAlert } from '../../src/desk-budget.ts'
import { heartbeatMs } from '../../src/limits.ts'
import type { Series } from '../../src/metrics.ts'
import { readSeries } from '../../src/series.ts'
import type { CallRecord } from '../../src/ports.ts'
import type { KeptCall } from '../../src/records.ts'
import { booksOf, summed, type Books } from '../support/books.ts'
import { intlWindows } from '../support/intl-windows.ts'
import type { Accounted, PracticeTenant } from '../support/practice-house.ts'
import { modelOf, reckonedReport } from '../support/reckoner.ts'

/** Window → account → balance: every page that the ledger has. */
export type Pages = ReadonlyMap<string, Books>

export interface Ledger {
  used: Pages
  /** Window → the text of a cell → its number; and window → `number/account` → balance. */
  cells: Pages
  split: Pages
}

/** Accounts that the provider does not report of. */
const own = ['micro_usd', 'live_ms', 'calls', 'lost'] as const

/** A tenant's calls are over: in every window its ledger has what was reported, no more and no less, and each record what its call used. */
export async function expectAccounts(house: PracticeTenant, ledger: Ledger): Promise<void> {
  const pages = ledger.used
  expect(house.faults).toEqual([])
  const [accounts, records] = [house.accounts(), (await house.steps.calls(1e9, undefined)) ?? []]
  const missing = accounts.filter(({ takenAt }) => takenAt === undefined)
  const groups = groupsOf(house, accounts)
  expect(pages).toEqual(expectedOf(groups, pages))
  expectPriced(groups, pages)
  expectApart(house, groups, ledger)
  expectLost(house, records, missing)
  expectRecords(records, accounts)
  expectSums(records, pages)
  expectToldOnce(house)
  expectCounted((await house.steps.report())['openai'] ?? {}, totalsOf(pages, 'month'))
}

/** Nothing of what was reported is missing, in calls that went on over the end of these windows. */
export async function expectWhole(house: PracticeTenant, ledger: Ledger, turned?: readonly string[]): Promise<void> {
  const reports = house.accounts()
  const books = Object.fromEntries(Object.entries(reported(reports)).filter(([, amount]) => amount > 0))
  for (const name of windowNames) expect(totalsOf(ledger.used, name)).toMatchObject(books)
  await expectAccounts(house, ledger)
  expectTurned(ledger.used, turned)
  expect(reports.length).toBeGreaterThan(house.calls.filter(({ refused }) => refused === undefined).length)
}

/** They replied before the end of each and after. */
function expectTurned(pages: Pages, names: readonly string[] = windowNames): void {
  const replied = [...pages].filter(([, { replies = 0 }]) => replies > 0).map(([id]) => id.split(':')[0])
  for (const name of names) expect(replied.filter((one) => one === name).length, name).toBeGreaterThan(1)
}

/** A budget has ended calls of it; one of the tenant's has kept callers away, and its operator heard of that. */
export async function expectBounded({ id, tenant, calls, alerts, steps }: PracticeTenant): Promise<void> {
  const records = (await steps.calls(1e9, undefined)) ?? []
  const ended = records.filter(({ record }) => record?.outcome.why.endsWith('budget_exhausted'))
  expect(ended.length, id).toBeGreaterThan(0)
  const away = calls.filter(({ refused }) => refused === 'budget_exhausted')
  const spent = alerts.filter((alert) => alert.is === 'budget' && alert.level === 'exhausted')
  const has = Object.keys(tenant.budgets).length > 0
  expect([away.length > 0, spent.length > 0], id).toEqual([has, has])
}

/** Each threshold once a window: a step whose answer is lost tells nobody, but none is told twice (L6). */
function expectToldOnce({ alerts }: PracticeTenant): void {
  const told = alerts.map((alert) => (alert.is === 'budget' ? thresholdOf(alert) : alert.is))
  expect(told.filter((one, i) => told.indexOf(one) < i)).toEqual([])
}

function thresholdOf({ level, window, ends, account, amount, shadow }: BudgetAlert): string {
  return [level, window, ends, account, amount, shadow].join(' ')
}

/** `/metrics` says of tokens, money, time and ends what the ledger says. */
function expectCounted(series: Series, totals: Books): void {
  const counted: Books = {}
  for (const [id, n] of Object.entries(series)) {
    const { name, labels } = readSeries(id)
    const account =
      name === 'trunkline_tokens_total'
        ? `${labels['direction']}_${labels['modality']}`
        : counters[name as keyof typeof counters]
    if (account !== undefined) counted[account] = (counted[account] ?? 0) + n
  }
  counted['live_ms'] = Math.round((counted['live_ms'] ?? 0) * 1000)
  const known = Object.keys(counted).map((account) => [account, totals[account] ?? 0])
  expect(counted).toEqual(Object.fromEntries(known))
  expect(counted['calls']).toBe(totals['calls'])
}

const counters = {
  trunkline_spend_microusd_total: 'micro_usd',
  trunkline_voice_seconds_total: 'live_ms',
  trunkline_call_ends_total: 'calls',
} as const

type Groups = ReadonlyMap<string, readonly Accounted[]>

/** Window → what was taken in within it, by the runtime's own calendar. */
function groupsOf({ tenant }: PracticeTenant, accounts: readonly Accounted[]): Groups {
  const taken = accounts.flatMap((made) => {
    if (made.takenAt === undefined) return []
    return intlWindows(tenant.timezone, made.takenAt).map((id) => ({ id, made }))
  })
  return new Map([...Map.groupBy(taken, ({ id }) => id)].map(([id, of]) => [id, of.map(({ made }) => made)]))
}

/** What the provider reported, beside what is ours to know; a page of which it knows nothing has only that. */
function expectedOf(groups: Groups, pages: Pages): Pages {
  const expected = new Map<string, Books>()
  for (const id of new Set([...pages.keys(), ...groups.keys()])) {
    const used = pages.get(id) ?? {}
    const ours = own.filter((account) => account in used).map((account) => [account, used[account] ?? 0] as const)
    const theirs = Object.entries(summed(reported(groups.get(id)))).filter(([name, n]) => n > 0 || name in used)
    expected.set(id, Object.fromEntries([...ours, ...theirs]))
  }
  return expected
}

function reported(accounts: readonly Accounted[] = []): Books {
  return booksOf(accounts.map(({ report }) => report))
}

/** The other reckoner does not round; the ledger does, each report (L3). */
function expectPriced(groups: Groups, pages: Pages): void {
  for (const [id, used] of pages) {
    const accounts = groups.get(id) ?? []
    const theirs = accounts.reduce((sum, { report }) => sum + reckonedReport(report), 0)
    const difference = Math.abs((used['micro_usd'] ?? 0) - theirs)
    expect(difference, `${id}: ${used['micro_usd']} and ${theirs}`).toBeLessThanOrEqual(accounts.length / 2 + 1e-3)
  }
}

/** By key, model and agent each hour and day comes to the same, and each cell's tokens are those that the provider reported of it (L9). */
function expectApart({ id: tenant }: PracticeTenant, groups: Groups, { used, cells, split }: Ledger): void {
  const apart = [...used.keys()].filter((id) => !id.startsWith('month:'))
  expect(new Set(split.keys())).toEqual(new Set(apart))
  for (const id of apart) {
    const [sums, tokens]: [Books, Books] = [{}, {}]
    const names = new Map(Object.entries(cells.get(id) ?? {}).map(([cell, number]) => [String(number), cell]))
    for (const [name, amount] of Object.entries(split.get(id) ?? {})) {
      const [number = '', account = ''] = name.split('/')
      sums[account] = (sums[account] ?? 0) + amount
      if (account === 'tokens') tokens[names.get(number) ?? number] = amount
    }
    expect(sums, id).toEqual(used.get(id))
    const cellOf = ({ call, report }: Accounted) =>
      [`key of ${tenant}`, modelOf(report), call.offer.agent ?? ''].join('\n')
    const byCell = [...Map.groupBy(groups.get(id) ?? [], cellOf)].map(
      ([cell, accounts]) => [cell, summed(reported(accounts))['tokens'] ?? 0] as const,
    )
    expect(tokens, id).toEqual(Object.fromEntries(byCell.filter(([, amount]) => amount > 0)))
  }
}

/**
 * What is missing is flagged: of calls whose host died, after their last word, each with a record that says so. Nobody else is lost, but for
 * whom the desk had let in without that anybody heard so.
 */
function expectLost(house: PracticeTenant, records: readonly KeptCall[], missing: readonly Accounted[]): void {
  for (const { call, report } of missing) {
    expect(call.died, `${call.offer.call} lives, and a report of it is missing`).toBeDefined()
    expect(report.atMs).toBeGreaterThanOrEqual(house.toldAt.get(call.offer.call) ?? 0)
  }
  const lost = new Set(records.filter(({ record }) => record?.outcome.why === 'call_reset').map(({ id }) => id))
  expect(missing.filter(({ call }) => !lost.has(call.offer.call))).toEqual([])
  const living = house.calls.filter(({ died, answered }) => died === undefined && answered)
  expect(living.filter(({ offer }) => lost.has(offer.call))).toEqual([])
  for (const { id, record } of records) {
    expect(record, id).not.toBeNull()
    if (!lost.has(id)) expect(record?.silentMs, id).toBeNull()
    else expect(record?.silentMs ?? 0, id).toBeLessThanOrEqual(heartbeatMs)
  }
}

function expectRecords(records: readonly KeptCall[], accounts: readonly Accounted[]): void {
  const byCall = Map.groupBy(accounts, ({ call }) => call.offer.call)
  for (const { id, record } of records) {
    const taken = (byCall.get(id) ?? []).filter(({ takenAt }) => takenAt !== undefined)
    const { tokens = 0, replies = 0 } = summed(reported(taken))
    expect([record?.tokens, record?.replies], id).toEqual([tokens, replies])
  }
  const known = new Set(records.map(({ id }) => id))
  expect(known.size).toBe(records.length)
  expect([...byCall.keys()].filter((id) => !known.has(id))).toEqual([])
}

/** What the records say together is what the ledger says, also of time and money. */
function expectSums(records: readonly KeptCall[], pages: Pages): void {
  const sum = (of: (record: CallRecord) => number): number =>
    records.reduce((total, { record }) => total + (record === null ? 0 : of(record)), 0)
  const lost = sum(({ outcome }) => Number(outcome.why === 'call_reset'))
  const all = {
    calls: records.length,
    lost,
    live_ms: sum(({ liveMs }) => liveMs),
    micro_usd: sum(({ microUsd }) => microUsd),
  }
  for (const name of ['hour', 'day', 'month'])
    expect([name, { lost: 0, ...totalsOf(pages, name) }]).toMatchObject([name, all])
}

/** Of all windows of this name. */
export function totalsOf(pages: Pages, name: string): Books {
  const totals: Books = {}
  for (const [id, used] of pages) {
    if (!id.startsWith(`${name}:`)) continue
    for (const [account, amount] of Object.entries(used)) totals[account] = (totals[account] ?? 0) + amount
  }
  return totals
}
