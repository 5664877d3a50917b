// Taking leave: for how long a process that is not ready still serves, what the operator's word does, and what a signal adds to it.
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startNodeBroker, type NodeBroker } from '../../cli/node-broker.ts'
import { startSim, type Sim } from '../../sim/server.ts'
import { speech } from '../../sim/voice.ts'
import { Broker, settingsOf } from '../support/broker.ts'
import { Caller, liveCaller } from '../support/caller.ts'
import { at } from '../support/gathering.ts'
import { audioOf } from '../support/heard.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 })

const graceSeconds = 3

const nothing = (): Promise<never> => Promise.reject(new Error('its test ends it'))

let dir: string
let sim: Sim
let node: NodeBroker
let broker: Broker
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trunkline-drain-'))
  sim = await startSim({ port: 0, pace: 'burst' })
  const own = { host: '127.0.0.1', port: 0, stateDir: join(dir, 'store') }
  node = await startNodeBroker({ ...own, ...settingsOf(sim.url), drainSeconds: 60, drainGraceSeconds: graceSeconds })
  broker = new Broker(node.url, sim, [], { pid: node.pid, close: nothing, restart: nothing })
})
afterEach(async () => {
  await node.kill()
  await sim.close()
  await rm(dir, { recursive: true })
})

const ready = async (): Promise<number> => (await fetch(`${broker.url}/readyz`)).status

test('[D1] told by a signal it is not ready at once, serves for the grace those who are still sent, then refuses, and ends when all have', async () => {
  const tenant = await broker.tenant({ caps: { lines: 1 } })
  process.kill(broker.pid, 'SIGTERM')
  await expect.poll(ready).toBe(503)
  const late = await liveCaller(broker.wsUrl, tenant.key)
  const waiting = new Caller(broker.wsUrl, tenant.key)
  await waiting.next('trunkline.queue.joined')
  expect(await waiting.error()).toMatchObject({ code: 'draining' })
  const { status, headers } = await new Caller(broker.wsUrl, tenant.key).refusal()
  expect([status, headers['retry-after']]).toEqual([503, '1'])
  late.send({ type: 'response.create' })
  await late.next('response.done')
  await late.hangUp()
  expect(await node.crashed).toContain('exit code 0')
})

test('[D1] with no call at all it still serves for the grace, then ends', async () => {
  const began = performance.now()
  process.kill(broker.pid, 'SIGTERM')
  expect(await node.crashed).toContain('exit code 0')
  expect(performance.now() - began).toBeGreaterThan(graceSeconds * 1000 - 50)
})

test('[D1] told by the operator it drains, says how many are left, and goes on running; taken back it serves again', async () => {
  const tenant = await broker.tenant({ caps: { lines: 2 } })
  const live = [await liveCaller(broker.wsUrl, tenant.key), await liveCaller(broker.wsUrl, tenant.key)]
  const waiting = new Caller(broker.wsUrl, tenant.key)
  await waiting.next('trunkline.queue.joined')
  expect((await broker.admin('GET', '/drain')).body).toEqual({
    object: 'drain',
    state: 'serving',
    since: null,
    calls: 3,
  })
  const begun = await broker.admin('POST', '/drain')
  const since = expect.stringMatching(/^\d{4}-.*Z$/)
  expect([begun.status, begun.body]).toEqual([202, { object: 'drain', state: 'draining', since, calls: 3 }])
  expect(await ready()).toBe(503)
  await waiting.next('error', (graceSeconds + 2) * 1000)
  await waiting.closing()
  expect((await new Caller(broker.wsUrl, tenant.key).refusal()).status).toBe(503)
  await live[0]?.hangUp()
  await expect.poll(async () => (await broker.admin('GET', '/drain')).body['calls']).toBe(1)
  expect((await broker.admin('DELETE', '/drain')).body).toMatchObject({ state: 'serving', since: null })
  expect(await ready()).toBe(200)
  const next = await liveCaller(broker.wsUrl, tenant.key)
  for (const caller of [live[1], next]) await caller?.hangUp()
})

test('[D1] a signal after the operator’s word waits for no grace twice, and cannot be taken back', async () => {
  const tenant = await broker.tenant({ caps: { lines: 1 } })
  const live = await liveCaller(broker.wsUrl, tenant.key)
  const waiting = new Caller(broker.wsUrl, tenant.key)
  await waiting.next('trunkline.queue.joined')
  await broker.admin('POST', '/drain')
  await waiting.closing((graceSeconds + 5) * 1000)
  process.kill(broker.pid, 'SIGTERM')
  await expect.poll(async () => (await broker.admin('DELETE', '/drain')).body['state']).toBe('stopping')
  expect(await ready()).toBe(503)
  const began = performance.now()
  await live.hangUp()
  expect(await node.crashed).toContain('exit code 0')
  expect(performance.now() - began).toBeLessThan(graceSeconds * 1000)
})

test('[D1] only the operator may', async () => {
  const { key } = await broker.tenant()
  for (const method of ['GET', 'POST', 'DELETE'])
    expect((await broker.ask(method, '/admin/v1/drain', key)).status).toBe(401)
  expect(await ready()).toBe(200)
})

test('[D1] [C9] a call that outlasts the drain hears its reply whole, a goodbye and why, and the process ends with 0', async () => {
  await Promise.all([node.kill(), sim.close()])
  sim = await startSim({ port: 0, pace: 2, latencyMs: 50 })
  const own = { host: '127.0.0.1', port: 0, stateDir: join(dir, 'store') }
  node = await startNodeBroker({ ...own, ...settingsOf(sim.url), drainSeconds: 1, drainGraceSeconds: 0 })
  broker = new Broker(node.url, sim, [], { pid: node.pid, close: nothing, restart: nothing })
  const tenant = await broker.tenant()
  const caller = await liveCaller(broker.wsUrl, tenant.key)
  caller.send({ type: 'response.create' })
  await caller.next('response.created')
  process.kill(broker.pid, 'SIGTERM')
  await caller.until(() => caller.of('error').length > 0, 'the end', 20_000)
  const toldAt = performance.now()
  const [reply, goodbye] = caller.of('response.done')
  expect([at(reply, 'response.status'), at(goodbye, 'response.metadata.trunkline')]).toEqual(['completed', 'goodbye'])
  expect(at(goodbye, 'response.status')).toBe('completed')
  const goodbyeAudio = audioOf(caller, at(goodbye, 'response.id'))
  expect(goodbyeAudio.equals(readFileSync(new URL('../../web/public/hold/en/goodbye.pcm', import.meta.url)))).toBe(true)
  const said = String(at(reply, 'response.output.0.content.0.transcript'))
  expect(audioOf(caller, at(reply, 'response.id')).equals(speech(said, 'audio/pcm'))).toBe(true)
  expect(await caller.error()).toMatchObject({ code: 'draining' })
  expect(await caller.closing()).toEqual({ code: 1013, reason: 'server_error.draining' })
  expect(performance.now() - toldAt).toBeGreaterThan(1_950)
  expect(await node.crashed).toContain('exit code 0')
})
