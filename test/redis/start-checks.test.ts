// What bad servers and addresses get: one sentence that says what is wrong and what would be right, and the way back once it is mended.
import { afterEach, expect, test } from 'vitest'
import { readAddress } from '../../broker/redis/address.ts'
import { type RedisOptions, type RedisServer, freePort, startRedis, startReplica, until } from '../support/redis.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { type Meeting, meet, outcome } from './meeting.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

async function redis(options?: RedisOptions): Promise<RedisServer> {
  const server = await startRedis(options)
  ends.push(() => server.end())
  return server
}

function meets(url: string): Meeting {
  const meeting = meet(url)
  ends.push(() => meeting.connection.close())
  return meeting
}

/** The sentence for a server that is looked at, without its address. */
async function sentence(meeting: Meeting, pattern: RegExp): Promise<string> {
  await until(() => Promise.resolve(pattern.test(meeting.connection.unready().join('\n'))), 5_000).catch(
    () => undefined,
  )
  const lines = meeting.connection.unready()
  expect(lines).toHaveLength(1)
  return (lines[0] ?? '').replace(/127\.0\.0\.1:\d+/, 'HERE')
}

test('[S3] absent at start: said once, tried until it comes, then served', async () => {
  const port = await freePort()
  const meeting = meets(`redis://127.0.0.1:${port}`)
  expect(await sentence(meeting, /cannot/)).toBe(
    'Redis at HERE cannot be reached (ECONNREFUSED); it is tried again until it can.',
  )
  expect((await outcome(() => meeting.fcall('count', 'a'))).tookMs).toBeLessThan(100)
  const late = await startRedis({ port })
  ends.push(() => late.end())
  await meeting.connection.ready()
  expect(meeting.log.map(({ state }) => state)).toEqual(['unreachable', 'serves'])
})

test('[S3] frozen at start: said once, served once it thaws', async () => {
  const server = await redis()
  server.freeze()
  const meeting = meets(server.url)
  expect(await sentence(meeting, /answer/)).toBe('Redis at HERE does not answer; it is tried again until it does.')
  server.resume()
  await meeting.connection.ready()
  expect(meeting.log.map(({ state }) => state)).toEqual(['slow', 'serves'])
})

test('[S3] an older version is refused by name', async () => {
  const server = await redis()
  const between = await startTcpProxy(server)
  ends.push(() => between.end())
  between.alter('redis_version:7.', 'redis_version:6.')
  const meeting = meets(`redis://127.0.0.1:${between.port}`)
  expect(await sentence(meeting, /version/)).toMatch(/^Redis at HERE is version 6\.[\d.]+: 7\.0 or newer is needed\.$/)
  expect((await outcome(() => meeting.fcall('count', 'a'))).fault?.trouble).toBe('version')
})

test.each(['FUNCTION', 'FCALL', 'HELLO', 'INFO'])('[S3] a server without %s says so', async (command) => {
  const server = await redis({ config: { 'rename-command': `${command} ""` } })
  expect(await sentence(meets(server.url), /needed/)).toBe(
    `Redis at HERE does not know ${command}, which is needed: take it out of rename-command.`,
  )
})

test.each([
  ['-function', 'FUNCTION LOAD'],
  ['-fcall', 'FCALL'],
  ['-info', 'INFO'],
])('[S3] a user with %s is told that it lacks %s, and serves once it has it', async (rule, lacking) => {
  const server = await redis()
  await server.cli('acl', 'setuser', 'broker', 'on', '>word', '~*', '&*', '+@all', rule)
  const meeting = meets(`redis://broker:word@127.0.0.1:${server.port}`)
  expect(await sentence(meeting, /may not/)).toBe(
    `The user of Redis at HERE may not do what a broker must: ${lacking}. Allow it with ACL SETUSER.`,
  )
  await server.cli('acl', 'setuser', 'broker', '+@all')
  await meeting.connection.ready()
})

test('[S3] a replica is told from its master, and serves once it is promoted', async () => {
  const master = await redis()
  const replica = await startReplica(master)
  ends.push(() => replica.end())
  const meeting = meets(replica.url)
  expect(await sentence(meeting, /replica/)).toBe('Redis at HERE is a replica: name its master, or promote it.')
  await replica.promote()
  await meeting.connection.ready()
})

test('[S3] two masters are one too many for a broker that starts, and one of them leaves none', async () => {
  const one = await redis()
  const other = await redis()
  const meeting = meets(`${one.url},${other.url}`)
  await until(() => Promise.resolve(meeting.log.filter(({ state }) => state === 'serves').length === 2))
  expect(await sentence(meeting, /masters/)).toBe(
    'Several of the servers named for Redis are masters: name one, make the others its replicas, or use a Redis Cluster.',
  )
  expect((await outcome(() => meeting.fcall('count', 'a'))).fault).toMatchObject({ trouble: 'masters', unrun: true })
  await other.kill()
  await meeting.connection.ready()
})

test('[S3] a full server is unready while what lives there still reads, and ready once it has room', async () => {
  const server = await redis()
  const meeting = meets(server.url)
  await meeting.connection.ready()
  await meeting.fcall('fill', 'big', 3_000_000)
  await server.cli('config', 'set', 'maxmemory', '2mb')
  const { fault } = await outcome(() => meeting.fcall('count', 'a'))
  expect(fault).toMatchObject({ trouble: 'full', unrun: true })
  expect(await sentence(meeting, /full/)).toBe(
    'Redis at HERE is full (maxmemory) and takes no writes: give it more memory, or remove what else is in it.',
  )
  expect(await meeting.connection.send('a', 'GET', 'a')).toBeNull()
  await server.cli('config', 'set', 'maxmemory', '100mb')
  await meeting.connection.ready()
})

test('[S3] a server that would throw keys away is unready until it does not', async () => {
  const server = await redis({ config: { maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' } })
  const meeting = meets(server.url)
  expect(await sentence(meeting, /throws/)).toBe(
    'Redis at HERE throws keys away when it is full (maxmemory-policy allkeys-lru): set maxmemory-policy noeviction.',
  )
  await server.cli('config', 'set', 'maxmemory-policy', 'noeviction')
  await meeting.connection.ready()
})

test('[S3] a server that loads its data is waited for', async () => {
  const server = await redis({ durable: true, config: { 'enable-debug-command': 'yes' } })
  await server.cli('debug', 'populate', '8000')
  await server.cli('bgrewriteaof')
  await until(async () => (await server.cli('info', 'persistence')).includes('aof_rewrite_in_progress:0'))
  const meeting = meets(server.url)
  await meeting.connection.ready()
  const restarted = server.restart({ 'key-load-delay': '100', 'loading-process-events-interval-bytes': '1024' })
  expect(await sentence(meeting, /loads/)).toBe(
    'Redis at HERE still loads its data from disk; it is asked again until it has.',
  )
  await restarted
  await meeting.connection.ready()
}, 20_000)

test.each([
  ['wrong', 'redis://:wrong@'],
  ['missing', 'redis://'],
])('[S3] a password that is %s is said to be', async (_, start) => {
  const server = await redis({ password: 'right' })
  expect(await sentence(meets(`${start}127.0.0.1:${server.port}`), /password/)).toBe(
    'Redis at HERE does not take this user and password: put the right ones into the address (redis://user:password@host).',
  )
})

test.each([
  ['localhost:6379', /^The address of Redis cannot be read: give redis:/],
  ['http://:canary@localhost', /^The address of Redis cannot be read: give redis:/],
  ['redis://localhost?cluster', /takes no options/],
  ['redis://a,rediss://b', /mix redis:\/\/ and rediss:\/\//],
  ['redis://a/1', /uses database 0/],
  ['redis://:canary%@a', /percent-encoded/],
  ['', /cannot be read/],
])('[K4] the address %s is refused with a sentence without its secret', (text, says) => {
  expect(() => readAddress(text)).toThrow(says)
  expect(() => readAddress(text)).not.toThrow(/canary/)
})
