// What a desk counts for `/metrics`, by pool; kept, so that counters outlive the object. Knows no rule. Rules M1, M3.
import type { Entry } from './ledger.ts'
import { Meters, type Series } from './metrics.ts'
import type { Admission, CallRecord } from './ports.ts'
import type { KeptCall } from './records-sql.ts'
import type { Sql, Transact } from './sql.ts'

/** How a desk stands now; `waiting` by pool. */
export interface Gauges {
  live: number
  cap: number
  oldestWaitMs: number
  waiting: Readonly<Record<string, number>>
}

export class DeskCounts {
  readonly #sql: Sql
  readonly #meters = new Map<string, Meters>()
  /** Pools of which something was counted in the step under way. */
  readonly #counted = new Set<string>()

  constructor(sql: Sql) {
    this.#sql = sql
  }

  static prepare(sql: Sql): void {
    sql('CREATE TABLE IF NOT EXISTS meter (pool TEXT PRIMARY KEY, json TEXT NOT NULL)')
  }

  /** `transact`, and what its work counts is kept or undone with the rest of it: a desk that is reset has counted what it decided. */
  kept(transact: Transact): Transact {
    return (work) => {
      try {
        return transact(() => {
          const result = work()
          this.#keep()
          return result
        })
      } catch (error) {
        this.#meters.clear()
        throw error
      }
    }
  }

  offered(pool: string, plan: string): void {
    this.#meter(pool).count('trunkline_calls_offered_total', { plan })
  }

  admitted(pool: string, plan: string, waitedMs: number): void {
    this.#meter(pool).count('trunkline_admissions_total', { plan, decision: 'admitted', reason: 'granted' })
    if (waitedMs > 0) {
      this.#meter(pool).observe('trunkline_queue_wait_seconds', { plan, outcome: 'served' }, waitedMs / 1000)
    }
  }

  turnedAway(pool: string, plan: string, admission: Admission): void {
    const reason = admission.is === 'refused' ? admission.refusal.why : 'queue_full'
    this.#meter(pool).count('trunkline_admissions_total', { plan, decision: 'refused', reason })
  }

  /** It waited and never had a line: it hung up, or was sent away. */
  unserved(pool: string, plan: string, { outcome, waitedMs }: CallRecord): void {
    const abandoned = outcome.why === 'hung_up' || outcome.why === 'call_reset'
    const decision = abandoned ? 'abandoned' : 'refused'
    this.#meter(pool).count('trunkline_admissions_total', { plan, decision, reason: outcome.why })
    this.#meter(pool).observe('trunkline_queue_wait_seconds', { plan, outcome: decision }, waitedMs / 1000)
  }

  debited(pool: string, plan: string, { amounts }: Entry): void {
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

  ended(pool: string, plan: string, record: CallRecord): void {
    const [meter, labels] = [this.#meter(pool), { plan }]
    meter.count('trunkline_call_ends_total', { ...labels, by: record.outcome.by, reason: record.outcome.why })
    meter.count('trunkline_voice_seconds_total', labels, record.liveMs / 1000)
    meter.observe('trunkline_overhead_seconds', labels, record.overheadMs / 1000)
    meter.observe('trunkline_call_duration_seconds', labels, record.liveMs / 1000)
    if (record.connectMs !== null) meter.observe('trunkline_upstream_connect_seconds', labels, record.connectMs / 1000)
    if (record.firstAudioMs !== null) meter.observe('trunkline_first_audio_seconds', labels, record.firstAudioMs / 1000)
  }

  /**
   * Sums by pool. Who waits stands with the pool that it was counted for when it came, so that each report balances by itself
   * whichever of them is read before the others (M3); the other gauges stand with the first pool.
   */
  report(plan: string, now: Gauges): Record<string, Series> {
    const reports: Record<string, Series> = {}
    for (const pool of this.#sql('SELECT pool FROM meter').map((row) => row['pool'] as string)) {
      const report = new Meters({ ...this.#stored(pool).series })
      report.count('trunkline_calls_waiting', { plan }, now.waiting[pool] ?? 0)
      reports[pool] = report.series
    }
    const first = Object.values(reports)[0]
    if (first !== undefined) {
      const gauges = new Meters(first)
      gauges.count('trunkline_calls_live', { plan }, now.live)
      gauges.count('trunkline_calls_cap', { plan }, now.cap)
      gauges.count('trunkline_queue_oldest_wait_seconds', { plan }, now.oldestWaitMs / 1000)
    }
    return reports
  }

  #keep(): void {
    const put = 'INSERT INTO meter VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json'
    for (const pool of this.#counted) this.#sql(put, pool, JSON.stringify(this.#stored(pool).series))
    this.#counted.clear()
  }

  #meter(pool: string): Meters {
    this.#counted.add(pool)
    return this.#stored(pool)
  }

  #stored(pool: string): Meters {
    let meter = this.#meters.get(pool)
    if (meter === undefined) {
      const json = this.#sql('SELECT json FROM meter WHERE pool = ?', pool)[0]?.['json']
      this.#meters.set(pool, (meter = new Meters(typeof json === 'string' ? (JSON.parse(json) as Series) : {})))
    }
    return meter
  }
}

/** The record of a call whose broker was lost with all it knew. */
export function lostRecord(model: string, liveMs: number, waitedMs = 0): CallRecord {
  const outcome = { by: 'broker', why: 'call_reset', code: 1006, reason: '', inReply: false } as const
  const nothing = {
    tokens: 0,
    microUsd: 0,
    replies: 0,
    firstAudioMs: null,
    peakContextTokens: 0,
    firstMinuteTokens: null,
    overheadMs: 0,
    connectMs: null,
  }
  return { model, outcome, waitedMs, liveMs, ...nothing }
}

/** A call that was reset has forgotten how long it waited; its desk has not. */
export function lost({ model, began, admitted }: KeptCall, now: number): CallRecord {
  return lostRecord(model, admitted === null ? 0 : now - admitted, (admitted ?? now) - began)
}
