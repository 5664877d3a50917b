// Which host the whole calls of this run meet: the Worker, unless TRUNKLINE_TEST_HOST says node. Knows no test.
const named = process.env['TRUNKLINE_TEST_HOST'] ?? 'worker'
if (named !== 'worker' && named !== 'node')
  throw new Error(`TRUNKLINE_TEST_HOST is ${JSON.stringify(named)}: give "worker" or "node".`)

export type HostName = 'worker' | 'node'
export const host: HostName = named
