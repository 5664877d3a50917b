// What one call's bug, or a desk that fails, does to the others of the same process. The host runs in this process, so that it can be broken.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readConfig } from '../../broker/config.ts'
import { startHost, type Host } from '../../broker/host.ts'
import { startSim, type Sim } from '../../sim/server.ts'
import { DeskLife } from '../../src/desk-life.ts'
import { makeKey, webSha256 } from '../../src/http/key.ts'
import { Utterance } from '../../src/realtime/synth.ts'
import { Relay } from '../../src/relay.ts'
import { SqlSteps } from '../../src/sql-steps.ts'
import { adminKey, Broker, upstreamKey } from '../support/broker.ts'
import { Caller, liveCaller } from '../support/caller.ts'

let dir: string
let sim: Sim
let host: Host
let ending: Promise<void> | undefined
let broker: Broker
let faults: string[] = []
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trunkline-trouble-'))
  sim = await startSim({ port: 0, pace: 'burst' })
  const env = { TRUNKLINE_ADMIN_KEY: adminKey, OPENAI_API_KEY: upstreamKey, TRUNKLINE_UPSTREAM_URL: sim.url }
  faults = []
  ending = undefined
  host = await startHost(readConfig(['--port', '0', '--store', dir, '--drain-grace-seconds', '0'], env), {
    fault: (of, error) => faults.push(`${of}: ${String(error)}`),
    log: () => undefined,
  })
  const life = { close: () => ending ?? host.drain(0), restart: () => Promise.reject(new Error('it has no next life')) }
  broker = new Broker(`http://127.0.0.1:${host.port}`, sim, [], life)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await broker.close()
  await sim.close()
  await rm(dir, { recursive: true })
})

test('[C1] a bug in one call ends that call with a sentence, and no other', async () => {
  const tenant = await broker.tenant()
  const [one, other] = [await liveCaller(broker.wsUrl, tenant.key), await liveCaller(broker.wsUrl, tenant.key)]
  vi.spyOn(Relay.prototype, 'fromCaller').mockImplementationOnce(() => {
    throw new Error('a bug')
  })
  one.send({ type: 'input_audio_buffer.clear' })
  expect(await one.error()).toMatchObject({ code: 'internal_error' })
  expect(await one.closing()).toMatchObject({ code: 1011 })
  expect(faults).toEqual(['call: Error: a bug'])
  other.send({ type: 'input_audio_buffer.clear' })
  await other.next('input_audio_buffer.cleared')
  expect(await broker.live(tenant)).toBe(1)
  await other.hangUp()
  await broker.quiet(tenant)
})

function aBug(): never {
  throw new Error('a bug')
}

test.each(['putThrough', 'connect', 'fromUpstream'] as const)(
  '[C1] a bug while a call is dialled, in %s: its caller hears of it, its line is free, the next call is served',
  async (step) => {
    const tenant = await broker.tenant()
    vi.spyOn(Relay.prototype, step).mockImplementationOnce(aBug)
    const caller = new Caller(broker.wsUrl, tenant.key)
    expect(await caller.error()).toMatchObject({ code: 'internal_error' })
    expect(await caller.closing()).toMatchObject({ code: 1011 })
    await broker.quiet(tenant)
    expect(faults).toEqual(['call: Error: a bug'])
    const next = await liveCaller(broker.wsUrl, tenant.key)
    await next.hangUp()
    await broker.quiet(tenant)
  },
)

test('[C1] a bug in the line that a waiting caller hears, when its sound comes or in time, ends that wait alone', async () => {
  const tenant = await broker.tenant({ caps: { lines: 1 } })
  const live = await liveCaller(broker.wsUrl, tenant.key)
  const due = vi.spyOn(Utterance.prototype, 'due')
  for (const atOnce of [true, false]) {
    const waiting = new Caller(broker.wsUrl, tenant.key)
    await waiting.next('trunkline.queue.joined')
    if (!atOnce) await waiting.next('response.created')
    due.mockImplementationOnce(aBug)
    expect(await waiting.error()).toMatchObject({ code: 'internal_error' })
    expect(await waiting.closing()).toMatchObject({ code: 1011 })
  }
  expect(faults).toEqual(['call: Error: a bug', 'call: Error: a bug'])
  await live.hangUp()
  await broker.quiet(tenant)
})

test('[C1] [G6] a bug in a call whose turn has come ends it; the others whose turn came with it are put through', async () => {
  const tenant = await broker.tenant({ caps: { lines: 1 } })
  const live = await liveCaller(broker.wsUrl, tenant.key)
  const waiting = []
  for (let i = 0; i < 3; i++) {
    const caller = new Caller(broker.wsUrl, tenant.key)
    await caller.next('trunkline.queue.joined')
    waiting.push(caller)
  }
  vi.spyOn(Relay.prototype, 'putThrough').mockImplementationOnce(aBug)
  await broker.admin('PATCH', `/tenants/${tenant.id}`, { caps: { lines: 4 } })
  const [first, ...others] = waiting
  expect(await first?.error()).toMatchObject({ code: 'internal_error' })
  for (const other of others) await other.next('session.created')
  expect(faults).toEqual(['call: Error: a bug'])
  for (const caller of [live, ...others]) await caller.hangUp()
  await broker.quiet(tenant)
})

function broken(): never {
  throw new Error('disk full')
}

test('[G10] a desk that fails: a new call is told within 500 ms to come again, live ones go on and are debited when it is back', async () => {
  const tenant = await broker.tenant()
  const live = await liveCaller(broker.wsUrl, tenant.key)
  for (const step of ['consider', 'admit', 'debit', 'renew'] as const)
    vi.spyOn(SqlSteps.prototype, step).mockImplementation(broken)
  const since = performance.now()
  const caller = new Caller(broker.wsUrl, tenant.key)
  const { status, headers, body } = await caller.refusal()
  expect(performance.now() - since).toBeLessThan(500)
  expect([status, headers['retry-after']]).toEqual([503, '1'])
  expect(JSON.parse(body)).toMatchObject({ error: { code: 'temporarily_unavailable' } })
  live.send({ type: 'response.create' })
  await live.next('response.done')
  await vi.waitFor(() => expect(faults).toContain('call: Error: disk full'))
  vi.restoreAllMocks()
  await live.hangUp()
  await broker.quiet(tenant)
  expect(await broker.usage(tenant)).toMatchObject({ calls: 1, replies: 1 })
})

/** The next decision is heard of when the test lets it. */
function holdDecision(): { decides: Promise<unknown>; decided: () => void } {
  const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  vi.spyOn(DeskLife.prototype, 'admit').mockImplementationOnce(async function (this: DeskLife, offer) {
    begun.resolve()
    const admission = await this.admit(offer)
    await over.promise
    return admission
  })
  return { decides: begun.promise, decided: () => over.resolve() }
}

test('[D1] a host that stops while the last upgrade is decided answers it, and is gone as soon as it has', async () => {
  const { key } = await makeKey((await broker.tenant()).id, webSha256) // good in form, and nobody's
  const { decides, decided } = holdDecision()
  const refused = new Caller(broker.wsUrl, key).refusal()
  await decides
  ending = host.drain(60_000)
  decided()
  expect((await refused).status).toBe(401)
  await ending
})

test('[D1] who is given a place after those who wait were turned away is turned away as well', async () => {
  const tenant = await broker.tenant({ caps: { lines: 1 } })
  const live = await liveCaller(broker.wsUrl, tenant.key)
  const { decides, decided } = holdDecision()
  const late = new Caller(broker.wsUrl, tenant.key)
  await decides
  ending = host.drain(60_000)
  decided()
  expect(await late.error()).toMatchObject({ code: 'draining' })
  await late.closing()
  await live.hangUp()
  await ending
})

test('[K3] a key that is revoked while a call of it is decided ends that call as soon as it is there', async () => {
  const tenant = await broker.tenant()
  const { decides, decided } = holdDecision()
  const caller = new Caller(broker.wsUrl, tenant.key)
  await decides
  await expect.poll(() => broker.live(tenant)).toBe(1)
  await broker.admin('DELETE', `/tenants/${tenant.id}/keys/${tenant.keyId}`)
  decided()
  expect(await caller.error()).toMatchObject({ code: 'revoked_api_key' })
  await caller.closing()
  await broker.quiet(tenant)
})
