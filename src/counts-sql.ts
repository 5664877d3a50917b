// The sums that a desk counts, as SQL rows: one a pool, written once in each step that counted. Knows no metric.
import type { Counts } from './desk-homes.ts'
import type { Series } from './metrics.ts'
import type { Sql, Transact } from './sql.ts'

export class SqlCounts implements Counts {
  readonly #sql: Sql
  readonly #read = new Map<string, Series>()
  /** Pools of which something was counted in the step under way. */
  readonly #counted = new Set<string>()

  constructor(sql: Sql) {
    this.#sql = sql
  }

  static prepare(sql: Sql): void {
    sql('CREATE TABLE IF NOT EXISTS meter (pool TEXT PRIMARY KEY, json TEXT NOT NULL)')
  }

  /** `transact`, and what its work counts is kept or undone with the rest of it: a desk that is reset has counted what it decided. */
  kept(transact: Transact): Transact {
    return (work) => {
      try {
        return transact(() => {
          const result = work()
          this.#keep()
          return result
        })
      } catch (error) {
        this.#read.clear()
        throw error
      }
    }
  }

  add(pool: string, series: string, by: number): void {
    this.#counted.add(pool)
    const sums = this.series(pool)
    sums[series] = (sums[series] ?? 0) + by
  }

  pools(): string[] {
    return this.#sql('SELECT pool FROM meter ORDER BY pool').map((row) => row['pool'] as string)
  }

  series(pool: string): Series {
    let series = this.#read.get(pool)
    if (series === undefined) {
      const json = this.#sql('SELECT json FROM meter WHERE pool = ?', pool)[0]?.['json']
      this.#read.set(pool, (series = typeof json === 'string' ? (JSON.parse(json) as Series) : {}))
    }
    return series
  }

  #keep(): void {
    const put = 'INSERT INTO meter VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json'
    for (const pool of this.#counted) this.#sql(put, pool, JSON.stringify(this.series(pool)))
    this.#counted.clear()
  }
}
