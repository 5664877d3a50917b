// A Redis Cluster: each key at its master, found again after a failover and a move of its slot, with the functions everywhere.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { slotOf } from '../../broker/redis/slot.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { type RedisCluster, startCluster } from '../support/redis-cluster.ts'
import { type Meeting, meet, outcome, untilServed } from './meeting.ts'

let cluster: RedisCluster
let meeting: Meeting

beforeAll(async () => {
  cluster = await startCluster({ masters: 3, replicas: 1 })
  meeting = meet(cluster.masters[0]!.url)
  await meeting.connection.ready()
}, 20_000)

afterAll(async () => {
  meeting.connection.close()
  await cluster.end()
})

const returnMs = 5_000
const keys = Array.from({ length: 60 }, (_, index) => `{tenant-${index}}`)

test('[S3] one address finds the whole cluster, and each key its master', async () => {
  expect(meeting.connection.masters()).toHaveLength(3)
  expect(await Promise.all(keys.map((key) => meeting.fcall('count', key)))).toEqual(keys.map(() => 1))
  for (const key of keys.slice(0, 5)) {
    expect(slotOf(key)).toBe(Number(await cluster.masters[0]!.cli('cluster', 'keyslot', key)))
    expect(meeting.connection.ownerOf(key).place.port).toBe((await cluster.ownerOf(key)).port)
  }
  for (const key of ['a', '{}a', 'x{a}{b}', '{a', 'ü{ü}']) {
    expect(slotOf(key)).toBe(Number(await cluster.masters[0]!.cli('cluster', 'keyslot', key)))
  }
})

test('[S3] a slot that moved is followed at once, and one that is moving in the middle of it', async () => {
  const key = '{moved}'
  await meeting.fcall('count', key)
  const from = await cluster.ownerOf(key)
  const to = cluster.masters.find((server) => server !== from)!
  await cluster.moveSlot(key, to)
  const moved = await outcome(() => meeting.fcall('count', key))
  expect(moved.answer).toBe(2)
  expect(moved.tookMs).toBeLessThan(100)
  // Half-way: the key is gone from its owner and not yet the other's; the owner answers ASK.
  const slot = `${slotOf(key)}`
  const [fromId, toId] = [await to.cli('cluster', 'myid'), await from.cli('cluster', 'myid')]
  await from.cli('cluster', 'setslot', slot, 'importing', fromId)
  await to.cli('cluster', 'setslot', slot, 'migrating', toId)
  await to.cli('migrate', '127.0.0.1', `${from.port}`, key, '0', '1000')
  expect(await meeting.fcall('count', key)).toBe(3)
  await from.cli('cluster', 'setslot', slot, 'node', toId)
  await to.cli('cluster', 'setslot', slot, 'node', toId)
  expect(await meeting.fcall('count', key)).toBe(4)
})

test('[G10] a master that dies is replaced by its replica; its keys are served within 5 s of that, the others all the while', async () => {
  const key = '{failing}'
  await meeting.fcall('count', key)
  const master = await cluster.ownerOf(key)
  const other = keys.find((name) => meeting.connection.ownerOf(name).place.port !== master.port)!
  const [replica] = cluster.replicas[cluster.masters.indexOf(master)]!
  await master.kill()
  expect((await outcome(() => meeting.fcall('count', key))).tookMs).toBeLessThan(500)
  expect((await outcome(() => meeting.fcall('count', other))).answer).toBeDefined()
  await cluster.promote(replica!)
  console.log(
    `master killed, replica took over: served after ${await untilServed(() => meeting.fcall('count', key), returnMs)} ms`,
  )
  await master.restart()
  expect(await untilServed(() => meeting.fcall('count', key), returnMs)).toBeLessThan(returnMs)
  expect(meeting.connection.unready()).toEqual([])
})

test('[G10] a master that freezes is failed over by the cluster itself, and its keys are served within 5 s of that', async () => {
  const key = '{freezing}'
  await meeting.fcall('count', key)
  const port = meeting.connection.ownerOf(key).place.port
  const servers = [...cluster.masters, ...cluster.replicas.flat()]
  const master = servers.find((server) => server.port === port)!
  master.freeze()
  // node-timeout is 1 s here; the election adds some.
  const tookMs = await untilServed(() => meeting.fcall('count', key), 10_000)
  console.log(`master frozen, failed over by the cluster: served after ${tookMs} ms, detection included`)
  master.resume()
  expect(await untilServed(() => meeting.fcall('count', key), returnMs)).toBeLessThan(returnMs)
}, 20_000)

test('[S3] a cluster that lost a master for good says so, and serves the slots of those who are up as long as Redis does', async () => {
  const small: RedisCluster = await startCluster({ masters: 2, config: { 'cluster-require-full-coverage': 'no' } })
  const { connection, fcall } = meet(small.url)
  try {
    await connection.ready()
    const lost: RedisServer = await small.ownerOf('{lost}')
    const kept = keys.find((key) => connection.ownerOf(key).place.port !== lost.port)!
    await lost.kill()
    expect((await outcome(() => fcall('count', '{lost}'))).tookMs).toBeLessThan(500)
    expect(await fcall('count', kept)).toBe(1)
    await untilServed(() => Promise.resolve(connection.unready().length > 0 || undefined), returnMs)
    expect(connection.unready()[0]).toMatch(/cannot be reached|closed/)
    await lost.restart()
    await untilServed(() => fcall('count', '{lost}'), returnMs)
  } finally {
    connection.close()
    await small.end()
  }
}, 20_000)

test('[S3] a single server that is asked nothing of a cluster stays one', async () => {
  const server = await startRedis()
  const { connection, fcall } = meet(server.url)
  await connection.ready()
  expect(connection.masters()).toHaveLength(1)
  expect(await fcall('count', 'a')).toBe(1)
  connection.close()
  await server.end()
})
