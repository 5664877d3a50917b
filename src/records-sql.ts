// One tenant's call records as SQL rows: opened when a line is granted, closed once. Knows no rule but that. Rule C1.
import type { CallRecord } from './ports.ts'
import type { Sql, SqlRow } from './sql.ts'

const TABLE = `CREATE TABLE IF NOT EXISTS call (id TEXT PRIMARY KEY, key TEXT NOT NULL, agent TEXT, model TEXT NOT NULL, pool TEXT NOT NULL,
  began INTEGER NOT NULL, admitted INTEGER, ended INTEGER, json TEXT) WITHOUT ROWID`

/** A call as it is kept. Times in ms since 1970; `admitted` is null while it waits, `ended` and `record` until it ends. */
export interface KeptCall {
  id: string
  key: string
  agent: string | null
  model: string
  pool: string
  began: number
  admitted: number | null
  ended: number | null
  record: CallRecord | null
}

export class SqlRecords {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  static prepare(sql: Sql): void {
    sql(TABLE)
  }

  /** Opening again what is open or closed does nothing. */
  open(call: Omit<KeptCall, 'ended' | 'record'>): void {
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

  /** Its turn has come; the call as it was, or undefined when it does not wait (any more). */
  admit(id: string, at: number): KeptCall | undefined {
    const waits = 'UPDATE call SET admitted = ? WHERE id = ? AND admitted IS NULL AND ended IS NULL RETURNING *'
    return this.#sql(waits, at, id).map(kept)[0]
  }

  get(id: string): KeptCall | undefined {
    return this.#sql('SELECT * FROM call WHERE id = ?', id).map(kept)[0]
  }

  /** Closes an open call; false when it was closed before, or never opened: a call has one record. */
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

  /** Calls that have entered and wait, or say goodbye; by pool. */
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

  /** Newest first (ids are ordered by time); `before` is the last id of the page before. */
  list(limit: number, before?: string): KeptCall[] {
    return this.#sql('SELECT * FROM call WHERE id < ? ORDER BY id DESC LIMIT ?', before ?? '~', limit).map(kept)
  }
}

function kept(row: SqlRow): KeptCall {
  const { json, ...rest } = row
  return { ...rest, record: typeof json === 'string' ? (JSON.parse(json) as CallRecord) : null } as KeptCall
}
