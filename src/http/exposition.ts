// Series → the Prometheus text format, by prom-client. Knows no desk. Rule M1: only what the catalogue names is shown.
import { Registry } from 'prom-client'
import { catalogue, type Metric, type Series } from '../metrics.ts'
import { readSeries, seriesOf, total } from '../series.ts'
import { plans } from '../plan.ts'

interface Value {
  value: number
  labels: Record<string, string>
  metricName: string
}

/** The page of a fleet: what all reports come to, every plan's gauges at 0 where nobody reported. */
export async function exposition(
  reports: readonly Series[],
  build: { version: string; host: string },
): Promise<string> {
  const nothing = Object.keys(plans).flatMap((plan) => [
    [seriesOf('trunkline_calls_live', { plan }), 0],
    [seriesOf('trunkline_calls_cap', { plan }), 0],
    [seriesOf('trunkline_calls_waiting', { plan }), 0],
    [seriesOf('trunkline_queue_oldest_wait_seconds', { plan }), 0],
    [seriesOf('trunkline_admissions_total', { plan, decision: 'admitted', reason: 'granted' }), 0],
    [seriesOf('trunkline_admissions_total', { plan, decision: 'refused', reason: 'lines_full' }), 0],
  ])
  const series = total([
    Object.fromEntries(nothing) as Series,
    untold,
    { [seriesOf('trunkline_build_info', build)]: 1 },
    ...reports,
  ])
  const values = new Map<string, Value[]>()
  for (const [id, value] of Object.entries(series)) {
    const { name, labels } = readSeries(id)
    const metric = Object.hasOwn(catalogue, name) ? name : name.replace(/_(bucket|sum|count)$/, '')
    values.set(metric, [...(values.get(metric) ?? []), { value, labels, metricName: name }])
  }
  const registry = new Registry()
  for (const [name, { kind, help, combine = 'sum' }] of Object.entries(catalogue) as [string, Metric][]) {
    const type = { counter: 'counter', gauge: 'gauge', histogram: 'histogram' }[kind]
    // prom-client asks of a metric a name and `get`: the numbers are ours, kept by the desks.
    registry.registerMetric({
      name,
      get: async () => ({ name, help, type, aggregator: combine, values: values.get(name) ?? [] }),
    } as never)
  }
  return registry.metrics()
}

/** Of webhooks: an alert on what is dropped needs to see it begin. */
const untold: Series = {
  [seriesOf('trunkline_webhook_messages_waiting', {})]: 0,
  [seriesOf('trunkline_webhook_messages_dropped_total', {})]: 0,
}

export const expositionType: string = Registry.PROMETHEUS_CONTENT_TYPE
