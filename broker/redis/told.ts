// What a desk in Redis answers, as the broker knows it: what JSON has and Lua has not (null, empty lists, long fractions) put back.
import type { Audited, AuditEntry } from '../../src/audit.ts'
import type { QueueReading } from '../../src/desk-queue.ts'
import type { UsageReading } from '../../src/desk-usage.ts'
import type { Gauges } from '../../src/desk-counts.ts'
import type { NextMessage } from '../../src/desk-outbox.ts'
import type { Series } from '../../src/metrics.ts'
import { callTerms, tenantOf, type Key } from '../../src/plan.ts'
import type { Admission, CallRecord } from '../../src/ports.ts'
import type { KeptCall } from '../../src/records.ts'
import type { Decision } from '../../src/admission.ts'
import type { DeskReading } from '../../src/tenant-desk.ts'
import type { Affected, Heard, Left } from '../../src/desk-books.ts'
import { unheard } from '../../src/sql-steps.ts'
import { listed } from './call.ts'

/** Documents cross as they were written. */
type Text = string

export interface ToldDecision extends Decision {
  /** Where terms follow from them. */
  tenant?: Text
  key?: Text
}

export function decisionOf({ admission, lacks, tenant, key }: ToldDecision): Decision {
  if (tenant === undefined || key === undefined) return { admission, lacks }
  const terms = callTerms(tenantOf(JSON.parse(tenant) as object), JSON.parse(key) as Key)
  const etaMs = admission.is === 'queued' && { etaMs: admission.etaMs ?? null }
  return { admission: { ...admission, terms, ...etaMs } as Admission, lacks }
}

/** A desk that nobody owns lets everybody go on. */
export function heardOf(heard: Heard | undefined): Heard {
  return heard === undefined ? unheard : { ...heard, alerts: listed(heard.alerts) }
}

export function leftOf(left: Left | undefined): Left {
  return { waits: left?.waits ?? false, alerts: listed(left?.alerts ?? []) }
}

export function affectedOf(affected: Affected | undefined): Affected {
  const { calls = [], refusal, spent = [] } = affected ?? {}
  return { calls: listed(calls), refusal, spent: listed(spent) }
}

export type ToldReading = Omit<DeskReading, 'tenant'> & { tenant: Text }

export function readingOf({ tenant, ...rest }: ToldReading): DeskReading {
  return {
    tenant: tenantOf(JSON.parse(tenant) as object),
    ...rest,
    budgets: listed(rest.budgets),
    suspended: rest.suspended ?? null,
  }
}

export type ToldUsage = Omit<UsageReading, 'timezone'> & { tenant: Text }

export function usageOf({ tenant, buckets, ...rest }: ToldUsage): UsageReading {
  const { timezone } = tenantOf(JSON.parse(tenant) as object)
  const read = listed(buckets).map(({ starts, ends, parts }) => ({ starts, ends, parts: listed(parts) }))
  return { timezone, ...rest, buckets: read }
}

export type ToldCall = Omit<Partial<KeptCall>, 'record'> & { record?: Text }

export function callOf({ record, ...call }: ToldCall): KeptCall {
  const known = { agent: null, admitted: null, ended: null, ...call } as KeptCall
  const times = { firstAudioMs: null, connectMs: null, silentMs: null }
  const figures = { firstMinuteTokens: null, firstReplyTokens: null, tokensPerMinute: null, cachedShare: null }
  const unknown = { ...times, ...figures }
  return { ...known, record: record === undefined ? null : { ...unknown, ...(JSON.parse(record) as CallRecord) } }
}

export function callsOf(calls: ToldCall[]): KeptCall[] {
  return listed(calls).map(callOf)
}

/** Entries cross as they are kept. */
export function auditOf(entries: Text[]): Audited[] {
  return listed(entries).map((text) => {
    const { id, at, entry } = JSON.parse(text) as Pick<Audited, 'id' | 'at'> & { entry: AuditEntry }
    return Object.assign({ id, at }, entry)
  })
}

export function queueOf(reading: QueueReading): QueueReading {
  const data = listed(reading.data).map((waiting) => Object.assign({ eta_ms: null, agent: null }, waiting))
  return { ...reading, oldest_wait_ms: reading.oldest_wait_ms ?? null, data }
}

/** Without an owner nothing waits. What a message has not is null in its body, whatever its home. */
export function nextOf(next: NextMessage | undefined): NextMessage {
  if (next === undefined) return { is: 'none', afterMs: null }
  return next.is === 'due' ? next : { is: 'none', afterMs: next.afterMs ?? null }
}

export interface ToldReport {
  plan: string
  gauges: Gauges
  /** Pool → names and values in turn. */
  sums: Record<string, string[]>
}

export function sumsOf({ sums }: ToldReport): Record<string, Series> {
  const series = Object.entries(sums).map(([pool, flat]) => [pool, pairsOf(flat)] as const)
  return Object.fromEntries(series)
}

/** Names and their numbers, from names and values in turn. */
export function pairsOf(flat: readonly string[]): Record<string, number> {
  const pairs: Record<string, number> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) pairs[flat[i] as string] = Number(flat[i + 1])
  return pairs
}
