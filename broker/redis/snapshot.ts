// A copy of a desk in memory, to try an edit on: by the code that every desk over SQL runs. Thrown away after. Knows no Redis.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { DeskEdits } from '../../src/desk-edits.ts'
import { SqlDesk } from '../../src/desk.ts'
import type { Sql, SqlRow, Transact } from '../../src/sql.ts'
import { SqlRoster } from '../../src/roster-sql.ts'
import { documentsOf, type ToldDocuments } from './documents.ts'
import { callsOf, pairsOf, type ToldCall } from './told.ts'

export interface Snapshot extends ToldDocuments {
  /** Name → ids and numbers in turn. */
  rosters: Record<string, string[]>
  calls: ToldCall[]
}

export function copyOf(snapshot: Snapshot): { edits: DeskEdits; close: () => void } {
  const database = new DatabaseSync(':memory:')
  const sql: Sql = (query, ...bindings) => database.prepare(query).all(...(bindings as SQLInputValue[])) as SqlRow[]
  SqlDesk.prepare(sql)
  const desk = new SqlDesk(sql, transactOf(database))
  const { tenant, keys, sounds } = documentsOf(snapshot)
  desk.registry.putTenant(tenant)
  for (const key of keys) desk.registry.putKey(key, key.id)
  for (const sound of sounds) desk.sounds.put(sound, silence)
  for (const call of callsOf(snapshot.calls)) desk.records.open(call)
  for (const [name, flat] of Object.entries(snapshot.rosters)) {
    const roster = new SqlRoster(sql, name)
    for (const [id, value] of Object.entries(pairsOf(flat))) roster.set(id, value)
  }
  return { edits: desk.edits, close: () => database.close() }
}

const none = new Uint8Array(0)
const silence = { 'audio/pcm': none, 'audio/pcmu': none, 'audio/pcma': none }

function transactOf(database: DatabaseSync): Transact {
  return (work) => {
    database.exec('BEGIN')
    try {
      const result = work()
      database.exec('COMMIT')
      return result
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }
}
