// What a tenant has used, hour by hour or day by day of its clock, as it stands in its ledger: a page of buckets. Groups nothing. Rules L5, L9.
import type { Registry } from './desk-homes.ts'
import type { DeskPages } from './desk-pages.ts'
import type { Amounts, Page } from './ledger.ts'
import { usageEntriesMost } from './limits.ts'
import type { Roster } from './roster.ts'
import { spansOf } from './window.ts'

export interface UsageAsk {
  of: 'hour' | 'day'
  /** From the bucket in which this falls to the last that begins before `until` (ms since 1970). */
  from: number
  until: number
  /** Buckets at most: the first ones, or the last. */
  most: number
  last: boolean
  /** By cells, not as one sum. */
  apart: boolean
}

export interface UsageReading {
  /** When it was read (ms since 1970). */
  now: number
  /** Of the tenant's clock. */
  timezone: string
  buckets: UsageBucket[]
  /** Where the next page begins (ms since 1970), if there is one. */
  next?: number
}

export interface UsageBucket {
  starts: number
  ends: number
  parts: UsagePart[]
}

export interface UsagePart {
  /** The text of a cell (src/ledger.ts); empty where nothing is told apart. */
  cell: string
  amounts: Amounts
}

export class DeskUsage {
  readonly #registry: Registry
  readonly #pages: DeskPages

  constructor(registry: Registry, pages: DeskPages) {
    this.#registry = registry
    this.#pages = pages
  }

  /** A window of another clock, that the tenant had before, counts in the bucket in which it ended. */
  reading({ of, from, until, most, last, apart }: UsageAsk, now: number): UsageReading | undefined {
    const tenant = this.#registry.tenant()
    if (tenant === undefined) return undefined
    const { timezone } = tenant
    const all = spansOf(of, from, until, last ? Infinity : most + 1, this.#registry.zone(tenant, now))
    const spans = last ? all.slice(-most) : all
    const pages = this.#pages.between(of, spans[0]?.starts ?? from, spans[spans.length - 1]?.ends ?? from)
    const buckets: UsageBucket[] = []
    let [entries, at] = [0, 0]
    for (const { starts, ends } of spans) {
      if (buckets.length === most || entries >= usageEntriesMost) return { now, timezone, buckets, next: starts }
      const sums = new Sums()
      for (let page = pages[at]; page !== undefined && page.window.ends <= ends; page = pages[at]) {
        entries += read(page, apart, sums)
        at += 1
      }
      buckets.push({ starts, ends, parts: sums.parts })
    }
    return { now, timezone, buckets }
  }
}

/** Cell and account → what comes to them, in the order in which cells came. */
class Sums {
  readonly parts: UsagePart[] = []
  readonly #at: Record<string, Record<string, number>> = {}

  add(cell: string, account: string, amount: number): void {
    let amounts = this.#at[cell]
    if (amounts === undefined) {
      amounts = {}
      this.#at[cell] = amounts
      this.parts.push({ cell, amounts })
    }
    amounts[account] = (amounts[account] ?? 0) + amount
  }
}

/** How many entries were read. */
function read({ used, apart }: Page, byCell: boolean, sums: Sums): number {
  if (!byCell || apart === undefined) {
    const accounts = namesIn(used)
    for (const account of accounts) sums.add('', account, used.get(account) ?? 0)
    return accounts.length
  }
  const cells: Record<string, string> = {}
  for (const cell of namesIn(apart.cells)) cells[`${apart.cells.get(cell) ?? 0}`] = cell
  const names = namesIn(apart.split)
  for (const name of names) {
    const slash = name.indexOf('/')
    sums.add(cells[name.slice(0, slash)] ?? '', name.slice(slash + 1), apart.split.get(name) ?? 0)
  }
  return names.length
}

function namesIn(roster: Roster): string[] {
  return roster.first(roster.size())
}
