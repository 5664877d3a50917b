// node:sqlite as the core wants it. Knows no table.
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Sql, SqlRow, Transact } from '../../src/sql.ts'

export interface Store {
  sql: Sql
  transact: Transact
  close: () => void
}

/** A database in a file, or in memory. */
export function openSqlite(file = ':memory:'): Store {
  const db = new DatabaseSync(file)
  const statements = new Map<string, StatementSync>()
  const sql: Sql = (query, ...bindings) => {
    const statement = statements.get(query) ?? db.prepare(query)
    statements.set(query, statement)
    return statement.all(...bindings) as SqlRow[]
  }
  const transact: Transact = (work) => {
    db.exec('BEGIN')
    try {
      const result = work()
      db.exec('COMMIT')
      return result
    } catch (error) {
      db.exec('ROLLBACK')
      throw error
    }
  }
  return { sql, transact, close: () => db.close() }
}
