// What a webhook's host name stands for, asked of the name servers. Not by the system's lookup: that holds one of libuv's few threads for as
// long as they are silent, and the dials of calls look names up on the same threads. Knows no policy. Rule A5.
import { lookup, Resolver } from 'node:dns/promises'
import { nameServerMs, nameServerTries } from '../src/limits.ts'

export interface Address {
  address: string
  family: number
}

/** All addresses of a name. */
export type Resolve = (name: string) => Promise<readonly Address[]>

/** For development: also what this machine alone knows, by its hosts file or as a name of a container. */
export const ofMachine: Resolve = (name) => lookup(name, { all: true })

/** A new resolver for each name: it has the name servers that there are now, and remembers nothing. */
export function ofServers(make: () => Resolver = resolver): Resolve {
  return async (name) => {
    const asked = make()
    const [four, six] = await Promise.allSettled([asked.resolve4(name), asked.resolve6(name)])
    if (four.status === 'rejected' && six.status === 'rejected') throw four.reason
    return [...listed(four, 4), ...listed(six, 6)]
  }
}

function resolver(): Resolver {
  return new Resolver({ timeout: nameServerMs, maxTimeout: nameServerMs, tries: nameServerTries })
}

function listed(answer: PromiseSettledResult<string[]>, family: number): Address[] {
  return answer.status === 'rejected' ? [] : answer.value.map((address) => ({ address, family }))
}
