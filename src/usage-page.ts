// A page of what was used as people and programs get it: OpenAI's shape of usage, grouped as they asked. Pure. Rule L9.
import { isoOf } from './calendar.ts'
import { accounts, type Balances } from './desk-ledger.ts'
import type { UsageBucket, UsageReading } from './desk-usage.ts'
import { cellOf, type Cell } from './ledger.ts'

export const groupings = ['key', 'agent', 'model'] as const
export type Grouping = (typeof groupings)[number]

/** null where it is not grouped by that, or where there is none. */
export type Labels = Record<Grouping, string | null>

export type UsageResult = { object: 'usage.result' } & Labels & Balances

export interface Bucket {
  object: 'bucket'
  /** Seconds since 1970. */
  start_time: number
  end_time: number
  results: UsageResult[]
}

export interface UsagePage {
  object: 'page'
  /** ISO 8601, UTC. */
  as_of: string
  timezone: string
  data: Bucket[]
  has_more: boolean
  next_page: string | null
}

export function usagePage({ now, timezone, buckets, next }: UsageReading, by: readonly Grouping[]): UsagePage {
  return {
    object: 'page',
    as_of: isoOf(now),
    timezone,
    data: buckets.map((bucket) => bucketOf(bucket, by)),
    has_more: next !== undefined,
    next_page: next === undefined ? null : `page_${next / 1000}`,
  }
}

/** Where a page begins (ms since 1970); undefined for what is no name of a page. */
export function pageStart(page: string): number | undefined {
  const [, seconds] = /^page_(\d{1,11})$/.exec(page) ?? []
  return seconds === undefined ? undefined : Number(seconds) * 1000
}

function bucketOf({ starts, ends, parts }: UsageBucket, by: readonly Grouping[]): Bucket {
  const groups = new Map<string, UsageResult>()
  for (const { cell, amounts } of parts) {
    const labels = labelsOf(cell, by)
    const name = JSON.stringify([labels.key, labels.agent, labels.model])
    const result = groups.get(name) ?? nothing(labels)
    for (const account of accounts) result[account] += amounts[account] ?? 0
    groups.set(name, result)
  }
  const named = [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return { object: 'bucket', start_time: starts / 1000, end_time: ends / 1000, results: named.map(([, one]) => one) }
}

function labelsOf(cell: string, by: readonly Grouping[]): Labels {
  const whole: Cell = cellOf(cell)
  const label = (grouping: Grouping): string | null => (by.includes(grouping) ? whole[grouping] : null)
  return { key: label('key'), agent: label('agent'), model: label('model') }
}

function nothing(labels: Labels): UsageResult {
  const none = Object.fromEntries(accounts.map((account) => [account, 0])) as Balances
  return { object: 'usage.result', ...labels, ...none }
}
