// Which libraries nodes use: each notes its own, again and again, and those that none has used for a day are deleted from every master. A
// node that comes back later loads its own again, or finds it missing with its first call and loads it then. Knows no function.
import { keptMs } from '../../src/limits.ts'
import { StoreFault } from './fault.ts'
import type { Link } from './link.ts'
import type { Send } from './registry.ts'

const unusedMs = 86_400_000
/** Library → when a node that uses it was heard last, in ms of Redis. */
const used = 'trunkline:{nodes}:libraries'

/** `masters`: all there are. One that cannot be asked has the library deleted another time. */
export async function tendLibraries(own: string, now: number, send: Send, masters: () => Link[]): Promise<void> {
  await send(used, 'ZADD', used, String(now), own)
  await send(used, 'PEXPIRE', used, String(keptMs))
  const unused = (await send(used, 'ZRANGE', used, '-inf', String(now - unusedMs), 'BYSCORE')) as string[]
  for (const name of unused) {
    await Promise.all(masters().map((master) => unload(name, master)))
    await send(used, 'ZREM', used, name)
  }
}

/** Gone already is gone as well. */
async function unload(name: string, master: Link): Promise<void> {
  try {
    await master.send('FUNCTION', ['DELETE', name])
  } catch (error) {
    if (!(error instanceof StoreFault && /Library not found/.test(error.message))) throw error
  }
}
