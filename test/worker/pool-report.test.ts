// What a pool object knows of desks that report, and of one that stopped, in workerd.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { Meters } from '../../src/metrics.ts'
import { seriesOf } from '../../src/series.ts'

const plan = { plan: 'trial' }

test('[M1] a desk that stopped reporting has nobody live and nobody waiting, and keeps its cap', () =>
  runInDurableObject(env.POOL.getByName('stale'), (pool, { storage }) => {
    for (const [desk, oldest] of [
      ['ten_1', 40],
      ['ten_2', 7],
      ['ten_3', 9],
    ] as const) {
      const meters = new Meters()
      for (const name of ['trunkline_calls_live', 'trunkline_calls_waiting', 'trunkline_calls_cap'] as const)
        meters.count(name, plan, 2)
      meters.count('trunkline_queue_oldest_wait_seconds', plan, oldest)
      pool.report(desk, meters.series)
    }
    storage.sql.exec("UPDATE report SET at = at - 60000 WHERE desk = 'ten_1'")
    const desks = Object.entries(pool.series()).filter(([id]) => !id.startsWith('trunkline_pool_'))
    expect(Object.fromEntries(desks)).toEqual({
      [seriesOf('trunkline_calls_live', plan)]: 4,
      [seriesOf('trunkline_calls_waiting', plan)]: 4,
      [seriesOf('trunkline_calls_cap', plan)]: 6,
      [seriesOf('trunkline_queue_oldest_wait_seconds', plan)]: 9,
    })
  }))
