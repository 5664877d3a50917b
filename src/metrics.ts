// The catalogue of metrics, and series as names with numbers that can be added up. Knows no registry and no host. Rules M1, M2.

type Kind = 'counter' | 'gauge' | 'histogram'

export interface Metric {
  kind: Kind
  help: string
  labels: readonly string[]
  /** Upper edges of a histogram, in its unit. */
  buckets?: readonly number[]
  /** What several desks come to: the sum, where nothing is said. */
  combine?: 'sum' | 'max'
  /** Tells who is there now: of a desk that is not heard any more it is not known. */
  presence?: true
}

const seconds = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.4, 2, 3, 5, 10] as const

export const catalogue = {
  trunkline_build_info: { kind: 'gauge', help: 'Always 1; the labels say what runs.', labels: ['version', 'host'] },
  trunkline_calls_live: { kind: 'gauge', help: 'Calls that hold a line now.', labels: ['plan'], presence: true },
  trunkline_calls_cap: { kind: 'gauge', help: 'Lines that the tenants of a plan may use together.', labels: ['plan'] },
  trunkline_calls_waiting: {
    kind: 'gauge',
    help: 'Callers that wait now, or hear that their wait was in vain.',
    labels: ['plan'],
    presence: true,
  },
  trunkline_queue_oldest_wait_seconds: {
    kind: 'gauge',
    help: 'The longest wait of those who are in a queue: of all tenants of the plan, as last reported (at most 15 s ago); 0 when nobody waits.',
    labels: ['plan'],
    combine: 'max',
    presence: true,
  },
  trunkline_calls_offered_total: {
    kind: 'counter',
    help: 'Calls offered with a good key: admitted, waiting, refused and abandoned ones together.',
    labels: ['plan'],
  },
  trunkline_queue_wait_seconds: {
    kind: 'histogram',
    help: 'How long callers waited, by what came of it: served, abandoned (hung up, or lost) or refused (patience over, removed, key revoked). A caller with a line at once is not in it.',
    labels: ['plan', 'outcome'],
    buckets: [1, 2, 5, 10, 20, 30, 60, 120, 300],
  },
  trunkline_admissions_total: {
    kind: 'counter',
    help: 'Calls offered, by what was decided and why: admitted, refused (at once or after a wait) or abandoned (in the wait). A caller that waits is counted when its wait is over.',
    labels: ['plan', 'decision', 'reason'],
  },
  trunkline_pool_ceiling: {
    kind: 'gauge',
    help: 'What the upstream quota bears: tokens a minute, or live sessions.',
    labels: ['pool', 'unit'],
  },
  trunkline_pool_has: { kind: 'gauge', help: 'What its live calls are predicted to take.', labels: ['pool', 'unit'] },
  trunkline_pool_wants: {
    kind: 'gauge',
    help: 'What its live calls have, and those want who wait for it.',
    labels: ['pool', 'unit'],
  },
  trunkline_pool_granted: { kind: 'gauge', help: 'What the tenants may use of it now.', labels: ['pool', 'unit'] },
  trunkline_pool_use_ratio: {
    kind: 'gauge',
    help: 'Use: what its calls have, or what was measured in the last minute if that is more, as a share of the ceiling.',
    labels: ['pool', 'unit'],
  },
  trunkline_pool_headroom_ratio: {
    kind: 'gauge',
    help: 'What is left of the ceiling, from 0 to 1: 1 less the use.',
    labels: ['pool', 'unit'],
  },
  trunkline_pool_tokens_last_minute: {
    kind: 'gauge',
    help: 'Tokens debited in the last minute, as far as its tenants have told.',
    labels: ['pool'],
  },
  trunkline_pool_desks: { kind: 'gauge', help: 'Tenants that draw from it now.', labels: ['pool'] },
  trunkline_process_calls: { kind: 'gauge', help: 'Calls of this process, or of all that share its port.', labels: [] },
  trunkline_process_calls_most: {
    kind: 'gauge',
    help: 'Calls that the open files of this process are enough for, or of all that share its port; absent where files are no bound.',
    labels: [],
  },
  trunkline_process_calls_ratio: {
    kind: 'gauge',
    help: 'Calls of a process as a share of those that its open files are enough for: the highest.',
    labels: [],
    combine: 'max',
  },
  trunkline_process_loop_delay_seconds: {
    kind: 'gauge',
    help: 'How late the event loop of a process is, 99th percentile of two seconds: the highest.',
    labels: [],
    combine: 'max',
  },
  trunkline_process_memory_ratio: {
    kind: 'gauge',
    help: 'Resident memory of a process as a share of what it may have: the highest.',
    labels: [],
    combine: 'max',
  },
  trunkline_process_strain: {
    kind: 'gauge',
    help: '1: no new trial calls; 2: no new calls at all; 0: everybody is taken in.',
    labels: [],
    combine: 'max',
  },
  trunkline_process_draining: {
    kind: 'gauge',
    help: '1 while a process shuts down and lets its live calls end.',
    labels: [],
    combine: 'max',
  },
  trunkline_call_ends_total: {
    kind: 'counter',
    help: 'Calls ended, by who ended them and why.',
    labels: ['plan', 'by', 'reason'],
  },
  trunkline_tokens_total: {
    kind: 'counter',
    help: 'Tokens debited. Cached ones are part of input.',
    labels: ['plan', 'direction', 'modality'],
  },
  trunkline_spend_microusd_total: { kind: 'counter', help: 'Micro-dollars debited.', labels: ['plan'] },
  trunkline_unpriced_reports_total: {
    kind: 'counter',
    help: 'Usage reports of a model without a price, and calls whose time has none: debited at the fallback rate.',
    labels: ['plan'],
  },
  trunkline_unreported_usage_total: {
    kind: 'counter',
    help: 'Replies and transcriptions for which the provider reported no usage.',
    labels: ['plan'],
  },
  trunkline_budget_alerts_total: {
    kind: 'counter',
    help: 'Budgets of tenants that were four fifths used (warning) or spent (exhausted), once a window; of those that are only tried, shadow is true.',
    labels: ['plan', 'level', 'account', 'window', 'shadow'],
  },
  trunkline_suspensions_total: {
    kind: 'counter',
    help: 'Trials that were suspended because they spent too fast.',
    labels: ['plan'],
  },
  trunkline_shadow_refusals_total: {
    kind: 'counter',
    help: 'Calls that were let in and that a cap which is only tried would not have given a line at once.',
    labels: ['plan'],
  },
  trunkline_held_tokens_total: {
    kind: 'counter',
    help: 'Tokens that were held for replies which have ended. Divided by the next row: 1 where each hold was right, more where too much was held.',
    labels: ['plan'],
  },
  trunkline_settled_tokens_total: {
    kind: 'counter',
    help: 'Tokens that the same replies took in the end.',
    labels: ['plan'],
  },
  trunkline_call_cost_usd: {
    kind: 'histogram',
    help: 'What calls cost.',
    labels: ['plan'],
    buckets: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
  },
  trunkline_call_tokens_per_minute: {
    kind: 'histogram',
    help: 'Tokens a minute of calls: a rise at the same volume means that models, prompts or what is cached have changed.',
    labels: ['plan'],
    buckets: [1_000, 2_000, 4_000, 6_000, 10_000, 20_000, 40_000, 70_000],
  },
  trunkline_voice_seconds_total: { kind: 'counter', help: 'Seconds that calls were live.', labels: ['plan'] },
  trunkline_first_audio_seconds: {
    kind: 'histogram',
    help: 'From the end of the caller’s turn to the first audio of the answer: the first of each call.',
    labels: ['plan'],
    buckets: seconds,
  },
  trunkline_overhead_seconds: {
    kind: 'histogram',
    help: 'What the broker itself takes: from the upgrade to the dial.',
    labels: ['plan'],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1],
  },
  trunkline_upstream_connect_seconds: {
    kind: 'histogram',
    help: 'From the dial to the open upstream.',
    labels: ['plan'],
    buckets: seconds,
  },
  trunkline_call_duration_seconds: {
    kind: 'histogram',
    help: 'How long calls were live.',
    labels: ['plan'],
    buckets: [5, 10, 30, 60, 120, 300, 600, 1_800, 3_600],
  },
  trunkline_webhook_deliveries_total: {
    kind: 'counter',
    help: 'Attempts to tell a webhook endpoint, by what came of them: delivered, retried (it failed and is tried again), gave_up (it failed for the last time), disabled (410: the endpoint is told no more).',
    labels: ['outcome'],
  },
  trunkline_webhook_messages_waiting: {
    kind: 'gauge',
    help: 'Messages that an endpoint has still to be told.',
    labels: [],
  },
  trunkline_webhook_messages_dropped_total: {
    kind: 'counter',
    help: 'Messages that were dropped because too many of their tenant waited, the oldest each time, or because they waited too long.',
    labels: [],
  },
  trunkline_webhook_oldest_wait_seconds: {
    kind: 'gauge',
    help: 'How long the oldest message waits that an endpoint has still to be told: of all tenants, as last reported; 0 when none waits.',
    labels: [],
    combine: 'max',
  },
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof catalogue

/** Series → value. A series is `name{"label":"value"}`, a histogram's with `le`, or under `_sum` and `_count`. */
export type Series = Record<string, number>

/** Takes in what was counted: names with numbers that are added up. */
export type Add = (series: string, by: number) => void

export function count(add: Add, name: MetricName, labels: Record<string, string>, by = 1): void {
  add(`${name}{${labelled(name, labels)}}`, by)
}

export function observe(add: Add, name: MetricName, labels: Record<string, string>, value: number): void {
  const { buckets = [] } = catalogue[name] as Metric
  const own = labelled(name, labels)
  for (const le of buckets) add(`${name}_bucket{${own},"le":"${le}"}`, value <= le ? 1 : 0)
  add(`${name}_bucket{${own},"le":"+Inf"}`, 1)
  add(`${name}_sum{${own}}`, value)
  add(`${name}_count{${own}}`, 1)
}

/** The same text in every home, whatever order its objects have: as JSON, in the order of the catalogue. Values are names of ours. */
function labelled(name: MetricName, labels: Record<string, string>): string {
  const { labels: order } = catalogue[name] as Metric
  return order.map((label) => `"${label}":"${labels[label] ?? ''}"`).join(',')
}

/** Counts and observations as plain numbers, so that they can be stored, sent and added up. */
export class Meters {
  readonly series: Series

  constructor(series: Series = {}) {
    this.series = series
  }

  count(name: MetricName, labels: Record<string, string>, by = 1): void {
    count(this.add, name, labels, by)
  }

  observe(name: MetricName, labels: Record<string, string>, value: number): void {
    observe(this.add, name, labels, value)
  }

  readonly add: Add = (series, by) => {
    this.series[series] = (this.series[series] ?? 0) + by
  }
}
