// One tenant's audit log as SQL rows: written once, read, and gone when it is old. Knows no rule. Rule A3.
import type { Audited, AuditEntry } from './audit.ts'
import type { Audit } from './desk-homes.ts'
import type { Sql } from './sql.ts'

/** No number comes twice, also when the last ones are forgotten. */
const TABLE =
  'CREATE TABLE IF NOT EXISTS audit (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, json TEXT NOT NULL)'

export class SqlAudit implements Audit {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  static prepare(sql: Sql): void {
    sql(TABLE)
  }

  add(entry: AuditEntry, now: number): void {
    this.#sql('INSERT INTO audit (at, json) VALUES (?, ?)', now, JSON.stringify(entry))
  }

  forget(until: number): void {
    this.#sql('DELETE FROM audit WHERE at <= ?', until)
  }

  /** Newest first; `before` is the last id of the page before. */
  list(limit: number, before: number | undefined): Audited[] {
    const rows = this.#sql(
      'SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?',
      before ?? Number.MAX_SAFE_INTEGER,
      limit,
    )
    return rows.map(({ id, at, json }) =>
      Object.assign({ id: id as number, at: at as number }, JSON.parse(json as string) as AuditEntry),
    )
  }
}
