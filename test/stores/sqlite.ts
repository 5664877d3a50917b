// node:sqlite as the core wants it, for tests: in a file, or in memory. Knows no table.
import { DatabaseSync } from 'node:sqlite'
import { sqliteOf, type Sqlite } from '../../broker/sqlite.ts'

export type Store = Sqlite

export function openSqlite(file = ':memory:'): Store {
  return sqliteOf(new DatabaseSync(file))
}
