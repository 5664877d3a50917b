// One tenant's document and its keys as SQL rows: the home that node:sqlite and the Durable Object share. Knows no call. Rule K1.
import { same } from './constant-time.ts'
import type { Registry } from './desk-homes.ts'
import { tenantOf, type Key, type Tenant } from './plan.ts'
import type { Sql, SqlRow } from './sql.ts'
import { zoneOf } from './zone-of.ts'
import type { Zone } from './zone.ts'

const TABLES = [
  'CREATE TABLE IF NOT EXISTS tenant (id TEXT PRIMARY KEY, json TEXT NOT NULL)',
  'CREATE TABLE IF NOT EXISTS key (id TEXT PRIMARY KEY, hash TEXT NOT NULL, json TEXT NOT NULL)',
]

export class SqlRegistry implements Registry {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  static prepare(sql: Sql): void {
    for (const table of TABLES) sql(table)
  }

  tenant(): Tenant | undefined {
    const stored = document(this.#sql('SELECT json FROM tenant'))
    return stored === undefined ? undefined : tenantOf(stored)
  }

  putTenant(tenant: Tenant): void {
    this.#sql(
      'INSERT INTO tenant VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json',
      tenant.id,
      JSON.stringify(tenant),
    )
  }

  keys(): Key[] {
    return this.#sql('SELECT json FROM key ORDER BY id').map((row) => JSON.parse(row['json'] as string) as Key)
  }

  key(id: string): Key | undefined {
    return document(this.#sql('SELECT json FROM key WHERE id = ?', id)) as Key | undefined
  }

  /** The key with this SHA-256, found without telling by the time it takes how much of a wrong one was right. */
  keyByHash(hash: string): Key | undefined {
    let found: SqlRow | undefined
    for (const row of this.#sql('SELECT hash, json FROM key')) if (same(row['hash'] as string, hash)) found = row
    return found === undefined ? undefined : (document([found]) as Key)
  }

  zone({ timezone }: Tenant, now: number): Zone {
    return zoneOf(timezone, now)
  }

  putKey(key: Key, hash: string): void {
    this.#sql('INSERT INTO key VALUES (?, ?, ?)', key.id, hash, JSON.stringify(key))
  }

  changeKey(key: Key): void {
    this.#sql('UPDATE key SET json = ? WHERE id = ?', JSON.stringify(key), key.id)
  }
}

function document(rows: SqlRow[]): object | undefined {
  const json = rows[0]?.['json']
  return typeof json === 'string' ? (JSON.parse(json) as object) : undefined
}
