// One upstream quota as a Durable Object: its storage, its words to the desks, what they report. Translates only; see src/sql-pool.ts.
import { DurableObject } from 'cloudflare:workers'
import { shareMs } from '../src/limits.ts'
import type { Series } from '../src/metrics.ts'
import { total, withoutPresence } from '../src/series.ts'
import { poolSeries } from '../src/pool-series.ts'
import type { PoolChange } from '../src/pool-settings.ts'
import type { PoolAsk, PoolGrant } from '../src/ports.ts'
import type { Refusal } from '../src/refusal.ts'
import { SqlPool } from '../src/sql-pool.ts'
import type { PoolReading } from '../src/pool-reading.ts'
import type { Words } from '../src/shared-pool.ts'
import { poolsOf } from '../src/upstream.ts'
import { clock } from './clock.ts'
import { upstreams, type Env } from './env.ts'
import { sqlOf, transactOf } from './storage.ts'
import { deskOf } from './stubs.ts'

/** A desk with live calls reports with each heartbeat: one that was not heard for so long has none that are known. */
const staleAfterMs = 60_000

export class PoolObject extends DurableObject<Env> {
  readonly #id: string
  readonly #pool: SqlPool

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const sql = sqlOf(ctx.storage)
    sql('CREATE TABLE IF NOT EXISTS report (desk TEXT PRIMARY KEY, at INTEGER NOT NULL, json TEXT NOT NULL)')
    SqlPool.prepare(sql)
    this.#id = ctx.id.name ?? ''
    const own = poolsOf(upstreams(env))[this.#id] ?? { tokensPerMinute: null, sessions: null }
    this.#pool = new SqlPool(this.#id, own, sql, transactOf(ctx.storage))
  }

  /** From a desk: what it has and wants. Desks whose grants rise by it are told. */
  share(desk: string, ask: PoolAsk): PoolGrant {
    const { grant, ...words } = this.#pool.share(desk, ask, clock.now())
    this.ctx.waitUntil(this.#tell(words))
    return grant
  }

  read(): PoolReading {
    return this.#pool.read(clock.now())
  }

  preview(change: PoolChange): PoolReading | Refusal {
    return this.#pool.preview(change, clock.now())
  }

  async change(change: PoolChange): Promise<PoolReading | Refusal> {
    const words = this.#pool.change(change, clock.now())
    if ('why' in words) return words
    await Promise.race([this.#tell(words), new Promise<void>((resolve) => clock.after(shareMs, resolve))])
    return this.read()
  }

  /** Takes a desk's sums, in the place of those before: reporting twice adds nothing. */
  report(desk: string, series: Series): void {
    const put = 'INSERT INTO report VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at, json = excluded.json'
    sqlOf(this.ctx.storage)(put, desk, clock.now(), JSON.stringify(series))
  }

  /** The sums over all desks of this pool, and its own figures. */
  series(): Series {
    const rows = sqlOf(this.ctx.storage)('SELECT at, json FROM report')
    const desks = rows.map((row) => {
      const series = JSON.parse(row['json'] as string) as Series
      return clock.now() - (row['at'] as number) < staleAfterMs ? series : withoutPresence(series)
    })
    return total([...desks, poolSeries(this.read())])
  }

  /** A desk that cannot be told hears it when it next speaks, at the latest with its heartbeat. */
  async #tell({ risen, idle }: Words): Promise<void> {
    await Promise.allSettled([
      ...risen.map(({ desk, grant }) => deskOf(this.env, desk).regrant(this.#id, grant)),
      ...idle.map((desk) => deskOf(this.env, desk).level(this.#id)),
    ])
  }
}
