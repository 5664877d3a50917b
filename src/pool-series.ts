// A pool's own figures for `/metrics`. Knows no desk. Rules M1, P6.
import { Meters, type Series } from './metrics.ts'
import { units } from './pool.ts'
import type { PoolReading } from './pool-reading.ts'

/** A unit without a ceiling has no use and no headroom: it is not shown. */
export function poolSeries(reading: PoolReading): Series {
  const meters = new Meters()
  const pool = reading.id
  for (const unit of units) {
    const { ceiling, has, wants, granted, use, headroom } = reading.units[unit]
    if (ceiling === null || use === null || headroom === null) continue
    const labels = { pool, unit }
    meters.count('trunkline_pool_ceiling', labels, ceiling)
    meters.count('trunkline_pool_has', labels, has)
    meters.count('trunkline_pool_wants', labels, wants)
    meters.count('trunkline_pool_granted', labels, granted)
    meters.count('trunkline_pool_use_ratio', labels, use)
    meters.count('trunkline_pool_headroom_ratio', labels, headroom)
  }
  meters.count('trunkline_pool_tokens_last_minute', { pool }, reading.tokensLastMinute)
  meters.count('trunkline_pool_desks', { pool }, reading.desks)
  return meters.series
}
