// What the network and one server do to decisions: refused within 500 ms, never run twice, served again within 5 s of its return.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { ensureCertificate } from '../../cli/certificate.ts'
import { type RedisOptions, type RedisServer, startRedis, startReplica, until } from '../support/redis.ts'
import { type TcpProxy, startTcpProxy } from '../support/tcp-proxy.ts'
import { type Meeting, meet, outcome, untilServed } from './meeting.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

async function redis(options?: RedisOptions): Promise<RedisServer> {
  const server = await startRedis(options)
  ends.push(() => server.end())
  return server
}

async function proxy(server: RedisServer): Promise<TcpProxy> {
  const between = await startTcpProxy(server)
  ends.push(() => between.end())
  return between
}

async function met(url: string): Promise<Meeting> {
  const meeting = meet(url)
  ends.push(() => meeting.connection.close())
  await meeting.connection.ready()
  return meeting
}

const decisionMs = 500
const returnMs = 5_000

test('[S3] a decision whose answer is lost is refused within 500 ms, says that it may have run, and ran once', async () => {
  const server = await redis()
  const between = await proxy(server)
  const { fcall } = await met(`redis://127.0.0.1:${between.port}`)
  between.dropReplies(true)
  const lost = await outcome(() => fcall('count', 'a'))
  expect(lost.fault).toMatchObject({ trouble: 'slow', unrun: false })
  expect(lost.tookMs).toBeLessThan(decisionMs)
  between.dropReplies(false)
  between.cut()
  await untilServed(() => fcall('count', 'b'), returnMs)
  expect(await server.cli('get', 'a')).toBe('1')
})

test('[S3] a decision whose connection is cut before the answer is refused at once, and ran once', async () => {
  const server = await redis()
  const between = await proxy(server)
  const { fcall } = await met(`redis://127.0.0.1:${between.port}`)
  between.dropReplies(true)
  const asked = outcome(() => fcall('count', 'a'))
  await until(async () => (await server.cli('get', 'a')) === '1')
  between.cut()
  const cut = await asked
  expect(cut.fault).toMatchObject({ trouble: 'cut', unrun: false })
  expect(cut.tookMs).toBeLessThan(decisionMs)
  between.dropReplies(false)
  await untilServed(() => fcall('count', 'b'), returnMs)
  expect(await server.cli('get', 'a')).toBe('1')
})

test('[S3] a frozen server: each of 100 decisions is refused within 500 ms, and it serves within 5 s of its thaw', async () => {
  const server = await redis()
  const { fcall, connection, log } = await met(server.url)
  server.freeze()
  const first = await Promise.all(Array.from({ length: 100 }, () => outcome(() => fcall('count', 'a'))))
  expect(first.every(({ fault }) => fault?.trouble === 'slow')).toBe(true)
  expect(Math.max(...first.map(({ tookMs }) => tookMs))).toBeLessThan(decisionMs)
  await until(() => Promise.resolve(connection.unready().length > 0))
  const later = await outcome(() => fcall('count', 'a'))
  expect(later.fault).toMatchObject({ trouble: 'slow', unrun: true })
  expect(later.tookMs).toBeLessThan(100)
  server.resume()
  const tookMs = await untilServed(() => fcall('count', 'b'), returnMs)
  console.log(`thawed: served after ${tookMs} ms`)
  expect(connection.unready()).toEqual([])
  expect(log.map(({ state }) => state)).toEqual(['serves', 'slow', 'serves'])
})

test('[S3] a cable that is pulled is noticed, and a new connection serves within 5 s of its return', async () => {
  const server = await redis()
  const between = await proxy(server)
  const { fcall, connection } = await met(`redis://127.0.0.1:${between.port}`)
  between.halfOpen(true)
  expect((await outcome(() => fcall('count', 'a'))).tookMs).toBeLessThan(decisionMs)
  await until(() => Promise.resolve(connection.unready().length > 0))
  expect(connection.unready()[0]).toMatch(/does not answer; it is tried again/)
  between.halfOpen(false)
  console.log(`plugged in: served after ${await untilServed(() => fcall('count', 'b'), returnMs)} ms`)
})

test('[S3] a stopped server is said to be gone once, decisions fail at once, and it serves within 5 s of its return, wiped or not', async () => {
  const server = await redis()
  const { fcall, connection, log } = await met(server.url)
  await server.stop()
  await until(() => Promise.resolve(connection.unready().length > 0))
  const gone = await outcome(() => fcall('count', 'a'))
  expect(gone.fault).toMatchObject({ trouble: 'unreachable', unrun: true })
  expect(gone.tookMs).toBeLessThan(100)
  // Long enough for the back-off to reach its most.
  await new Promise((resolve) => setTimeout(resolve, 6_000))
  expect(connection.unready()).toEqual([
    `Redis at 127.0.0.1:${server.port} cannot be reached (ECONNREFUSED); it is tried again until it can.`,
  ])
  await server.wipe()
  const tookMs = await untilServed(() => fcall('count', 'a'), returnMs)
  console.log(`restarted empty after 6 s: served after ${tookMs} ms`)
  expect(log.map(({ state }) => state)).toEqual(['serves', 'unreachable', 'serves'])
  await server.restart()
  console.log(`restarted at once: served after ${await untilServed(() => fcall('count', 'a'), returnMs)} ms`)
}, 20_000)

test('[S3] a slow answer is waited for, and an answer that comes too late is nobody else’s', async () => {
  const server = await redis()
  const between = await proxy(server)
  const { fcall } = await met(`redis://127.0.0.1:${between.port}`)
  between.delayReplies(200)
  expect(await fcall('count', 'a')).toBe(1)
  between.delayReplies(450)
  expect((await outcome(() => fcall('count', 'a'))).fault?.trouble).toBe('slow')
  between.delayReplies(0)
  await untilServed(() => fcall('count', 'b'), returnMs)
  const answers = await Promise.all(Array.from({ length: 20 }, () => fcall('count', 'c')))
  expect(answers).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
})

test('[G10] a replica that is promoted by hand serves within 5 s, without a restart', async () => {
  const master = await redis()
  const replica = await startReplica(master)
  ends.push(() => replica.end())
  const { fcall, connection } = await met(`${master.url},${replica.url}`)
  expect(await fcall('count', 'a')).toBe(1)
  await until(async () => (await replica.cli('get', 'a')) === '1')
  await master.kill()
  await until(() => Promise.resolve(connection.unready().length > 0))
  await replica.promote()
  console.log(`promoted: served after ${await untilServed(() => fcall('count', 'a'), returnMs)} ms`)
  expect(await replica.cli('get', 'a')).toBe('2')
  // The old one comes back and believes that it is a master: the one that serves is kept.
  await master.restart()
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  await fcall('count', 'a')
  expect(await master.cli('get', 'a')).toBe('')
  expect(connection.unready()).toEqual([])
}, 15_000)

test('[G10] a master that is made a replica is left within 5 s for the one that took its place', async () => {
  const master = await redis()
  const replica = await startReplica(master)
  ends.push(() => replica.end())
  const { fcall } = await met(`${master.url},${replica.url}`)
  await replica.promote()
  await master.cli('replicaof', '127.0.0.1', `${replica.port}`)
  const first = await outcome(() => fcall('count', 'a'))
  expect(first.fault).toMatchObject({ trouble: 'replica', unrun: true })
  console.log(`demoted: served after ${await untilServed(() => fcall('count', 'a'), returnMs)} ms`)
  expect(await replica.cli('get', 'a')).toBe('1')
})

test('[K4] over TLS with a password a decision passes, and neither log, sentence nor fault holds the password', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'trunkline-tls-'))
  ends.push(() => rm(dir, { recursive: true }))
  const certificate = await ensureCertificate(dir)
  const password = 'p/ss:w@rd canary'
  const tls = { cert: join(dir, 'tls-cert.pem'), key: join(dir, 'tls-key.pem') }
  const server = await redis({ password, tls })
  const ca = await readFile(certificate.caFile, 'utf8')
  const good = meet(server.url, { ca })
  ends.push(() => good.connection.close())
  await good.connection.ready()
  expect(await good.fcall('count', 'a')).toBe(1)

  const strange = meet(server.url)
  ends.push(() => strange.connection.close())
  await until(() => Promise.resolve(/TLS/.test(strange.connection.unready().join())))
  const wrong = meet(server.url.replace('canary', 'canary2'), { ca })
  ends.push(() => wrong.connection.close())
  await until(() => Promise.resolve(/password/.test(wrong.connection.unready().join())))
  await server.kill()
  const { fault } = await outcome(() => good.fcall('count', 'a'))
  const said = JSON.stringify([good, strange, wrong].map(({ log, connection }) => [log, connection.unready()]))
  for (const text of [said, String(fault), JSON.stringify(fault), fault?.stack ?? '']) {
    expect(text).not.toContain('canary')
    expect(text).not.toContain(encodeURIComponent(password))
  }
})
