// A library of Redis Functions on every master: loaded where it is missing, called by the key's slot. Its name and those of its functions
// carry a hash of its text, so versions live side by side during a rolling restart. Knows no function.
import { createHash } from 'node:crypto'
import type { RedisConnection } from './connection.ts'
import { StoreFault, faultOf } from './fault.ts'
import type { Link, Word } from './link.ts'
import { storeHopMs } from '../../src/limits.ts'

export interface Library {
  /** `trunkline_<hash>` */
  readonly name: string
  readonly text: string
  /** What a function is registered and called as. */
  nameOf(name: string): string
}

const hashDigits = 16
/** Calls nothing, writes nothing: whoever may call it may call the others. */
const probe = 'probe'

/** The source registers each function as `redis.register_function(LIBRARY .. 'name', …)`; `LIBRARY` is `<hash>_`. */
export function makeLibrary(source: string): Library {
  const hash = createHash('sha256').update(source).digest('hex').slice(0, hashDigits)
  const name = `trunkline_${hash}`
  const nameOf = (called: string) => `${name}_${called}`
  const prelude = `local LIBRARY = '${nameOf('')}' redis.register_function{function_name=LIBRARY..'${probe}',callback=function() return 1 end,flags={'no-writes','allow-oom','allow-stale'}}`
  return { name, nameOf, text: `#!lua name=${name}\n${prelude} ${source}` }
}

/** What a `RedisConnection` prepares each master with. It learns here, too, whether functions may be called. */
export async function load(library: Library, link: Link): Promise<void> {
  try {
    await link.ask('FUNCTION', 'LOAD', library.text)
  } catch (error) {
    const fault = faultOf(error, link.where)
    // Another node was first; what has this name has this text.
    if (!/already exists/.test(fault.message)) throw fault
  }
  await link.ask('FCALL', library.nameOf(probe), 0)
}

export type Fcall = (name: string, key: string, ...args: readonly Word[]) => Promise<unknown>

/** Calls functions of the library, each with one key. A call is repeated once where the server did not know the function; never after silence. */
export function makeFcall(connection: RedisConnection, library: Library): Fcall {
  return async (name, key, ...args) => {
    const call = () => connection.send(key, 'FCALL', library.nameOf(name), 1, key, ...args)
    const began = performance.now()
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof StoreFault && error.trouble === 'missing')) throw error
      // Late, it is loaded all the same, for the next call.
      const repaired = await within(connection.ownerOf(key).repair(), began + storeHopMs - performance.now())
      if (!repaired) throw error
      return await call()
    }
  }
}

async function within(done: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)))
  try {
    return await Promise.race([done.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
