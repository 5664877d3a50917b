// Several nodes over one store, a practice upstream behind them: each node a process of its own that can be killed, frozen and started
// again under its name and at its port. Knows no fault and no rule.
import { startNodeBroker, type NodeBroker, type NodeBrokerOptions } from '../../cli/node-broker.ts'
import type { SimOptions } from '../../sim/options.ts'
import { startSim, type Sim } from '../../sim/server.ts'
import { Broker, settingsOf, type MadeTenant, type TenantBody } from './broker.ts'
import { eventually } from './eventually.ts'
import { freePort } from './redis.ts'

/** How its nodes take their leave: at once unless it is said. */
export type Leave = Pick<NodeBrokerOptions, 'drainSeconds' | 'drainGraceSeconds'>

export class FleetNode {
  readonly name: string
  /** Every line that its processes wrote. */
  readonly log: string[] = []
  readonly #sim: Sim
  readonly #store: string
  readonly #env: Readonly<Record<string, string>>
  readonly #leave: Leave
  #port: number | undefined
  #process: NodeBroker | undefined
  #broker: Broker | undefined

  constructor(name: string, sim: Sim, store: string, env: Readonly<Record<string, string>>, leave: Leave = {}) {
    this.name = name
    this.#sim = sim
    this.#store = store
    this.#env = env
    this.#leave = leave
  }

  /** As the clients of this life of it. */
  get broker(): Broker {
    if (this.#broker === undefined) throw new Error(`node ${this.name} was not started`)
    return this.#broker
  }

  /** Another life of it: it listens, and has its store where there is one. */
  async start(): Promise<void> {
    const { vars, secrets } = settingsOf(this.#sim.url)
    this.#port ??= await freePort()
    const running = await startNodeBroker({
      ...this.#leave,
      host: '127.0.0.1',
      port: this.#port,
      stateDir: this.#store,
      log: (line) => this.log.push(line),
      vars: { ...vars, ...this.#env, TRUNKLINE_NODE: this.name, TRUNKLINE_TRUSTED_PROXIES: '127.0.0.1' },
      secrets,
    })
    this.#process = running
    this.#broker = new Broker(running.url, this.#sim, this.log, {
      pid: running.pid,
      close: () => this.kill(),
      restart: () => Promise.reject(new Error('start the node instead')),
    })
  }

  /** Answers once it says that it is ready. */
  async ready(withinMs = 15_000): Promise<void> {
    await eventually(
      async () => {
        const response = await fetch(`${this.broker.url}/readyz`)
        return [response.status, await response.text()]
      },
      ([status]) => status === 200,
      withinMs,
    )
  }

  /** Frozen or not. */
  async kill(): Promise<void> {
    await this.#process?.kill()
  }

  /** Resolves when this life of it is over: with what it ended. */
  get ended(): Promise<string> {
    return this.#process?.crashed ?? Promise.resolve('never started')
  }

  /** As an orchestrator stops it. */
  async stop(): Promise<string> {
    process.kill(this.broker.pid, 'SIGTERM')
    return this.ended
  }

  freeze(): void {
    process.kill(this.broker.pid, 'SIGSTOP')
  }

  resume(): void {
    process.kill(this.broker.pid, 'SIGCONT')
  }
}

export interface FleetOptions {
  nodes: readonly string[]
  /** A folder, or the address of Redis; or each node's own, such as a proxy in front of it. */
  store: string | ((node: string) => string)
  sim?: SimOptions
  env?: (node: string) => Readonly<Record<string, string>>
  leave?: Leave
}

export class Fleet {
  readonly sim: Sim
  readonly nodes: readonly FleetNode[]

  constructor(sim: Sim, nodes: readonly FleetNode[]) {
    this.sim = sim
    this.nodes = nodes
  }

  /** Made at whichever node; while all begin at once on this machine, Redis may be late for one of them. */
  async tenant(settings: TenantBody): Promise<MadeTenant> {
    const [node] = this.nodes
    if (node === undefined) throw new Error('a fleet without nodes')
    for (let left = 20; ; left--) {
      try {
        return await node.broker.tenant(settings)
      } catch (error) {
        if (left === 0 || !/store_un(reachable|answered)/.test(String(error))) throw error
        await node.ready()
      }
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()))
    await this.sim.close()
  }
}

export async function startFleet({ nodes: names, store, sim: options, env, leave }: FleetOptions): Promise<Fleet> {
  const sim = await startSim({ port: 0, pace: 'burst', says: ['Yes.'], replySentences: 1, echoBytes: 64, ...options })
  const nodes = names.map(
    (name) => new FleetNode(name, sim, typeof store === 'string' ? store : store(name), env?.(name) ?? {}, leave),
  )
  const fleet = new Fleet(sim, nodes)
  try {
    await Promise.all(nodes.map(async (node) => node.start().then(() => node.ready())))
  } catch (error) {
    await fleet.end()
    throw error
  }
  return fleet
}
