// A database of node:sqlite as the core wants it. Knows no file and no table.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Sql, SqlRow, Transact } from '../src/sql.ts'

export interface Sqlite {
  sql: Sql
  transact: Transact
  close: () => void
}

/** Each statement is prepared once. */
export function sqliteOf(db: DatabaseSync): Sqlite {
  const statements = new Map<string, StatementSync>()
  const sql: Sql = (query, ...bindings) => {
    let statement = statements.get(query)
    if (statement === undefined) statements.set(query, (statement = db.prepare(query)))
    return statement.all(...bindings) as SqlRow[]
  }
  const transact: Transact = (work) => {
    db.exec('BEGIN IMMEDIATE')
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
