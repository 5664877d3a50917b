// What every home of uploads must do: give back the bytes that it was given, in each format, whatever their size.
import { expect, test } from 'vitest'
import { bytesPerMs, formats, type Format, type Sound } from '../../src/sound.ts'
import { SqlSounds, type Upload } from '../../src/sounds-sql.ts'
import type { Sql } from '../../src/sql.ts'

/** Hands over a store of its own. */
export type SqlHome = (work: (sql: Sql) => void) => Promise<void> | void

/** Every byte that there is, and a length that is no round number. */
function soundOf(ms: number): Sound {
  const bytes = (format: Format) => Uint8Array.from({ length: ms * bytesPerMs[format] + 1 }, (_, at) => (at * 7) % 256)
  return { 'audio/pcm': bytes('audio/pcm'), 'audio/pcmu': bytes('audio/pcmu'), 'audio/pcma': bytes('audio/pcma') }
}

function upload(id: string, ms: number): Upload {
  return { id, name: 'Begrüßung 中', ms, created_at: '2026-11-21T00:00:00.000Z' }
}

export function soundsContract(home: SqlHome): void {
  test.each([1, 10_000])('[H4] [S1] a sound of %d ms comes back byte for byte, in each format', async (ms) => {
    await home((sql) => {
      const [sounds, sound] = [new SqlSounds(sql), soundOf(ms)]
      sounds.put(upload('aud_1', ms), sound)
      for (const format of formats) expect(sounds.bytes('aud_1', format)).toEqual(sound[format])
    })
  })

  test('[H4] [S1] uploads are listed oldest first, as they were named, until they are deleted', async () => {
    await home((sql) => {
      const sounds = new SqlSounds(sql)
      for (const id of ['aud_2', 'aud_3', 'aud_1']) sounds.put(upload(id, 5), soundOf(5))
      expect(sounds.list()).toEqual([upload('aud_1', 5), upload('aud_2', 5), upload('aud_3', 5)])
      sounds.delete('aud_2')
      sounds.delete('aud_2')
      expect(sounds.list().map(({ id }) => id)).toEqual(['aud_1', 'aud_3'])
      expect(sounds.bytes('aud_2', 'audio/pcm')).toBeUndefined()
    })
  })
}
