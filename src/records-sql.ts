// One tenant's call records as SQL rows: opened when a line is granted, closed once. Knows no rule but that. Rule C1.
import type { CallRecord } from './ports.ts'
import type { KeptCall, NewCall, Records } from './records.ts'
import type { Sql, SqlRow } from './sql.ts'

const TABLE = `CREATE TABLE IF NOT EXISTS call (id TEXT PRIMARY KEY, key TEXT NOT NULL, agent TEXT, model TEXT NOT NULL, pool TEXT NOT NULL,
  began INTEGER NOT NULL, admitted INTEGER, ended INTEGER, json TEXT) WITHOUT ROWID`
/** Of many calls few are open: what is asked of those must not read the others. */
const OPEN = 'CREATE INDEX IF NOT EXISTS call_open ON call (id) WHERE ended IS NULL'
const ENDED = 'CREATE INDEX IF NOT EXISTS call_ended ON call (ended) WHERE ended IS NOT NULL'

export class SqlRecords implements Records {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  static prepare(sql: Sql): void {
    for (const made of [TABLE, OPEN, ENDED]) sql(made)
  }

  open(call: NewCall): void {
    const { id, key, agent, model, pool, began, admitted } = call
    this.#sql(
      'INSERT INTO call VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL) ON CONFLICT DO NOTHING',
      id,
      key,
      agent,
      model,
      pool,
      began,
      admitted,
    )
  }

  admit(id: string, at: number): KeptCall | undefined {
    const waits = 'UPDATE call SET admitted = ? WHERE id = ? AND admitted IS NULL AND ended IS NULL RETURNING *'
    return this.#sql(waits, at, id).map(kept)[0]
  }

  get(id: string): KeptCall | undefined {
    return this.#sql('SELECT * FROM call WHERE id = ?', id).map(kept)[0]
  }

  close(id: string, ended: number, record: CallRecord): boolean {
    return (
      this.#sql(
        'UPDATE call SET ended = ?, json = ? WHERE id = ? AND ended IS NULL RETURNING id',
        ended,
        JSON.stringify(record),
        id,
      ).length === 1
    )
  }

  waiting(): Record<string, number> {
    const rows = this.#sql(
      'SELECT pool, count(*) AS n FROM call WHERE admitted IS NULL AND ended IS NULL GROUP BY pool',
    )
    return Object.fromEntries(rows.map(({ pool, n }) => [pool as string, n as number]))
  }

  isOpen(id: string): boolean {
    return this.#sql('SELECT 1 FROM call WHERE id = ? AND ended IS NULL', id).length === 1
  }

  isClosed(id: string): boolean {
    return this.#sql('SELECT 1 FROM call WHERE id = ? AND ended IS NOT NULL', id).length === 1
  }

  openCalls(): KeptCall[] {
    return this.#sql('SELECT * FROM call WHERE ended IS NULL ORDER BY id').map(kept)
  }

  openIds(): string[] {
    return this.#sql('SELECT id FROM call WHERE ended IS NULL ORDER BY id').map(({ id }) => id as string)
  }

  forget(endedBy: number): void {
    this.#sql('DELETE FROM call WHERE ended <= ?', endedBy)
  }

  /** Newest first (ids are ordered by time); `before` is the last id of the page before. */
  list(limit: number, before?: string): KeptCall[] {
    return this.#sql('SELECT * FROM call WHERE id < ? ORDER BY id DESC LIMIT ?', before ?? '~', limit).map(kept)
  }
}

function kept(row: SqlRow): KeptCall {
  const { json, ...rest } = row
  return { ...rest, record: typeof json === 'string' ? (JSON.parse(json) as CallRecord) : null } as KeptCall
}
