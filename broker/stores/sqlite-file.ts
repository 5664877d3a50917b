// One SQLite file as the core wants it, and the version of what is in it. Knows no table.
import { closeSync, openSync, readSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { sqliteOf, type Sqlite } from '../sqlite.ts'

/** Counts up with each change of the tables that an older broker could not read. */
export const schemaVersion = 1

/** Where SQLite keeps `user_version` (file format, 1.3): 4 bytes, big-endian. */
const versionAt = 60

/** A sentence about a file that a newer broker has written; undefined for one that may be opened, or is not there. Opens nothing for writing. */
export function newerProblem(file: string): string | undefined {
  const version = versionOf(file)
  if (version <= schemaVersion) return undefined
  return `${file} was written by a newer Trunkline (schema ${version}, this one knows ${schemaVersion}): start that version, or name another folder with --store.`
}

export function openSqliteFile(file: string): Sqlite {
  const problem = newerProblem(file)
  if (problem !== undefined) throw new Error(problem)
  const db = new DatabaseSync(file)
  // A killed process loses nothing of what was committed; a machine without power the last moments at most, and no file is damaged.
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA user_version = ${schemaVersion}`)
  return sqliteOf(db)
}

function versionOf(file: string): number {
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
  try {
    const bytes = Buffer.alloc(4)
    return readSync(handle, bytes, 0, 4, versionAt) === 4 ? bytes.readUInt32BE() : 0
  } finally {
    closeSync(handle)
  }
}
