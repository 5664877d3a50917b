// A copy of a desk in memory, to try an edit on: by the code that every desk over SQL runs. Thrown away after. Knows no Redis.
import { DatabaseSync } from 'node:sqlite'
import type { DeskEdits } from '../../src/desk-edits.ts'
import { SqlDesk } from '../../src/desk.ts'
import { sqliteOf } from '../sqlite.ts'
import { documentsOf, type ToldDocuments } from './documents.ts'
import { callsOf, pairsOf, type ToldCall } from './told.ts'

export interface Snapshot extends ToldDocuments {
  /** Name → ids and numbers in turn. */
  rosters: Record<string, string[]>
  calls: ToldCall[]
}

export function copyOf(snapshot: Snapshot): { edits: DeskEdits; close: () => void } {
  const { sql, transact, close } = sqliteOf(new DatabaseSync(':memory:'))
  SqlDesk.prepare(sql)
  const desk = new SqlDesk(sql, transact)
  const { tenant, keys, sounds } = documentsOf(snapshot)
  desk.registry.putTenant(tenant)
  for (const key of keys) desk.registry.putKey(key, key.id)
  for (const sound of sounds) desk.sounds.put(sound, silence)
  for (const call of callsOf(snapshot.calls)) desk.records.open(call)
  desk.transact(() => {
    for (const [name, flat] of Object.entries(snapshot.rosters))
      for (const [id, value] of Object.entries(pairsOf(flat))) desk.rosters.get(name).set(id, value)
  })
  return { edits: desk.edits, close }
}

const none = new Uint8Array(0)
const silence = { 'audio/pcm': none, 'audio/pcmu': none, 'audio/pcma': none }
