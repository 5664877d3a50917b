// One tenant's webhook endpoints as SQL rows, and what their attempts came to beside each. Knows no message. Rule A5.
import type { Hooks } from './desk-homes.ts'
import type { Hook, HookState, KeptHook } from './hook.ts'
import type { Sql, SqlRow } from './sql.ts'

const TABLE = 'CREATE TABLE IF NOT EXISTS hook (id TEXT PRIMARY KEY, json TEXT NOT NULL, state TEXT)'

export class SqlHooks implements Hooks {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  static prepare(sql: Sql): void {
    sql(TABLE)
  }

  list(): KeptHook[] {
    return this.#sql('SELECT json, state FROM hook ORDER BY id').map(kept)
  }

  get(id: string): KeptHook | undefined {
    return this.#sql('SELECT json, state FROM hook WHERE id = ?', id).map(kept)[0]
  }

  note(id: string, state: HookState): void {
    this.#sql('UPDATE hook SET state = ? WHERE id = ?', JSON.stringify(state), id)
  }

  put(hook: Hook): void {
    const upsert = 'INSERT INTO hook (id, json) VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json'
    this.#sql(upsert, hook.id, JSON.stringify(hook))
  }

  delete(id: string): void {
    this.#sql('DELETE FROM hook WHERE id = ?', id)
  }
}

function kept({ json, state }: SqlRow): KeptHook {
  return {
    hook: JSON.parse(json as string) as Hook,
    state: typeof state === 'string' ? (JSON.parse(state) as HookState) : undefined,
  }
}
