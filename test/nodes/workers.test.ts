// Several processes on one port (--workers): one page of figures, one that dies, and how they stop together.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { get, type RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { ensureCertificate } from '../../cli/certificate.ts'
import type { Broker } from '../support/broker.ts'
import { Caller, liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet, type FleetNode } from '../support/fleet.ts'
import { runNode } from '../support/node-broker.ts'
import { freePort, startRedis, type RedisServer } from '../support/redis.ts'
import { Scrape } from '../support/scrape.ts'

const workers = 3

let redis: RedisServer
let fleet: Fleet
let dir: string
let tlsPort: number
let caFile: string
beforeAll(async () => {
  redis = await startRedis()
  dir = await mkdtemp(join(tmpdir(), 'trunkline-workers-'))
  const certificate = await ensureCertificate(dir)
  caFile = certificate.caFile
  tlsPort = await freePort()
})
afterAll(async () => {
  await redis.end()
  await rm(dir, { recursive: true })
})
beforeEach(async () => {
  const [cert, key] = [join(dir, 'tls-cert.pem'), join(dir, 'tls-key.pem')]
  const tls = { TRUNKLINE_TLS_PORT: `${tlsPort}`, TRUNKLINE_TLS_CERT: cert, TRUNKLINE_TLS_KEY: key }
  fleet = await startFleet({
    nodes: ['a'],
    store: redis.url,
    env: () => ({ TRUNKLINE_WORKERS: `${workers}`, ...tls }),
    leave: { drainSeconds: 60 },
  })
  // The first that listens speaks for all; calls are to go to each.
  await eventually(
    async () => fleet.nodes[0]?.log.filter((line) => line.includes('"listening"')).length,
    (count) => count === workers,
    20_000,
  )
})
afterEach(() => fleet.end())

const node = (): FleetNode => fleet.nodes[0] as FleetNode
const broker = (): Broker => node().broker

/** The processes that carry calls. */
function carriers(): number[] {
  const said = execFileSync('ps', ['-o', 'pid=', '--ppid', `${broker().pid}`], { encoding: 'utf8' })
  return said.trim().split(/\s+/).map(Number)
}

/** On a connection of its own, so that any process may answer. */
function asked(path: string): Promise<Response> {
  return fetch(broker().url + path, { headers: { connection: 'close' } })
}

async function readiness(): Promise<number[]> {
  return Promise.all(Array.from({ length: 2 * workers }, async () => (await asked('/readyz')).status))
}

async function allAnswer(status: number): Promise<void> {
  await eventually(readiness, (each) => each.every((one) => one === status), 10_000)
}

async function figures(): Promise<Scrape> {
  return new Scrape(await (await asked('/metrics')).text())
}

test('[M1] whichever process is asked, its page has the calls of all, and what the store counts is counted once', async () => {
  expect(carriers()).toHaveLength(workers)
  const tenant = await broker().tenant({ plan: 'growth' })
  const callers = await Promise.all(Array.from({ length: 9 }, () => liveCaller(broker().wsUrl, tenant.key)))
  for (let i = 0; i < 2 * workers; i++) {
    await eventually(
      async () => {
        const of = await figures()
        return ['trunkline_process_calls', 'trunkline_calls_live', 'trunkline_calls_offered_total'].map((name) =>
          of.sum(name),
        )
      },
      (of) => of.every((figure) => figure === 9),
    )
  }
  const [most, ofOne] = [(await figures()).sum('trunkline_process_calls_most'), /"calls_most":(\d+)/]
  expect(most).toBe(workers * Number(ofOne.exec(node().log.join('\n'))?.[1]))
  for (const caller of callers) await caller.hangUp()
  await broker().quiet(tenant)
})

test('[G9] a process that is killed is begun again, and its lines are free within 2 s; the calls of the others go on', async () => {
  const tenant = await broker().tenant({ plan: 'growth', caps: { lines: 12 } })
  const callers = await Promise.all(Array.from({ length: 12 }, () => liveCaller(broker().wsUrl, tenant.key)))
  const [victim = 0, ...others] = carriers()
  process.kill(victim, 'SIGKILL')
  const killed = performance.now()
  await eventually(
    () =>
      broker()
        .live(tenant)
        .catch(() => 12),
    (live) => live < 12,
    6_000,
  )
  const freeAfterMs = performance.now() - killed
  const left = callers.filter(({ closed }) => closed === undefined)
  expect(left.length).toBeGreaterThan(0)
  expect(await broker().live(tenant)).toBe(left.length)
  process.stdout.write(`lines of a killed process were free after ${Math.round(freeAfterMs)} ms\n`)
  expect(freeAfterMs).toBeLessThan(2_000)
  await eventually(
    async () => carriers(),
    (now) => now.length === workers && others.every((pid) => now.includes(pid)),
  )
  for (const caller of left) {
    caller.send({ type: 'input_audio_buffer.append', audio: 'AAAA' })
    await caller.next('response.output_audio.delta')
  }
})

test('[D1] told to stop, each lets its live calls end, and the exit code is 0; a signal to the whole group is one signal', async () => {
  const tenant = await broker().tenant({ plan: 'growth', caps: { lines: 6 } })
  const callers = await Promise.all(Array.from({ length: 6 }, () => liveCaller(broker().wsUrl, tenant.key)))
  const waiting = new Caller(broker().wsUrl, tenant.key)
  await waiting.next('trunkline.queue.joined')
  const ended = node().ended
  process.kill(-broker().pid, 'SIGTERM')
  expect(await waiting.error()).toMatchObject({ code: 'draining' })
  for (const caller of callers) {
    caller.send({ type: 'input_audio_buffer.append', audio: 'AAAA' })
    await caller.next('response.output_audio.delta')
    await caller.hangUp()
  }
  expect(await ended).toContain('exit code 0')
})

test('[D1] one word of the operator drains all of them, also one that is begun later; taken back, all serve', async () => {
  const set = (method: string) => broker().admin(method, '/drain')
  const tenant = await broker().tenant()
  const live = await liveCaller(broker().wsUrl, tenant.key)
  expect((await set('POST')).status).toBe(202)
  await allAnswer(503)
  expect((await set('GET')).body).toMatchObject({ object: 'drain', state: 'draining', calls: 1 })
  const [victim = 0] = carriers()
  process.kill(victim, 'SIGKILL')
  await eventually(
    async () => carriers(),
    (now) => now.length === workers && !now.includes(victim),
  )
  await allAnswer(503)
  expect((await set('DELETE')).body).toMatchObject({ state: 'serving', since: null })
  await allAnswer(200)
  await live.closing().catch(() => live.hangUp()) // it may have been on the one that was killed
})

test('[CLI] with a certificate all of them serve TLS too', async () => {
  const ca = await readFile(caFile)
  const options: RequestOptions = { ca, agent: false }
  for (let i = 0; i < workers; i++) {
    const [response] = await once(get(`https://localhost:${tlsPort}/readyz`, options), 'response')
    response.resume()
    expect(response.statusCode).toBe(200)
  }
})

test('[CLI] what is wrong with the settings of all is said once: exit code 2 and one line', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const taken = await runNode(['--workers', '3', '--port', `${port}`, '--store', redis.url])
  other.close()
  expect([taken.code, taken.stderr]).toEqual([
    2,
    expect.stringMatching(/^--port: port \d+ on 127.0.0.1 is in use.*\n$/),
  ])
  const folder = await runNode(['--workers', '3', '--port', '0', '--store', dir])
  expect([folder.code, folder.stderr]).toEqual([
    2,
    '--workers: 3 processes cannot share a folder: give --store redis://…, or one process.\n',
  ])
})
