// Sounds of the lines: shipped ones from the folder of the page, uploads from their tenant's desk. Knows no line.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Homes } from '../src/http/house.ts'
import { readySoundBytes } from '../src/limits.ts'
import type { Sounds } from '../src/ports.ts'
import { ReadySounds } from '../src/ready-sounds.ts'
import type { Format } from '../src/sound.ts'

/** As the calls of each tenant have them; what was loaded is kept ready for all. */
export function soundsFrom(web: string, homes: Pick<Homes, 'desk'>): (tenant: string) => Sounds {
  const ready = new ReadySounds(readySoundBytes)
  const uploaded = async (tenant: string, id: string, format: Format): Promise<Uint8Array> => {
    const bytes = await homes.desk(tenant).sound(id, format)
    if (bytes === undefined) throw new Error(`no sound ${id} at ${tenant}`)
    return bytes
  }
  return (tenant) => ({
    load: (source, format) =>
      source.is === 'shipped'
        ? ready.load(source.path, format, () => readFile(join(web, source.path)))
        : ready.load(`${tenant} ${source.audio}`, format, () => uploaded(tenant, source.audio, format)),
  })
}
