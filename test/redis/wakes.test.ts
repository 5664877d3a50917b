// Wakes reach the other node, on one server and on a cluster, and again after restarts, failovers and moves.
import { Redis } from 'ioredis'
import { afterEach, expect, test } from 'vitest'
import { slotOf } from '../../broker/redis/slot.ts'
import { Wakes } from '../../broker/redis/wakes.ts'
import { startRedis, until } from '../support/redis.ts'
import { startCluster } from '../support/redis-cluster.ts'
import { readMessage } from '../../broker/redis/message.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { type Meeting, meet, outcome } from './meeting.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

interface Ear extends Meeting {
  wakes: Wakes
  heard: [channel: string, calls: readonly string[]][]
  /** Messages that are none. */
  odd: string[]
}

async function ear(url: string): Promise<Ear> {
  const meeting = meet(url)
  const heard: Ear['heard'] = []
  const odd: string[] = []
  const wakes = new Wakes({
    connection: meeting.connection,
    deliver: (channel, message) => {
      const told = readMessage(message)
      if (told === undefined) odd.push(message)
      else heard.push([channel, told.calls])
    },
    log: (line) => void meeting.log.push(line),
  })
  ends.push(() => {
    wakes.close()
    meeting.connection.close()
  })
  await meeting.connection.ready()
  return { ...meeting, wakes, heard, odd }
}

/** Wakes until one is heard. Milliseconds until then. */
async function untilHeard({ heard }: Ear, speaker: Meeting, channel: string, withinMs = 10_000): Promise<number> {
  const began = performance.now()
  const before = heard.length
  await until(async () => {
    await outcome(() => speaker.fcall('wake', channel, '["call_1"]'))
    return heard.length > before
  }, withinMs)
  return Math.round(performance.now() - began)
}

test('[G6] a wake that one node sends is heard by the other, in the order sent, and no more once it unsubscribed', async () => {
  const server = await startRedis()
  ends.push(() => server.end())
  const [a, b] = [await ear(server.url), await ear(server.url)]
  a.wakes.subscribe('{t}')
  await until(() => Promise.resolve(a.wakes.isHeard('{t}')))
  for (const call of ['call_1', 'call_2']) expect(await b.fcall('wake', '{t}', JSON.stringify([call]))).toBe(1)
  for (const text of ['no json', '{}', '[1]', '']) await b.fcall('wake', '{t}', text)
  await b.fcall('wake', '{t}', '["call_3","call_4"]')
  await until(() => Promise.resolve(a.heard.length === 3))
  expect(a.heard.map(([, calls]) => calls)).toEqual([['call_1'], ['call_2'], ['call_3', 'call_4']])
  // Commands pass on the same connection meanwhile, each with its own answer.
  const answers = await Promise.all(Array.from({ length: 50 }, () => a.fcall('count', 'n')))
  expect(answers).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
  a.wakes.unsubscribe('{t}')
  await until(async () => (await b.fcall('wake', '{t}', '["call_5"]')) === 0)
  expect(a.odd).toEqual(['no json', '{}', '[1]', ''])
})

test('[G6] wakes are heard again after a restart, a freeze and a cut', async () => {
  const server = await startRedis()
  ends.push(() => server.end())
  const between = await startTcpProxy(server)
  ends.push(() => between.end())
  const [a, b] = [await ear(`redis://127.0.0.1:${between.port}`), await ear(server.url)]
  a.wakes.subscribe('{t}')
  await untilHeard(a, b, '{t}')
  await server.restart()
  const restarted = await untilHeard(a, b, '{t}', 5_000)
  between.cut()
  const cut = await untilHeard(a, b, '{t}', 5_000)
  server.freeze()
  await until(() => Promise.resolve(a.connection.unready().length > 0 && b.connection.unready().length > 0))
  server.resume()
  const thawed = await untilHeard(a, b, '{t}', 5_000)
  console.log(`heard again after: restart ${restarted} ms, cut ${cut} ms, thaw ${thawed} ms`)
}, 20_000)

test('[G6] on a cluster wakes are heard at each slot, after its move, and after the failover of its master', async () => {
  const cluster = await startCluster({ masters: 3, replicas: 1 })
  ends.push(() => cluster.end())
  const [a, b] = [await ear(cluster.url), await ear(cluster.url)]
  const channels = Array.from({ length: 30 }, (_, index) => `{${index}}`)
  for (const channel of channels) a.wakes.subscribe(channel)
  await until(() => Promise.resolve(channels.every((channel) => a.wakes.isHeard(channel))))
  for (const channel of channels) await b.fcall('wake', channel, '["call_1"]')
  await until(() => Promise.resolve(a.heard.length === channels.length))
  expect(a.heard.map(([channel]) => channel).toSorted()).toEqual(channels.toSorted())

  // Away and back before anybody looks: the server has dropped the subscription and says so.
  const back = channels[1]!
  const owner = await cluster.ownerOf(back)
  const [ownId, otherId] = await Promise.all(
    [owner, cluster.masters.find((server) => server !== owner)!].map((server) => server.cli('cluster', 'myid')),
  )
  const direct = new Redis(owner.port)
  const setSlot = (id = '') => direct.call('CLUSTER', 'SETSLOT', slotOf(back), 'NODE', id)
  await Promise.all([setSlot(otherId), setSlot(ownId)])
  direct.disconnect()
  const returned = await untilHeard(a, b, back, 5_000)

  // A master that restarts without a failover.
  await owner.restart()
  const restarted = await untilHeard(a, b, back, 5_000)

  const channel = channels[0]!
  const from = await cluster.ownerOf(channel)
  await cluster.moveSlot(
    channel,
    cluster.masters.find((server) => server !== from)!,
  )
  const moved = await untilHeard(a, b, channel, 5_000)

  const master = await cluster.ownerOf(channel)
  const [replica] = cluster.replicas[cluster.masters.indexOf(master)]!
  await master.kill()
  await cluster.promote(replica!)
  const failedOver = await untilHeard(a, b, channel, 5_000)
  console.log(
    `heard again after: slot back ${returned}, restart ${restarted}, move ${moved}, failover ${failedOver} ms`,
  )
  await master.restart()
  for (const name of channels) await untilHeard(a, b, name, 5_000)
}, 30_000)
