// One tenant's uploads as SQL rows: what each is called, and its sound in every format. Knows no line and no caller. Rule H4.
import type { Format, Sound } from './sound.ts'
import type { Sql } from './sql.ts'

const TABLE = `CREATE TABLE IF NOT EXISTS sound
  (id TEXT PRIMARY KEY, json TEXT NOT NULL, pcm BLOB NOT NULL, pcmu BLOB NOT NULL, pcma BLOB NOT NULL)`

const columns = { 'audio/pcm': 'pcm', 'audio/pcmu': 'pcmu', 'audio/pcma': 'pcma' } as const satisfies Record<
  Format,
  string
>

/** An upload as it is shown; the sound itself is asked for by format. */
export interface Upload {
  id: string
  name: string | null
  ms: number
  /** ISO 8601, UTC. */
  created_at: string
}

export class SqlSounds {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  static prepare(sql: Sql): void {
    sql(TABLE)
  }

  put(upload: Upload, sound: Sound): void {
    const bytes = [sound['audio/pcm'], sound['audio/pcmu'], sound['audio/pcma']]
    this.#sql('INSERT INTO sound VALUES (?, ?, ?, ?, ?)', upload.id, JSON.stringify(upload), ...bytes)
  }

  /** Oldest first: ids are ordered by time. */
  list(): Upload[] {
    return this.#sql('SELECT json FROM sound ORDER BY id').map((row) => JSON.parse(row['json'] as string) as Upload)
  }

  /** Raw samples, as they go on the wire. */
  bytes(id: string, format: Format): Uint8Array | undefined {
    const [row] = this.#sql(`SELECT ${columns[format]} AS bytes FROM sound WHERE id = ?`, id)
    return row === undefined ? undefined : new Uint8Array(row['bytes'] as ArrayBuffer | Uint8Array)
  }

  delete(id: string): void {
    this.#sql('DELETE FROM sound WHERE id = ?', id)
  }
}
