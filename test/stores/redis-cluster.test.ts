// The desk and the pool on a cluster of three masters, beside those over SQL: each on the master that has its slot.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Fcall } from '../../broker/redis/call.ts'
import { RedisDesk } from '../../broker/redis/desk.ts'
import { RedisPool } from '../../broker/redis/pool.ts'
import { deskStreams, type TimedDesk } from './desk-streams.ts'
import { own, poolStreams, type TimedPool } from './pool-beside.ts'
import { startCluster, timedSource, type Cluster } from './redis.ts'

let cluster: Cluster
let fcall: Fcall

beforeAll(async () => {
  cluster = await startCluster()
  fcall = await cluster.load(timedSource())
}, 30_000)
afterAll(() => cluster?.end())

const at = (tag: string, now: number) => cluster.at(`{${tag}}`).send('SET', `trunkline:{${tag}}:clock`, String(now))

function openDesk(run: number): TimedDesk {
  const tenant = `ten_${run}`
  return { desk: new RedisDesk(tenant, fcall, { node: 'a', epoch: 1 }), at: (now) => at(tenant, now) }
}

function openPool(run: number): TimedPool {
  const key = `trunkline:{pool:p${run}}:pool`
  const pool = new RedisPool('openai', own, (name, _key, ...args) => fcall(name, key, ...args))
  return { pool, at: (now) => at(`pool:p${run}`, now) }
}

const timeout = 60_000

test('[S1] random commands to a desk in a cluster tell the story of one over SQL', { timeout }, async () => {
  expect(await deskStreams(openDesk, 2_000)).toBe(2_000)
})

test('[S1] random commands to a pool in a cluster tell the story of one over SQL', { timeout }, async () => {
  expect(await poolStreams(openPool, 1_000)).toBe(1_000)
})
