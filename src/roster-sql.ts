// A roster as rows of one SQL table: the home that node:sqlite and the Durable Object share. Knows no rule.
import type { Roster } from './roster.ts'
import type { Sql, SqlRow } from './sql.ts'

/** No index on value: a desk's rosters are short, and every index row that is written costs as much as the row itself. */
const TABLE = `CREATE TABLE IF NOT EXISTS roster (name TEXT, id TEXT, value REAL NOT NULL, PRIMARY KEY (name, id)) WITHOUT ROWID`

export class SqlRoster implements Roster {
  readonly #sql: Sql
  readonly #name: string

  /** `name` tells this roster from the others in the same table. */
  constructor(sql: Sql, name: string) {
    this.#sql = sql
    this.#name = name
  }

  static prepare(sql: Sql): void {
    sql(TABLE)
  }

  get(id: string): number | undefined {
    return value(this.#sql('SELECT value AS n FROM roster WHERE name = ? AND id = ?', this.#name, id))
  }

  rank(id: string): number | undefined {
    const mine = this.get(id)
    if (mine === undefined) return undefined
    const before = 'SELECT count(*) AS n FROM roster WHERE name = ? AND (value < ? OR (value = ? AND id < ?))'
    return value(this.#sql(before, this.#name, mine, mine, id))
  }

  first(n: number): string[] {
    const lowest = 'SELECT id FROM roster WHERE name = ? ORDER BY value, id LIMIT ?'
    return this.#sql(lowest, this.#name, n).map((row) => row['id'] as string)
  }

  size(): number {
    return value(this.#sql('SELECT count(*) AS n FROM roster WHERE name = ?', this.#name)) ?? 0
  }

  sum(): number {
    return value(this.#sql('SELECT total(value) AS n FROM roster WHERE name = ?', this.#name)) ?? 0
  }

  /** What is as it was is not written: a platform bills each row. */
  set(id: string, to: number): void {
    const upsert =
      'INSERT INTO roster VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value'
    this.#sql(upsert, this.#name, id, to)
  }

  add(id: string, more: number): number {
    const upsert =
      'INSERT INTO roster VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value RETURNING value AS n'
    return value(this.#sql(upsert, this.#name, id, more)) as number
  }

  delete(id: string): void {
    this.#sql('DELETE FROM roster WHERE name = ? AND id = ?', this.#name, id)
  }

  purge(upTo: number): string[] {
    const late = 'SELECT id FROM roster WHERE name = ? AND value <= ? ORDER BY value, id'
    const ids = this.#sql(late, this.#name, upTo).map((row) => row['id'] as string)
    if (ids.length > 0) this.#sql('DELETE FROM roster WHERE name = ? AND value <= ?', this.#name, upTo)
    return ids
  }
}

function value(rows: SqlRow[]): number | undefined {
  return rows[0]?.['n'] as number | undefined
}
