// Every token that the provider reported is in the ledger once, whatever breaks: calls of several tenants from end to end, without sockets and
// without waiting, over a store that breaks at every write, with hosts that are reset and die. `TRUNKLINE_CALLS=100000` is the long form.
import { expect, test } from 'vitest'
import { windowNames } from '../../src/budget.ts'
import type { TenantSettings } from '../../src/plan-settings.ts'
import { SqlSteps } from '../../src/sql-steps.ts'
import { expectAccounts, expectBounded, expectWhole, totalsOf, type Ledger, type Pages } from './accounts.ts'
import { printSeed, seed } from '../contract/seed.ts'
import { Agenda } from '../support/agenda.ts'
import type { Books } from '../support/books.ts'
import { BreakingSql, type Break } from '../support/crashes.ts'
import { chance, type Dice } from '../support/dice.ts'
import { PracticeTenant, practiceTenant, type HouseOptions } from '../support/practice-house.ts'
import { openSqlite, type Store } from './sqlite.ts'

const calls = Number(process.env['TRUNKLINE_CALLS'] ?? 1_000)
const timeout = 30_000 + 40 * calls
/** They talk for five minutes and more. */
const start = Date.parse('2026-11-30T23:57:00.000Z')
/** A call that was lost is closed after ten minutes; and a while for those that are asked again. */
const afterMs = 900_000
/** Of so many steps one breaks. */
const breaksOneIn = 8

/**
 * Half of all calls are of a tenant without budgets; those of the others end many a call before its time, or refuse it. The month ends for all
 * but one while they talk: for that one only the hour.
 */
const tenants: Record<string, Partial<TenantSettings>> = {
  ten_ample: { caps: { lines: 30, agents: {} } },
  ten_hourly: { caps: { lines: 12, agents: {} }, timezone: 'Europe/Lisbon', budgets: { tokensPerHour: 4_000 } },
  ten_called: { caps: { lines: 6, agents: {} }, timezone: 'America/New_York', callBudgets: { tokensPerHour: 150 } },
  ten_upgrade: { caps: { lines: 12, agents: {} }, overflow: 'upgrade', budgets: { spendUsdPerHour: 0.03 } },
}

interface Owned {
  house: PracticeTenant
  store: Store
  breaking: BreakingSql
}

async function ran(options: Omit<HouseOptions, 'calls' | 'gapMs'>): Promise<Owned[]> {
  const next = chance(seed)
  const dice: Dice = { seed, roll: (below) => Math.floor(next() * below) }
  const clock = new Agenda(start)
  const all = Object.entries(tenants).map(([id, settings], i) => {
    const store = openSqlite()
    const breaking = new BreakingSql(store)
    const own = { ...options, calls: Math.round(i === 0 ? calls / 2 : calls / 6), gapMs: i === 0 ? 1_000 : 2_000 }
    const open = () => new SqlSteps(id, breaking.sql, breaking.transact, clock)
    return { house: new PracticeTenant(practiceTenant(id, settings), clock, dice, own, open), store, breaking }
  })
  for (const { house, breaking } of all) {
    await house.begin()
    breaking.seen.clear()
    breaking.next = () => (dice.roll(breaksOneIn) > 0 ? undefined : somewhere(dice, breaking))
  }
  await clock.until(() => all.every(({ house }) => house.done))
  const over = clock.now() + afterMs
  await clock.until(() => clock.now() > over)
  for (const { breaking } of all) breaking.next = () => undefined
  await clock.until(() => clock.now() > over + 60_000)
  return all
}

/** A step writes some five to forty times; what is written seldom, and was never broken, is broken when it comes. */
function somewhere({ roll }: Dice, { seen, broken }: BreakingSql): Break {
  const when = roll(2) === 0 ? 'before' : 'after'
  const [all, whole] = [[...seen], [...seen].filter((write) => !broken.has(write))]
  const seldom = whole.length > 0 ? whole : all
  return { write: roll(2) === 0 ? (seldom[roll(seldom.length)] ?? 1) : 1 + roll(30), when }
}

function ledgerOf(store: Store): Ledger {
  return { used: pagesOf(store), cells: pagesOf(store, 'cells'), split: pagesOf(store, 'split') }
}

function pagesOf(store: Store, part = 'used'): Pages {
  const pages = new Map<string, Books>()
  for (const { name, json } of store.sql('SELECT * FROM packed WHERE name LIKE ?', `${part}:%`))
    pages.set(
      (name as string).slice(part.length + 1),
      Object.fromEntries(JSON.parse(json as string) as [string, number][]),
    )
  return pages
}

/** Nothing is left of a call but its record: no line, no hold, nothing that it told. */
function leftOf(store: Store): unknown[] {
  const kinds = ['leases', 'queue', 'missing', 'removed', 'held:%', 'debited:%', 'metered:%', 'call:%', 'load%']
  const named = 'SELECT name FROM roster WHERE name LIKE ? UNION SELECT name FROM packed WHERE name LIKE ?'
  return kinds.flatMap((kind) => store.sql(named, kind, kind)).map(({ name }) => name)
}

/** At each statement that writes, and at the commit. */
function expectBrokenEverywhere(all: readonly Owned[]): void {
  const everywhere = all.flatMap(({ breaking }) => [...breaking.seen]).filter((write) => !write.startsWith('CREATE'))
  const broken = new Set(all.flatMap(({ breaking }) => [...breaking.broken]))
  expect(new Set(everywhere).size).toBeGreaterThan(8)
  expect(everywhere.filter((write) => !broken.has(write))).toEqual([])
}

function tell(what: string, all: readonly Owned[], since: number): void {
  const sum = (of: (owned: Owned) => number): number => all.reduce((total, owned) => total + of(owned), 0)
  const accounts = all.flatMap(({ house }) => house.accounts())
  const tokens = sum(({ store }) => totalsOf(pagesOf(store), 'month')['tokens'] ?? 0)
  console.info(
    `${what}: ${sum(({ house }) => house.calls.length)} calls, ${sum(({ house }) => house.lives)} lives of desks, ` +
      `${sum(({ breaking }) => breaking.crashes)} breaks, ${accounts.length} reports, ${tokens} tokens in the ledgers, ` +
      `${accounts.filter(({ takenAt }) => takenAt === undefined).length} reports lost with their calls, ` +
      `${sum(({ house }) => house.alerts.length)} alerts, ${sum(({ store }) => pagesOf(store).size)} windows, ` +
      `${Math.round((performance.now() - since) / 100) / 10} s`,
  )
}

test(
  '[L1] [L6] over stores that break at every write, and desks that are reset, the ledger has what the provider reported: difference 0',
  { timeout },
  async () => {
    printSeed(`${calls} calls`)
    const since = performance.now()
    const all = await ran({ deathsOneIn: 0, resetEveryMs: 20_000 })
    for (const { house, store } of all) {
      await expectWhole(house, ledgerOf(store), house.id === 'ten_called' ? ['hour'] : windowNames)
      expect(leftOf(store)).toEqual([])
    }
    for (const { house } of all.slice(1)) await expectBounded(house)
    expectBrokenEverywhere(all)
    tell('breaks and resets', all, since)
  },
)

test(
  '[L1] a call whose host dies leaves out what it had not told, no more, and its record and the ledger say that it was lost',
  { timeout },
  async () => {
    const since = performance.now()
    const all = await ran({ deathsOneIn: 4, resetEveryMs: 20_000 })
    for (const { house, store } of all) {
      await expectAccounts(house, ledgerOf(store))
      expect(leftOf(store)).toEqual([])
    }
    const ample = all[0] as Owned
    expect(totalsOf(pagesOf(ample.store), 'month')['lost']).toBeGreaterThan(ample.house.calls.length / 30)
    const accounts = all.flatMap(({ house }) => house.accounts())
    expect(accounts.some(({ takenAt }) => takenAt === undefined)).toBe(true)
    tell('and deaths', all, since)
  },
)
