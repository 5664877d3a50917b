// Versions of the functions that no node uses any more are deleted by the nodes that are there; a node that is there keeps its own.
import { afterEach, expect, test, vi } from 'vitest'
import { RedisConnection } from '../../broker/redis/connection.ts'
import { load, makeFcall, makeLibrary } from '../../broker/redis/functions.ts'
import { tendLibraries } from '../../broker/redis/libraries.ts'
import { source } from '../../broker/redis/source.ts'
import { RedisStore } from '../../broker/stores/redis.ts'
import { startRedis } from '../support/redis.ts'
import { startCluster } from '../support/redis-cluster.ts'
import { nobodysCourier } from '../support/courier.ts'

const dayMs = 86_400_000
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

const [old, next] = [1, 2].map((answer) =>
  makeLibrary(`redis.register_function(LIBRARY .. 'which', function() return ${answer} end)`),
) as [ReturnType<typeof makeLibrary>, ReturnType<typeof makeLibrary>]

async function met(url: string, library: typeof old) {
  const connection = new RedisConnection({ url, log: () => undefined, prepare: (link) => load(library, link) })
  ends.push(() => connection.close())
  await connection.ready()
  const tend = (now: number) =>
    tendLibraries(
      library.name,
      now,
      (key, name, ...args) => connection.send(key, name, ...args),
      () => connection.masters(),
    )
  return { which: () => makeFcall(connection, library)('which', '{a}'), tend }
}

test('[S3] a library that no node has used for a day is deleted from every master; a node that comes back with it is served', async () => {
  const cluster = await startCluster()
  ends.push(() => cluster.end())
  const [older, newer] = [await met(cluster.url, old), await met(cluster.url, next)]
  const left = () =>
    Promise.all(
      cluster.masters.map(async (master) =>
        (await master.cli('function', 'list')).match(/trunkline_[0-9a-f]{16}$/gm)?.toSorted(),
      ),
    )
  await older.tend(0)
  await newer.tend(dayMs - 1)
  expect(await left()).toEqual(cluster.masters.map(() => [old.name, next.name].toSorted()))
  await newer.tend(dayMs)
  expect(await left()).toEqual(cluster.masters.map(() => [next.name]))
  expect([await newer.which(), await older.which()]).toEqual([2, 1])
}, 20_000)

test('[S3] a node does so from its start on, and notes its own', async () => {
  const redis = await startRedis()
  ends.push(() => redis.end())
  await met(redis.url, old)
  await redis.cli('zadd', 'trunkline:{nodes}:libraries', String(Date.now() - dayMs), old.name)
  const pools = { openai: { tokensPerMinute: null, sessions: null } }
  const calls = { seated: () => undefined, told: () => undefined }
  const store = new RedisStore({
    url: redis.url,
    node: 'a',
    pools,
    calls,
    courier: nobodysCourier,
    fault: () => undefined,
    tell: () => undefined,
    log: () => undefined,
  })
  ends.push(() => store.close())
  const own = makeLibrary(source()).name
  await vi.waitFor(async () => expect(await redis.cli('zrange', 'trunkline:{nodes}:libraries', '0', '-1')).toBe(own))
  expect((await redis.cli('function', 'list')).match(/trunkline_[0-9a-f]{16}$/gm)).toEqual([own])
})
