// The steps of a pool over one SQL store, as its host's clock has them, and the reports of its desks. Knows no host.
import { total, withoutPresence } from './series.ts'
import type { PoolReading } from './pool-reading.ts'
import type { Words } from './shared-pool.ts'
import { type Series } from './metrics.ts'
import type { PoolSteps } from './pool-life.ts'
import { poolSeries } from './pool-series.ts'
import type { PoolChange } from './pool-settings.ts'
import type { Clock, PoolAsk, PoolGrant } from './ports.ts'
import type { Refusal } from './refusal.ts'
import { Silence } from './silence.ts'
import { SqlPool } from './sql-pool.ts'
import type { Sql, Transact } from './sql.ts'
import type { Ceiling } from './upstream.ts'

/** A desk with live calls reports with each heartbeat: one that was not heard for so long has none that are known. */
const staleAfterMs = 60_000

export class SqlPoolSteps implements PoolSteps {
  readonly #pool: SqlPool
  readonly #sql: Sql
  readonly #clock: Clock
  readonly #silence = new Silence()

  /** `own`: the ceiling that the upstream comes with. */
  constructor(id: string, own: Ceiling, sql: Sql, transact: Transact, clock: Clock) {
    sql('CREATE TABLE IF NOT EXISTS report (desk TEXT PRIMARY KEY, at INTEGER NOT NULL, json TEXT NOT NULL)')
    SqlPool.prepare(sql)
    this.#pool = new SqlPool(id, own, sql, transact)
    this.#sql = sql
    this.#clock = clock
  }

  share(desk: string, ask: PoolAsk): { grant: PoolGrant } & Words {
    return this.#pool.share(desk, ask, this.#now())
  }

  change(change: PoolChange): Words | Refusal {
    return this.#pool.change(change, this.#now())
  }

  preview(change: PoolChange): PoolReading | Refusal {
    return this.#pool.preview(change, this.#now())
  }

  read(): PoolReading {
    return this.#pool.read(this.#now())
  }

  /** Who has a share is of another life, and holds nothing: of them there is nothing to learn. */
  hear(): void {
    this.#silence.hear(this.#clock.now())
  }

  report(desk: string, series: Series): void {
    const put = 'INSERT INTO report VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at, json = excluded.json'
    this.#sql(put, desk, this.#now(), JSON.stringify(series))
  }

  series(): Series {
    const now = this.#now()
    const desks = this.#sql('SELECT at, json FROM report').map((row) => {
      const series = JSON.parse(row['json'] as string) as Series
      return now - (row['at'] as number) < staleAfterMs ? series : withoutPresence(series)
    })
    return total([...desks, poolSeries(this.read())])
  }

  /** The time of a step, at its head: what ran out in a silence is still there. */
  #now(): number {
    const now = this.#clock.now()
    if (this.#silence.isOver(now)) this.#pool.learn(now)
    return now
  }
}
