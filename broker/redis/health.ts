// What a Redis server says of itself (INFO), and whether a broker can stand on it. Asks nobody.
import { StoreFault } from './fault.ts'

export interface Facts {
  readonly version: string
  readonly role: string
  /** Of one start of its process. */
  readonly runId: string
  /** A member of a Redis Cluster. */
  readonly clustered: boolean
  readonly loading: boolean
  readonly usedBytes: number
  /** 0: no bound. */
  readonly mostBytes: number
  readonly policy: string
}

/** The first with functions and sharded pub/sub. */
const leastMajor = 7

export function readFacts(info: string): Facts {
  const said = new Map<string, string>()
  for (const line of info.split('\r\n')) {
    const cut = line.indexOf(':')
    if (cut > 0) said.set(line.slice(0, cut), line.slice(cut + 1))
  }
  return {
    version: said.get('redis_version') ?? 'unknown',
    role: said.get('role') ?? 'unknown',
    runId: said.get('run_id') ?? '',
    clustered: said.get('cluster_enabled') === '1',
    loading: said.get('loading') === '1',
    usedBytes: Number(said.get('used_memory') ?? 0),
    mostBytes: Number(said.get('maxmemory') ?? 0),
    policy: said.get('maxmemory_policy') ?? 'noeviction',
  }
}

/** Why nothing may be asked of it. A replica in a cluster waits for its turn: no trouble. */
export function hindrance(facts: Facts, where: string): StoreFault | undefined {
  const { version, role, clustered, loading } = facts
  if (!(Number.parseInt(version, 10) >= leastMajor)) {
    return new StoreFault('version', `Redis at ${where} is version ${version}: 7.0 or newer is needed.`)
  }
  if (loading) {
    return new StoreFault(
      'loading',
      `Redis at ${where} still loads its data from disk; it is asked again until it has.`,
    )
  }
  if (role !== 'master' && !clustered) {
    return new StoreFault('replica', `Redis at ${where} is a replica: name its master, or promote it.`)
  }
  return undefined
}

/** What an operator must mend, while calls that live still renew and end there. */
export function complaint({ usedBytes, mostBytes, policy }: Facts, where: string): StoreFault | undefined {
  if (mostBytes === 0) return undefined
  if (policy !== 'noeviction') {
    return new StoreFault(
      'evicting',
      `Redis at ${where} throws keys away when it is full (maxmemory-policy ${policy}): set maxmemory-policy noeviction.`,
    )
  }
  if (usedBytes < mostBytes) return undefined
  return new StoreFault(
    'full',
    `Redis at ${where} is full (maxmemory) and takes no writes: give it more memory, or remove what else is in it.`,
  )
}
