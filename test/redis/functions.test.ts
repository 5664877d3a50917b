// The library is where it is needed: loaded on each master, again where it was lost, side by side with other versions.
import { afterEach, expect, test } from 'vitest'
import { load, makeFcall, makeLibrary } from '../../broker/redis/functions.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { startCluster } from '../support/redis-cluster.ts'
import { meet, outcome, source } from './meeting.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

async function redis(): Promise<RedisServer> {
  const server = await startRedis()
  ends.push(() => server.end())
  return server
}

const libraries = (listed: string) => listed.match(/trunkline_[0-9a-f]{16}$/gm)?.toSorted()

test('[S3] a library that is lost is loaded again by the call that misses it, which runs once', async () => {
  const server = await redis()
  const { connection, fcall } = meet(server.url)
  ends.push(() => connection.close())
  await connection.ready()
  await server.cli('function', 'flush')
  const calls = await Promise.all(Array.from({ length: 50 }, () => outcome(() => fcall('count', 'a'))))
  expect(calls.map(({ answer }) => answer).toSorted((a, b) => Number(a) - Number(b))).toEqual(
    Array.from({ length: 50 }, (_, index) => index + 1),
  )
  expect(Math.max(...calls.map(({ tookMs }) => tookMs))).toBeLessThan(500)
})

test('[S3] versions live side by side, each called by its own nodes', async () => {
  const server = await redis()
  const old = meet(server.url)
  const changed = makeLibrary(source.replace("'INCR', keys[1]", "'INCRBY', keys[1], 10"))
  const next = meet(server.url, { prepare: (link) => load(changed, link) })
  ends.push(
    () => old.connection.close(),
    () => next.connection.close(),
  )
  await Promise.all([old.connection.ready(), next.connection.ready()])
  expect(await old.fcall('count', 'a')).toBe(1)
  expect(await makeFcall(next.connection, changed)('count', 'a')).toBe(11)
  expect(await old.fcall('count', 'a')).toBe(12)
  expect(libraries(await server.cli('function', 'list'))).toEqual([makeLibrary(source).name, changed.name].toSorted())
})

test('[S3] each master of a cluster has the library, and gets it again when it lost it', async () => {
  const cluster = await startCluster()
  ends.push(() => cluster.end())
  const { connection, fcall } = meet(cluster.url)
  ends.push(() => connection.close())
  await connection.ready()
  for (const master of cluster.masters) expect(libraries(await master.cli('function', 'list'))).toHaveLength(1)
  for (const master of cluster.masters) await master.cli('function', 'flush')
  const keys = Array.from({ length: 30 }, (_, index) => `{${index}}`)
  expect(await Promise.all(keys.map((key) => fcall('count', key)))).toEqual(keys.map(() => 1))
}, 15_000)

test('[S3] a library that does not compile is said to, and the node is not ready', async () => {
  const server = await redis()
  const broken = makeLibrary('this is no Lua')
  const { connection } = meet(server.url, { prepare: (link) => load(broken, link) })
  ends.push(() => connection.close())
  const seen = await outcome(() => new Promise((resolve) => connection.watch(() => resolve(connection.unready()))))
  expect(seen.answer).toEqual([expect.stringMatching(/answered with an error: .*compiling/)])
})
