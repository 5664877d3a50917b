// Which host the whole calls of this run meet, and in what it keeps things: the Worker, unless TRUNKLINE_TEST_HOST says otherwise. Knows no test.
const hosts = ['worker', 'node', 'redis', 'cluster'] as const
type Named = (typeof hosts)[number]

const named = process.env['TRUNKLINE_TEST_HOST'] ?? 'worker'
if (!isNamed(named))
  throw new Error(`TRUNKLINE_TEST_HOST is ${JSON.stringify(named)}: give one of ${hosts.join(', ')}.`)

export type HostName = 'worker' | 'node'
export const host: HostName = named === 'worker' ? 'worker' : 'node'
/** What the Node host keeps things in. */
export type StoreName = 'folder' | 'redis' | 'cluster'
export const store: StoreName = named === 'redis' || named === 'cluster' ? named : 'folder'

function isNamed(name: string): name is Named {
  return (hosts as readonly string[]).includes(name)
}
