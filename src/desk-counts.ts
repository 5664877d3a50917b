// What a desk counts for `/metrics`, by pool. Knows no rule and no store. Rules M1, M3.
import type { Alert } from './desk-budget.ts'
import type { Counts } from './desk-homes.ts'
import type { Entry } from './ledger.ts'
import { count, Meters, observe, type MetricName, type Series } from './metrics.ts'
import type { Admission, CallRecord, Metered } from './ports.ts'
import type { KeptCall } from './records.ts'

/** How a desk stands now; `waiting` by pool. */
export interface Gauges {
  live: number
  cap: number
  oldestWaitMs: number
  waiting: Readonly<Record<string, number>>
  /** Those that a webhook has still to be told. */
  messages: number
  oldestMessageMs: number
}

type Labels = Record<string, string>

export class DeskCounts {
  readonly #home: Counts

  constructor(home: Counts) {
    this.#home = home
  }

  offered(pool: string, plan: string): void {
    this.#count(pool, 'trunkline_calls_offered_total', { plan })
  }

  admitted(pool: string, plan: string, waitedMs: number): void {
    this.#count(pool, 'trunkline_admissions_total', { plan, decision: 'admitted', reason: 'granted' })
    if (waitedMs > 0) this.#observe(pool, 'trunkline_queue_wait_seconds', { plan, outcome: 'served' }, waitedMs / 1000)
  }

  turnedAway(pool: string, plan: string, admission: Admission): void {
    const reason = admission.is === 'refused' || admission.is === 'full' ? admission.refusal.why : admission.is
    this.#count(pool, 'trunkline_admissions_total', { plan, decision: 'refused', reason })
  }

  /** It has a line at once, which a cap that is only tried would not have given it. */
  wouldWait(pool: string, plan: string): void {
    this.#count(pool, 'trunkline_shadow_refusals_total', { plan })
  }

  /** It waited and never had a line: it hung up, or was sent away. */
  unserved(pool: string, plan: string, { outcome, waitedMs }: CallRecord): void {
    const abandoned = outcome.why === 'hung_up' || outcome.why === 'call_reset'
    const decision = abandoned ? 'abandoned' : 'refused'
    this.#count(pool, 'trunkline_admissions_total', { plan, decision, reason: outcome.why })
    this.#observe(pool, 'trunkline_queue_wait_seconds', { plan, outcome: decision }, waitedMs / 1000)
  }

  debited(pool: string, plan: string, { amounts }: Entry): void {
    for (const [account, amount] of Object.entries(amounts)) {
      const [direction = '', modality] = account.split('_')
      if (account === 'micro_usd') this.#count(pool, 'trunkline_spend_microusd_total', { plan }, amount)
      else if (account === 'unpriced') this.#count(pool, 'trunkline_unpriced_reports_total', { plan })
      else if (account === 'unreported') this.#count(pool, 'trunkline_unreported_usage_total', { plan })
      else if (modality !== undefined && ['input', 'cached', 'output'].includes(direction)) {
        this.#count(pool, 'trunkline_tokens_total', { plan, direction, modality }, amount)
      }
    }
  }

  metered(pool: string, plan: string, { live_ms, micro_usd }: Metered): void {
    if (live_ms > 0) this.#count(pool, 'trunkline_voice_seconds_total', { plan }, live_ms / 1000)
    if (micro_usd > 0) this.#count(pool, 'trunkline_spend_microusd_total', { plan }, micro_usd)
  }

  alerted(pool: string, plan: string, alert: Alert): void {
    if (alert.is === 'suspended') return this.#count(pool, 'trunkline_suspensions_total', { plan })
    const { level, account, window, shadow } = alert
    const labels = { plan, level, account, window, shadow: shadow ? 'true' : 'false' }
    this.#count(pool, 'trunkline_budget_alerts_total', labels)
  }

  ended(pool: string, plan: string, record: CallRecord): void {
    const labels = { plan }
    const {
      outcome,
      liveMs,
      overheadMs,
      connectMs,
      firstAudioMs,
      microUsd,
      tokensPerMinute,
      heldTokens,
      settledTokens,
    } = record
    this.#count(pool, 'trunkline_call_ends_total', { plan, by: outcome.by, reason: outcome.why })
    this.#observe(pool, 'trunkline_overhead_seconds', labels, overheadMs / 1000)
    this.#observe(pool, 'trunkline_call_duration_seconds', labels, liveMs / 1000)
    if (liveMs > 0) this.#observe(pool, 'trunkline_call_cost_usd', labels, microUsd / 1_000_000)
    if (tokensPerMinute !== null) this.#observe(pool, 'trunkline_call_tokens_per_minute', labels, tokensPerMinute)
    this.#count(pool, 'trunkline_held_tokens_total', labels, heldTokens)
    this.#count(pool, 'trunkline_settled_tokens_total', labels, settledTokens)
    if (connectMs !== null) this.#observe(pool, 'trunkline_upstream_connect_seconds', labels, connectMs / 1000)
    if (firstAudioMs !== null) this.#observe(pool, 'trunkline_first_audio_seconds', labels, firstAudioMs / 1000)
  }

  /** An attempt to tell a webhook. A desk without a pool had no call, and so no message. */
  delivery(pool: string | undefined, outcome: string): void {
    if (pool !== undefined) this.#count(pool, 'trunkline_webhook_deliveries_total', { outcome })
  }

  dropped(pool: string | undefined, messages: number): void {
    if (pool !== undefined && messages > 0) this.#count(pool, 'trunkline_webhook_messages_dropped_total', {}, messages)
  }

  /** The sums by pool. */
  sums(): Record<string, Series> {
    return Object.fromEntries(this.#home.pools().map((pool) => [pool, this.#home.series(pool)]))
  }

  #count(pool: string, name: MetricName, labels: Labels, by = 1): void {
    count((series, more) => this.#home.add(pool, series, more), name, labels, by)
  }

  #observe(pool: string, name: MetricName, labels: Labels, value: number): void {
    observe((series, more) => this.#home.add(pool, series, more), name, labels, value)
  }
}

/**
 * What a desk adds to `/metrics`, by pool. Who waits stands with the pool that it was counted for when it came, so that each report
 * balances by itself whichever of them is read before the others (M3); the other gauges stand with the first pool.
 */
export function reportOf(sums: Record<string, Series>, plan: string, now: Gauges): Record<string, Series> {
  const reports = Object.entries(sums).map(([pool, series]) => ({ pool, report: new Meters({ ...series }) }))
  reports.sort((a, b) => (a.pool < b.pool ? -1 : 1))
  for (const { pool, report } of reports) report.count('trunkline_calls_waiting', { plan }, now.waiting[pool] ?? 0)
  const first = reports[0]?.report
  first?.count('trunkline_calls_live', { plan }, now.live)
  first?.count('trunkline_calls_cap', { plan }, now.cap)
  first?.count('trunkline_queue_oldest_wait_seconds', { plan }, now.oldestWaitMs / 1000)
  first?.count('trunkline_webhook_messages_waiting', {}, now.messages)
  first?.count('trunkline_webhook_oldest_wait_seconds', {}, now.oldestMessageMs / 1000)
  return Object.fromEntries(reports.map(({ pool, report }) => [pool, report.series]))
}

/** The record of a call whose broker was lost with all it knew. */
export function lostRecord(model: string, liveMs: number, waitedMs = 0): CallRecord {
  const outcome = { by: 'broker', why: 'call_reset', code: 1006, reason: '', inReply: false } as const
  const nothing = {
    tokens: 0,
    microUsd: 0,
    timeMicroUsd: 0,
    replies: 0,
    tokensPerMinute: null,
    cachedShare: null,
    heldTokens: 0,
    settledTokens: 0,
    firstReplyTokens: null,
    silentMs: null,
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
