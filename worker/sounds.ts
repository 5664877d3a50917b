// Sounds of the lines: shipped ones from the assets beside the Worker, uploads from their tenant's desk. Knows no line.
import { readySoundBytes } from '../src/limits.ts'
import type { Sounds } from '../src/ports.ts'
import { ReadySounds } from '../src/ready-sounds.ts'
import type { Format } from '../src/sound.ts'
import type { Env } from './env.ts'
import { deskOf } from './stubs.ts'

/** Of this isolate, for all calls in it. */
const ready = new ReadySounds(readySoundBytes)

/** As the calls of one tenant have them. */
export function soundsOf(env: Env, tenant: string): Sounds {
  return {
    load: (source, format) =>
      source.is === 'shipped'
        ? ready.load(source.path, format, () => shipped(env, source.path))
        : ready.load(`${tenant} ${source.audio}`, format, () => uploaded(env, tenant, source.audio, format)),
  }
}

async function shipped(env: Env, path: string): Promise<Uint8Array> {
  const response = await env.ASSETS.fetch(`https://assets${path}`)
  if (!response.ok) throw new Error(`no sound at ${path}: ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

async function uploaded(env: Env, tenant: string, id: string, format: Format): Promise<Uint8Array> {
  const bytes = await deskOf(env, tenant).sound(id, format)
  if (bytes === undefined) throw new Error(`no sound ${id} at ${tenant}`)
  return bytes
}
