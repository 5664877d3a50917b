// A Durable Object's storage as the core wants it. Knows no table.
import type { Sql, Transact } from '../src/sql.ts'

export function sqlOf(storage: DurableObjectStorage): Sql {
  return (query, ...bindings) => storage.sql.exec(query, ...bindings).toArray()
}

export function transactOf(storage: DurableObjectStorage): Transact {
  return (work) => storage.transactionSync(work)
}
