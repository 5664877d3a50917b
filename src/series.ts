// Series read back and added up: what several desks, or several pools, come to. Knows no registry and no host. Rules M1, M2.
import { catalogue, type Metric, type MetricName, type Series } from './metrics.ts'

export function seriesOf(name: string, labels: Record<string, string>): string {
  return name + JSON.stringify(labels)
}

export function readSeries(series: string): { name: string; labels: Record<string, string> } {
  const at = series.indexOf('{')
  return { name: series.slice(0, at), labels: JSON.parse(series.slice(at)) as Record<string, string> }
}

/** What several desks, or several pools, come to. */
export function total(all: readonly Series[]): Series {
  const sum: Series = {}
  for (const one of all) {
    for (const [series, value] of Object.entries(one)) {
      const before = sum[series]
      if (before === undefined) sum[series] = value
      else sum[series] = metricOf(series)?.combine === 'max' ? Math.max(before, value) : before + value
    }
  }
  return sum
}

/** What is still true of a desk that is not heard any more. */
export function withoutPresence(series: Series): Series {
  return Object.fromEntries(Object.entries(series).filter(([id]) => metricOf(id)?.presence !== true))
}

/** undefined for the parts of a histogram, which bear names of their own, and for what is not in the catalogue. */
function metricOf(series: string): Metric | undefined {
  const name = series.slice(0, series.indexOf('{'))
  return Object.hasOwn(catalogue, name) ? catalogue[name as MetricName] : undefined
}
