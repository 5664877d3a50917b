// One upstream quota over one SQL store, with its settings; each step one transaction. Knows no rule and no host.
import { poolReading, type PoolReading } from './pool-reading.ts'
import type { PoolChange } from './pool-settings.ts'
import { changedSettings, plainSettings, unfit, type PoolSettings } from './pool-terms.ts'
import type { PoolAsk, PoolGrant } from './ports.ts'
import type { Refusal } from './refusal.ts'
import { SqlRoster } from './roster-sql.ts'
import { SharedPool, type Words } from './shared-pool.ts'
import { lapsed } from './silence.ts'
import type { Sql, Transact } from './sql.ts'
import type { Ceiling } from './upstream.ts'

export class SqlPool {
  readonly #id: string
  readonly #sql: Sql
  readonly #transact: Transact
  readonly #own: Ceiling
  readonly #shared: SharedPool

  /** `own`: the ceiling that the upstream comes with. */
  constructor(id: string, own: Ceiling, sql: Sql, transact: Transact) {
    this.#id = id
    this.#own = own
    this.#sql = sql
    this.#transact = transact
    this.#shared = new SharedPool(own, (name) => new SqlRoster(sql, name))
  }

  static prepare(sql: Sql): void {
    SqlRoster.prepare(sql)
    sql('CREATE TABLE IF NOT EXISTS pool (id TEXT PRIMARY KEY, json TEXT NOT NULL)')
  }

  /** Takes a desk's word, and says what it may use, and whose grants rose by it. */
  share(desk: string, ask: PoolAsk, now: number): { grant: PoolGrant } & Words {
    return this.#transact(() => this.#shared.share(desk, ask, this.#settings(), now))
  }

  /** In force at once: what there is more of goes to those who wait. A refusal where it cannot be kept. */
  change(change: PoolChange, now: number): Words | Refusal {
    return this.#transact(() => {
      const before = this.#settings()
      const settings = changedSettings(before, change)
      const refusal = unfit(settings, settings.ceiling ?? this.#own)
      if (refusal !== undefined) return refusal
      const put = 'INSERT INTO pool VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json'
      this.#sql(put, this.#id, JSON.stringify(settings))
      return this.#shared.refill(before, settings, now)
    })
  }

  /** After a silence. */
  learn(now: number): void {
    if (lapsed(new SqlRoster(this.#sql, 'tokens:untils'), now)) this.#transact(() => this.#shared.learn(now))
  }

  read(now: number): PoolReading {
    return this.#read(this.#settings(), now)
  }

  /** As it would be after the change. */
  preview(change: PoolChange, now: number): PoolReading | Refusal {
    const settings = changedSettings(this.#settings(), change)
    return unfit(settings, settings.ceiling ?? this.#own) ?? this.#read(settings, now)
  }

  #read(settings: PoolSettings, now: number): PoolReading {
    return this.#transact(() => poolReading(this.#id, this.#own, settings, this.#shared.figures(settings, now)))
  }

  #settings(): PoolSettings {
    const json = this.#sql('SELECT json FROM pool WHERE id = ?', this.#id)[0]?.['json']
    return typeof json === 'string' ? (JSON.parse(json) as PoolSettings) : plainSettings
  }
}
