// A Redis Cluster for tests: masters that share the slots, each with its replicas. Knows no broker.
import { randomBytes } from 'node:crypto'
import { Server, type RedisOptions, type RedisServer, freePort, until } from './redis.ts'

export interface RedisCluster {
  readonly masters: readonly RedisServer[]
  /** By master, in their order. */
  readonly replicas: readonly (readonly RedisServer[])[]
  /** All masters, comma-separated, as a broker is given them. */
  readonly url: string
  /** The master that has the slot of this key when asked. */
  ownerOf(key: string): Promise<RedisServer>
  /** Takes over from its master without asking anybody, as a failover by hand. */
  promote(replica: RedisServer): Promise<void>
  /** Moves the slot of a key, with what is in it, to another master. */
  moveSlot(key: string, to: RedisServer): Promise<void>
  end(): Promise<void>
}

export interface ClusterOptions extends RedisOptions {
  masters?: number
  /** Of each master. */
  replicas?: number
}

const host = '127.0.0.1'
const slots = 16_384

interface Member {
  server: Server
  id: string
  bus: number
  /** Which master it is or follows. */
  shard: number
  first: boolean
}

/** The members are born knowing each other, by their `nodes.conf`: no meeting, only the two seconds that Redis takes before it trusts a new cluster. */
export async function startCluster({
  masters = 3,
  replicas = 0,
  ...options
}: ClusterOptions = {}): Promise<RedisCluster> {
  const members: Member[] = []
  for (let shard = 0; shard < masters; shard++) {
    for (let place = 0; place <= replicas; place++) {
      const bus = await freePort()
      const server = new Server(await freePort(), {
        ...options,
        config: {
          'cluster-enabled': 'yes',
          'cluster-config-file': 'nodes.conf',
          'cluster-port': `${bus}`,
          'cluster-node-timeout': '1000',
          ...options.config,
        },
      })
      members.push({ server, id: randomBytes(20).toString('hex'), bus, shard, first: place === 0 })
    }
  }
  const servers = members.map(({ server }) => server)
  const end = async () => void (await Promise.all(servers.map((server) => server.end())))
  try {
    for (const { server, id } of members) server.write('nodes.conf', view(members, id, masters))
    await Promise.all(servers.map((server) => server.start()))
    await Promise.all(servers.map((server) => until(() => isWhole(server, masters, replicas))))
  } catch (error) {
    await end()
    throw error
  }
  const owner = async (key: string) => {
    const alive = await firstAnswer(servers)
    const slot = Number(await alive.cli('cluster', 'keyslot', key))
    const lines = (await alive.cli('cluster', 'nodes')).split('\n').filter((line) => / (?:myself,)?master /.test(line))
    const line = lines.find((text) => holds(text, slot))
    const port = Number(/:(\d+)@/.exec(line ?? '')?.[1])
    const server = servers.find((one) => one.port === port)
    if (server === undefined || line === undefined) throw new Error(`nobody has slot ${slot}`)
    return { server, slot, id: line.slice(0, 40) }
  }
  return {
    masters: members.filter(({ first }) => first).map(({ server }) => server),
    replicas: Array.from({ length: masters }, (_, shard) =>
      members.filter((member) => !member.first && member.shard === shard).map(({ server }) => server),
    ),
    url: members
      .filter(({ first }) => first)
      .map(({ server }) => server.url)
      .join(','),
    ownerOf: async (key) => (await owner(key)).server,
    promote: async (replica) => void (await replica.cli('cluster', 'failover', 'takeover')),
    moveSlot: async (key, to) => {
      const { server: from, slot, id } = await owner(key)
      const target = (await to.cli('cluster', 'myid')).trim()
      await to.cli('cluster', 'setslot', `${slot}`, 'importing', id)
      await from.cli('cluster', 'setslot', `${slot}`, 'migrating', target)
      const keys = (await from.cli('cluster', 'getkeysinslot', `${slot}`, '1000'))
        .split('\n')
        .filter((name) => name !== '')
      if (keys.length > 0) await from.cli('migrate', host, `${to.port}`, '', '0', '1000', 'keys', ...keys)
      await to.cli('cluster', 'setslot', `${slot}`, 'node', target)
      await from.cli('cluster', 'setslot', `${slot}`, 'node', target)
    },
    end,
  }
}

function view(members: readonly Member[], self: string, masters: number): string {
  const lines = members.map(({ server, id, bus, shard, first }) => {
    const flags = `${id === self ? 'myself,' : ''}${first ? 'master' : 'slave'}`
    const master = first ? '-' : members.find((member) => member.first && member.shard === shard)?.id
    const [from, to] = [Math.ceil((slots * shard) / masters), Math.ceil((slots * (shard + 1)) / masters) - 1]
    const address = `${host}:${server.port}@${bus}`
    return `${id} ${address} ${flags} ${master} 0 0 ${shard + 1} connected${first ? ` ${from}-${to}` : ''}`
  })
  return `${lines.join('\n')}\nvars currentEpoch ${masters} lastVoteEpoch 0\n`
}

async function isWhole(server: RedisServer, masters: number, replicas: number): Promise<boolean> {
  const [cluster, nodes, replication] = await Promise.all([
    server.cli('cluster', 'info'),
    server.cli('cluster', 'nodes'),
    server.cli('info', 'replication'),
  ])
  const connected = nodes.split('\n').filter((line) => / connected/.test(line)).length
  const followed = /role:slave/.test(replication)
    ? /master_link_status:up/.test(replication)
    : replication.includes(`connected_slaves:${replicas}`)
  return /cluster_state:ok/.test(cluster) && connected === masters * (replicas + 1) && followed
}

function holds(line: string, slot: number): boolean {
  return line
    .split(' ')
    .slice(8)
    .some((range) => {
      const [from, to] = range.split('-').map(Number)
      return from !== undefined && from <= slot && slot <= (to ?? from)
    })
}

async function firstAnswer(servers: readonly Server[]): Promise<Server> {
  for (const server of servers) {
    try {
      if (/cluster_state:ok/.test(await server.cli('cluster', 'info'))) return server
    } catch {
      // It is down or frozen; the next one is asked.
    }
  }
  throw new Error('no member of the cluster answers')
}
