// Messages for one tenant's webhooks as SQL rows: whole until they are done, then an id and a time. Knows no hook. Rule A5.
import type { Messages } from './desk-homes.ts'
import type { Sql } from './sql.ts'
import type { Message } from './webhook-events.ts'

/** `json` is null once it is done. */
const TABLE = 'CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, at INTEGER NOT NULL, json TEXT) WITHOUT ROWID'
const PUT = 'CREATE INDEX IF NOT EXISTS message_at ON message (at)'

export class SqlMessages implements Messages {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  static prepare(sql: Sql): void {
    for (const made of [TABLE, PUT]) sql(made)
  }

  put(message: Message): boolean {
    const insert = 'INSERT INTO message VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING id'
    return this.#sql(insert, message.id, message.at, JSON.stringify(message)).length === 1
  }

  get(id: string): Message | undefined {
    const json = this.#sql('SELECT json FROM message WHERE id = ?', id)[0]?.['json']
    return typeof json === 'string' ? (JSON.parse(json) as Message) : undefined
  }

  done(id: string): void {
    this.#sql('UPDATE message SET json = NULL WHERE id = ?', id)
  }

  forget(putBy: number): void {
    this.#sql('DELETE FROM message WHERE at <= ?', putBy)
  }
}
