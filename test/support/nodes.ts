// Several nodes of the Node host on one Redis, with one practice upstream behind all. Knows no test.
import { projectRoot } from '../../cli/broker.ts'
import { startNodeBroker, type NodeBroker } from '../../cli/node-broker.ts'
import { ensureWebPage } from '../../cli/web-page.ts'
import type { SimOptions } from '../../sim/options.ts'
import { startSim, type Sim } from '../../sim/server.ts'
import { join } from 'node:path'
import { Broker, settingsOf } from './broker.ts'
import { freePort, startRedis, type RedisServer } from './redis.ts'

export interface NodeOptions {
  drainSeconds?: number
  drainGraceSeconds?: number
  /** More `TRUNKLINE_*` variables. */
  vars?: Readonly<Record<string, string>>
}

/** One node, which has the same name and port in each of its lives. */
export interface Member {
  readonly broker: Broker
  readonly pid: number
  readonly log: readonly string[]
  /** Resolves when it has ended, with the reason and its last words. */
  readonly ended: Promise<string>
  /** Tells it to stop in order. */
  signal(name?: NodeJS.Signals): void
  kill(): Promise<void>
  /** Once it has ended: its next life. */
  again(): Promise<Member>
}

export interface Nodes {
  readonly redis: RedisServer
  readonly sim: Sim
  readonly members: Member[]
  end(): Promise<void>
}

export async function startNodes(
  count: number,
  options: NodeOptions = {},
  simOptions: SimOptions = {},
): Promise<Nodes> {
  const web = join(projectRoot, 'web')
  const page = { root: web, outDir: join(projectRoot, '.cache', 'web'), sources: [web, join(projectRoot, 'src')] }
  await ensureWebPage({ ...page, building: () => undefined })
  const [redis, sim] = await Promise.all([startRedis(), startSim({ port: 0, pace: 'burst', ...simOptions })])
  const living = new Set<NodeBroker>()

  const start = async (name: string, port: number): Promise<Member> => {
    const log: string[] = []
    const { vars, secrets } = settingsOf(sim.url)
    const node = await startNodeBroker({
      host: '127.0.0.1',
      port,
      stateDir: redis.url,
      log: (line) => log.push(line),
      vars: { ...vars, TRUNKLINE_NODE: name, TRUNKLINE_TRUSTED_PROXIES: '127.0.0.1', ...options.vars },
      secrets,
      drainSeconds: options.drainSeconds ?? 60,
      drainGraceSeconds: options.drainGraceSeconds ?? 0,
    })
    living.add(node)
    void node.crashed.then(() => living.delete(node))
    const nothing = (): Promise<never> => Promise.reject(new Error('a node is ended by its nodes'))
    return {
      broker: new Broker(node.url, sim, log, { pid: node.pid, close: nothing, restart: nothing }),
      pid: node.pid,
      log,
      ended: node.crashed,
      signal: (signal = 'SIGTERM') => void process.kill(node.pid, signal),
      kill: () => node.kill(),
      again: () => start(name, node.port),
    }
  }
  const ports = await Promise.all(Array.from({ length: count }, freePort))
  const members = await Promise.all(ports.map((port, i) => start(`node-${i}`, port)))
  const end = async (): Promise<void> => {
    await Promise.all([...living].map((node) => node.kill()))
    await sim.close()
    await redis.end()
  }
  return { redis, sim, members, end }
}
