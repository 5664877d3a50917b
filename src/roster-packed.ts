// Rosters of which each step writes many names at once, each as one SQL row: the pages of a ledger. What a platform bills, and what takes time,
// is the row. Read once, kept in memory while it is used, written once in each step. Knows no rule.
import { MapRoster } from './roster-map.ts'
import type { Roster } from './roster.ts'
import type { Sql, Transact } from './sql.ts'

/** Pages that stay in memory: of a desk those of an hour, a day, a month, and of its calls. */
const readMost = 256

export class PackedRosters {
  readonly #sql: Sql
  readonly #read = new Map<string, Page>()
  /** Written to in the step under way. */
  readonly #written = new Map<string, Page>()

  constructor(sql: Sql) {
    this.#sql = sql
  }

  static prepare(sql: Sql): void {
    sql('CREATE TABLE IF NOT EXISTS packed (name TEXT PRIMARY KEY, json TEXT NOT NULL)')
  }

  open(name: string): Roster {
    let page = this.#read.get(name)
    if (page === undefined) {
      const json = this.#sql('SELECT json FROM packed WHERE name = ?', name)[0]?.['json']
      const pairs = typeof json === 'string' ? (JSON.parse(json) as [string, number][]) : []
      page = new Page(pairs, (written) => this.#written.set(name, written))
      this.#read.set(name, page)
    }
    return page
  }

  /** `transact`, and what its work writes is kept or undone with the rest of it. */
  kept(transact: Transact): Transact {
    return (work) => {
      try {
        return transact(() => {
          const result = work()
          this.#keep()
          return result
        })
      } catch (error) {
        this.#forget()
        throw error
      }
    }
  }

  #keep(): void {
    const put = 'INSERT INTO packed VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json'
    for (const [name, page] of this.#written) {
      if (page.size() === 0) this.#sql('DELETE FROM packed WHERE name = ?', name)
      else this.#sql(put, name, JSON.stringify(page.pairs()))
    }
    this.#written.clear()
    if (this.#read.size > readMost) this.#read.clear()
  }

  #forget(): void {
    this.#read.clear()
    this.#written.clear()
  }
}

class Page extends MapRoster {
  readonly #wrote: (page: Page) => void

  constructor(pairs: Iterable<readonly [string, number]>, wrote: (page: Page) => void) {
    super(pairs)
    this.#wrote = wrote
  }

  override set(id: string, value: number): void {
    super.set(id, value)
    this.#wrote(this)
  }

  override add(id: string, value: number): number {
    this.#wrote(this)
    return super.add(id, value)
  }

  override delete(id: string): void {
    super.delete(id)
    this.#wrote(this)
  }

  override purge(upTo: number): string[] {
    const late = super.purge(upTo)
    if (late.length > 0) this.#wrote(this)
    return late
  }
}
