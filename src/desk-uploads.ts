// What a tenant uploads: put with its other sounds, and kept for as long as a line names it. Knows no call. Rule H4.
import { linesWith } from './settings-check.ts'
import { soundsPerTenant } from './limits.ts'
import type { Refusal } from './refusal.ts'
import type { SqlRegistry } from './registry-sql.ts'
import type { Sound } from './sound.ts'
import type { SqlSounds, Upload } from './sounds-sql.ts'
import type { Transact } from './sql.ts'

export class DeskUploads {
  readonly #registry: SqlRegistry
  readonly #sounds: SqlSounds
  readonly #transact: Transact

  constructor(registry: SqlRegistry, sounds: SqlSounds, transact: Transact) {
    this.#registry = registry
    this.#sounds = sounds
    this.#transact = transact
  }

  /** The same bytes again are another upload: two lines that sound alike today may not tomorrow. */
  add(upload: Upload, sound: Sound): Refusal | undefined {
    return this.#transact(() => {
      if (this.#sounds.list().length >= soundsPerTenant)
        return { why: 'sounds_enough', details: { most: soundsPerTenant } }
      this.#sounds.put(upload, sound)
      return undefined
    })
  }

  /** Deletes an upload that no line names. */
  discard(id: string): Refusal | undefined {
    return this.#transact(() => {
      const tenant = this.#registry.tenant()
      if (tenant === undefined || !this.#sounds.list().some((upload) => upload.id === id))
        return { why: 'thing_unknown', details: { kind: 'sound', id: id.slice(0, 60) } }
      const lines = linesWith(id, tenant.hold.lines)
      if (lines.length > 0) return { why: 'sound_in_use', details: { id, lines: lines.join(', ') } }
      this.#sounds.delete(id)
      return undefined
    })
  }
}
