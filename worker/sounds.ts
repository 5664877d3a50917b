// Sounds of the lines, from the assets beside the Worker. Knows no line.
import type { Sounds } from '../src/ports.ts'
import type { Env } from './env.ts'

/** Sounds that this isolate has loaded, by path: a handful of lines, whatever the number of callers. */
const loaded = new Map<string, Uint8Array>()

export function soundsOf(env: Env): Sounds {
  return {
    load: async (source) => {
      if (source.is === 'uploaded') throw new Error(`no upload ${source.audio}`)
      const sound = loaded.get(source.path) ?? (await fetched(env, source.path))
      loaded.set(source.path, sound)
      return sound
    },
  }
}

async function fetched(env: Env, path: string): Promise<Uint8Array> {
  const response = await env.ASSETS.fetch(`https://assets${path}`)
  if (!response.ok) throw new Error(`no sound at ${path}: ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}
