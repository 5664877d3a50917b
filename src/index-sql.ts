// The index of tenants as SQL rows: ids, names, plans. What holds for a tenant is at its own desk. Knows no host.
import type { Tenant } from './plan.ts'
import type { Sql } from './sql.ts'

/** A tenant as the index has it. */
export type Indexed = Pick<Tenant, 'id' | 'name' | 'plan'>

export class SqlIndex {
  readonly #sql: Sql

  constructor(sql: Sql) {
    sql('CREATE TABLE IF NOT EXISTS tenant (id TEXT PRIMARY KEY, name TEXT NOT NULL, plan TEXT NOT NULL)')
    this.#sql = sql
  }

  put({ id, name, plan }: Indexed): void {
    const upsert =
      'INSERT INTO tenant VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name, plan = excluded.plan'
    this.#sql(upsert, id, name, plan)
  }

  /** In order of their ids, from the first after this one. */
  list(limit: number, after: string): Indexed[] {
    const page = 'SELECT id, name, plan FROM tenant WHERE id > ? ORDER BY id LIMIT ?'
    return this.#sql(page, after, limit) as unknown as Indexed[]
  }
}
