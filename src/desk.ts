// One tenant's desk: its gate, ledger, keys and records over one SQL store, each step one transaction. Knows no host and no socket.
import { admit, live, release, renew, type Desk, type Lines } from './gate.ts'
import { balances, debit, post, type Entry } from './ledger.ts'
import { leaseTtlMs } from './limits.ts'
import { Meters, type Series } from './metrics.ts'
import { callTerms, keyValid, linesOf, type Key, type Tenant } from './plan.ts'
import type { Admission, CallRecord, CallRef, Offer, Renewal } from './ports.ts'
import { SqlRecords } from './records-sql.ts'
import type { Refusal } from './refusal.ts'
import { SqlRegistry } from './registry-sql.ts'
import { SqlRoster } from './roster-sql.ts'
import type { Sql, Transact } from './sql.ts'
import { windowsAt } from './window.ts'

/** Accounts of the ledger that are shown. */
export const accounts = [
  'calls',
  'live_ms',
  'replies',
  'input_text',
  'input_audio',
  'input_image',
  'input_unknown',
  'cached_text',
  'cached_audio',
  'cached_image',
  'cached_unknown',
  'output_text',
  'output_audio',
  'output_unknown',
  'transcribed_ms',
  'micro_usd',
  'unpriced',
  'unreported',
  'partial',
] as const
export type Balances = Record<(typeof accounts)[number], number>

export interface DeskReading {
  tenant: Tenant
  lines: { live: number; cap: number }
  usage: { day: Balances; month: Balances }
}

/** A call that lost its lease and never came back is closed after this long: its own object reports it long before. */
const lostAfterMs = 600_000

export class SqlDesk {
  readonly registry: SqlRegistry
  readonly records: SqlRecords
  readonly #sql: Sql
  readonly #transact: Transact
  readonly #meters = new Map<string, Meters>()

  constructor(sql: Sql, transact: Transact) {
    this.#sql = sql
    this.#transact = transact
    this.registry = new SqlRegistry(sql)
    this.records = new SqlRecords(sql)
  }

  /** Makes the tables. Not before a tenant is made: a desk that nobody owns writes nothing. */
  static prepare(sql: Sql): void {
    for (const home of [SqlRoster, SqlRegistry, SqlRecords]) home.prepare(sql)
    sql('CREATE TABLE IF NOT EXISTS meter (pool TEXT PRIMARY KEY, json TEXT NOT NULL)')
  }

  admit(offer: Offer, now: number): Admission {
    return this.#transact(() => {
      const tenant = this.registry.tenant()
      const key = tenant && this.registry.keyByHash(offer.keyHash)
      if (tenant === undefined || key === undefined) return { is: 'refused', refusal: { why: 'key_unknown' } }
      const admission = this.#decide(offer, tenant, key, now)
      const [decision, reason] =
        admission.is === 'granted' ? ['admitted', 'granted'] : ['refused', admission.refusal.why]
      this.#meter(offer.pool).count('trunkline_admissions_total', { plan: tenant.plan, decision, reason })
      return admission
    })
  }

  renew(ref: CallRef, now: number): Renewal {
    return this.#transact(() => {
      const key = this.registry.key(ref.key)
      if (key === undefined || !keyValid(key, now)) return { is: 'withdrawn', refusal: { why: 'key_withdrawn' } }
      // A heartbeat that comes after the end, or one of a call that was given up for lost: it would hold a line that nobody frees.
      if (this.records.isClosed(ref.call)) return { is: 'withdrawn', refusal: { why: 'call_reset' } }
      const tenant = this.registry.tenant()
      if (tenant !== undefined) renew(this.#desk(tenant, key, ref.agent), ref.call, { now, ttlMs: leaseTtlMs })
      return { is: 'kept' }
    })
  }

  /** Debits what was not debited before. A call that has ended brought its last reports with its end. */
  debit(ref: CallRef, entries: readonly Entry[], now: number): void {
    this.#transact(() => {
      if (this.records.isOpen(ref.call)) this.#debit(ref, entries, now)
    })
  }

  end(ref: CallRef, entries: readonly Entry[], record: CallRecord, now: number): void {
    this.#transact(() => {
      const [tenant, key] = [this.registry.tenant(), this.registry.key(ref.key)]
      if (tenant === undefined) return
      release(this.#desk(tenant, key, ref.agent), ref.call)
      if (!this.records.isOpen(ref.call)) return
      this.#debit(ref, entries, now)
      this.#close(ref, tenant, record, now)
    })
  }

  /** Finds calls whose lease ran out, and closes those that stayed away. */
  sweep(now: number): void {
    this.#transact(() => {
      const tenant = this.registry.tenant()
      if (tenant === undefined) return
      for (const key of this.registry.keys()) live(this.#desk(tenant, key, null), now)
      for (const agent of Object.keys(tenant.caps.agents)) live(this.#desk(tenant, undefined, agent), now)
      const [leases, missing] = [this.#roster('leases'), this.#roster('missing')]
      for (const { id, key, agent, pool, model, began } of this.records.openCalls()) {
        if (leases.get(id) !== undefined) missing.delete(id)
        else if (missing.get(id) === undefined) missing.set(id, now)
        else if (now - (missing.get(id) ?? now) >= lostAfterMs) {
          this.#close({ call: id, tenant: tenant.id, key, agent, pool }, tenant, lostRecord(model, now - began), now)
        }
      }
    })
  }

  read(now: number): DeskReading | undefined {
    const tenant = this.registry.tenant()
    if (tenant === undefined) return undefined
    const { day, month } = windowsAt(now)
    const ledger = this.#roster('accounts')
    return {
      tenant,
      lines: { live: live(this.#desk(tenant, undefined, null), now), cap: linesOf(tenant) },
      usage: { day: balances(ledger, day, accounts), month: balances(ledger, month, accounts) },
    }
  }

  /** What this desk adds to `/metrics`, by pool; kept, so that counters outlive the object. */
  report(now: number): Record<string, Series> {
    const tenant = this.registry.tenant()
    const reports: Record<string, Series> = {}
    for (const pool of this.#pools()) {
      const { series } = this.#meter(pool)
      this.#sql(
        'INSERT INTO meter VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json',
        pool,
        JSON.stringify(series),
      )
      reports[pool] = { ...series }
    }
    const first = Object.values(reports)[0]
    if (tenant !== undefined && first !== undefined) {
      const gauges = new Meters(first)
      gauges.count('trunkline_calls_live', { plan: tenant.plan }, live(this.#desk(tenant, undefined, null), now))
      gauges.count('trunkline_calls_cap', { plan: tenant.plan }, linesOf(tenant))
    }
    return reports
  }

  #decide(offer: Offer, tenant: Tenant, key: Key, now: number): Admission {
    const refusal = this.#unfit(offer, tenant, key, now)
    if (refusal !== undefined) return { is: 'refused', refusal }
    const desk = this.#desk(tenant, key, offer.agent)
    const verdict = admit(desk, offer.call, { now, ttlMs: leaseTtlMs })
    if (verdict.is === 'full') {
      const cap = desk.find((lines) => lines.of === verdict.of)?.cap ?? 0
      return { is: 'refused', refusal: { why: 'lines_full', details: { scope: verdict.of, cap } } }
    }
    this.records.open({
      id: offer.call,
      key: key.id,
      agent: offer.agent,
      model: offer.model,
      pool: offer.pool,
      began: now,
    })
    return { is: 'granted', terms: callTerms(tenant, key) }
  }

  #unfit(offer: Offer, tenant: Tenant, key: Key, now: number): Refusal | undefined {
    if (!keyValid(key, now)) return { why: 'key_revoked' }
    if (offer.unserved !== null) return offer.unserved
    const models = offer.models.filter((model) => tenant.models === null || tenant.models.includes(model))
    if (offer.model === '') return { why: 'model_missing', details: { models: models.join(', ') } }
    if (!models.includes(offer.model))
      return { why: 'model_unknown', details: { model: offer.model, models: models.join(', ') } }
    return undefined
  }

  #debit(ref: CallRef, entries: readonly Entry[], now: number): void {
    const books = { accounts: this.#roster('accounts'), debited: this.#roster(`debited:${ref.call}`) }
    const plan = this.registry.tenant()?.plan ?? 'trial'
    const windows = Object.values(windowsAt(now))
    for (const entry of entries) if (debit(books, entry, windows)) this.#count(ref.pool, plan, entry)
  }

  #count(pool: string, plan: string, { amounts }: Entry): void {
    const meter = this.#meter(pool)
    for (const [account, amount] of Object.entries(amounts)) {
      const [direction = '', modality] = account.split('_')
      if (account === 'micro_usd') meter.count('trunkline_spend_microusd_total', { plan }, amount)
      else if (account === 'unpriced') meter.count('trunkline_unpriced_reports_total', { plan })
      else if (account === 'unreported') meter.count('trunkline_unreported_replies_total', { plan })
      else if (modality !== undefined && ['input', 'cached', 'output'].includes(direction)) {
        meter.count('trunkline_tokens_total', { plan, direction, modality }, amount)
      }
    }
  }

  #close(ref: CallRef, tenant: Tenant, record: CallRecord, now: number): void {
    if (!this.records.close(ref.call, now, record)) return
    this.#roster('missing').delete(ref.call)
    this.#roster(`debited:${ref.call}`).purge(Number.MAX_SAFE_INTEGER)
    post(this.#roster('accounts'), { calls: 1, live_ms: record.liveMs }, Object.values(windowsAt(now)))
    const [meter, labels] = [this.#meter(ref.pool), { plan: tenant.plan }]
    meter.count('trunkline_call_ends_total', { ...labels, by: record.outcome.by, reason: record.outcome.why })
    meter.count('trunkline_voice_seconds_total', labels, record.liveMs / 1000)
    meter.observe('trunkline_overhead_seconds', labels, record.overheadMs / 1000)
    meter.observe('trunkline_call_duration_seconds', labels, record.liveMs / 1000)
    if (record.connectMs !== null) meter.observe('trunkline_upstream_connect_seconds', labels, record.connectMs / 1000)
    if (record.firstAudioMs !== null) meter.observe('trunkline_first_audio_seconds', labels, record.firstAudioMs / 1000)
  }

  #desk(tenant: Tenant, key: Key | undefined, agent: string | null): Desk {
    const desk: Lines[] = [{ of: 'tenant', leases: this.#roster('leases'), cap: linesOf(tenant) }]
    if (key !== undefined && key.lines !== null)
      desk.push({ of: 'key', leases: this.#roster(`leases:${key.id}`), cap: key.lines })
    const agentCap = agent !== null && Object.hasOwn(tenant.caps.agents, agent) ? tenant.caps.agents[agent] : undefined
    if (agentCap !== undefined) desk.push({ of: 'agent', leases: this.#roster(`leases:agent:${agent}`), cap: agentCap })
    return desk
  }

  #roster(name: string): SqlRoster {
    return new SqlRoster(this.#sql, name)
  }

  #meter(pool: string): Meters {
    let meter = this.#meters.get(pool)
    if (meter === undefined) {
      const json = this.#sql('SELECT json FROM meter WHERE pool = ?', pool)[0]?.['json']
      this.#meters.set(pool, (meter = new Meters(typeof json === 'string' ? (JSON.parse(json) as Series) : {})))
    }
    return meter
  }

  #pools(): string[] {
    const stored = this.#sql('SELECT pool FROM meter').map((row) => row['pool'] as string)
    return [...new Set([...stored, ...this.#meters.keys()])]
  }
}

/** The record of a call whose broker was lost with all it knew. */
export function lostRecord(model: string, liveMs: number): CallRecord {
  const outcome = { by: 'broker', why: 'call_reset', code: 1006, reason: '', inReply: false } as const
  const nothing = {
    waitedMs: 0,
    tokens: 0,
    microUsd: 0,
    replies: 0,
    firstAudioMs: null,
    peakContextTokens: 0,
    overheadMs: 0,
    connectMs: null,
  }
  return { model, outcome, liveMs, ...nothing }
}
