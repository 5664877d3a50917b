// A folder that one process at a time may use. SQLite's lock goes with its process, however that ends; a pid file would stay. Knows nothing of
// what is in the folder.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** SQLITE_BUSY */
const busy = 5

/** How to let go of it, as often as one likes; undefined where another process has it. Throws where nothing can be written there. */
export function lockFolder(dir: string): (() => void) | undefined {
  const database = new DatabaseSync(join(dir, 'lock.db'), { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode === busy) return undefined
    throw error
  }
  return () => {
    if (database.isOpen) database.close()
  }
}
