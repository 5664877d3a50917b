// One upstream quota as a Durable Object: what its desks report. Translates only. Its shares and grants join with rules P.
import { DurableObject } from 'cloudflare:workers'
import { total, withoutPresence, type Series } from '../src/metrics.ts'
import { clock } from './clock.ts'
import type { Env } from './env.ts'
import { sqlOf } from './storage.ts'

/** A desk with live calls reports every 15 s: one that was not heard for so long has none that are known. */
const staleAfterMs = 60_000

export class PoolObject extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    sqlOf(ctx.storage)(
      'CREATE TABLE IF NOT EXISTS report (desk TEXT PRIMARY KEY, at INTEGER NOT NULL, json TEXT NOT NULL)',
    )
  }

  /** Takes a desk's sums, in the place of those before: reporting twice adds nothing. */
  report(desk: string, series: Series): void {
    const put = 'INSERT INTO report VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at, json = excluded.json'
    sqlOf(this.ctx.storage)(put, desk, clock.now(), JSON.stringify(series))
  }

  /** The sums over all desks of this pool. */
  series(): Series {
    const rows = sqlOf(this.ctx.storage)('SELECT at, json FROM report')
    return total(
      rows.map((row) => {
        const series = JSON.parse(row['json'] as string) as Series
        return clock.now() - (row['at'] as number) < staleAfterMs ? series : withoutPresence(series)
      }),
    )
  }
}
