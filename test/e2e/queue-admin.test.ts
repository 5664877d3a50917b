// What an admin sees of the queue and does about it: the list, a caller taken out, edits and their previews, known and urgent callers.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { SimSession } from '../../sim/record.ts'
import { startBroker, type Answer, type Broker, type MadeTenant, type TenantBody } from '../support/broker.ts'
import { Caller, liveCaller, type CallerOptions } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { callSim } from '../support/scenario.ts'

interface Waiting {
  call: string
  position: number
  waited_ms: number
  since: string
  key: string
}

let broker: Broker
let tenant: MadeTenant
let callers: Caller[] = []
beforeAll(async () => {
  broker = await startBroker(callSim)
})
afterAll(() => broker.close())
afterEach(async () => {
  for (const caller of callers.splice(0)) caller.vanish()
  await broker.quiet(tenant, 2_000)
})

/** A tenant whose lines are all taken. */
async function busy(lines: number, settings: TenantBody = {}): Promise<Caller[]> {
  tenant = await broker.tenant({ caps: { lines }, ...settings })
  const live: Caller[] = []
  while (live.length < lines) live.push(await liveCaller(broker.wsUrl, tenant.key))
  callers.push(...live)
  return live
}

/** Callers that wait, one after the other. */
async function wait(count: number, options: CallerOptions & { key?: string } = {}): Promise<Caller[]> {
  const waiting: Caller[] = []
  while (waiting.length < count) {
    const caller = new Caller(broker.wsUrl, options.key ?? tenant.key, options)
    callers.push(caller)
    await caller.next('trunkline.queue.joined')
    waiting.push(caller)
  }
  return waiting
}

async function list(): Promise<Waiting[]> {
  return (await broker.ask('GET', '/v1/queue', tenant.key)).body['data'] as Waiting[]
}

function remove(call: string | undefined): Promise<Answer> {
  return broker.admin('DELETE', `/tenants/${tenant.id}/queue/${call}`)
}

const code = ({ body }: Answer) => (body['error'] as { code: string }).code
const known = (caller: string): CallerOptions => ({ query: { trunkline_caller: caller } })

async function gone(caller: Caller | undefined, waiting: number): Promise<void> {
  caller?.vanish()
  await eventually(
    () => broker.lines(tenant),
    (lines) => lines.waiting === waiting,
    1_000,
  )
}

test('[G4] [H5] of three that wait the middle one is taken out: it hears why, the third moves up, one record is left', async () => {
  await busy(1)
  const since = Date.now()
  const [, second, third] = await wait(3)
  const reading = (await broker.admin('GET', `/tenants/${tenant.id}/queue`)).body
  expect(reading).toMatchObject({ object: 'queue', lines: { live: 1, waiting: 3, cap: 1, over: 0 }, room: 50 })
  const all = reading['data'] as Waiting[]
  expect(all.map(({ position, key }) => [position, key])).toEqual([1, 2, 3].map((place) => [place, tenant.keyId]))
  expect(all.map(({ since: at }) => at)).toEqual(all.map(({ since: at }) => at).toSorted())
  expect(Date.parse(all[0]?.since ?? '')).toBeGreaterThanOrEqual(since)
  expect(reading['oldest_wait_ms']).toBe(all[0]?.waited_ms)

  const middle = all[1]?.call
  expect(await remove(middle)).toMatchObject({ status: 200, body: { object: 'queue.removed', position: 2 } })
  expect((await list()).map(({ call, position }) => [call, position])).toEqual([
    [all[0]?.call, 1],
    [all[2]?.call, 2],
  ])
  expect(['caller_left_queue', 'call_not_found']).toContain(code(await remove(middle))) // it ends in this moment
  expect(await second?.error(1_000)).toMatchObject({ type: 'rate_limit_error', code: 'removed_from_queue' })
  const toldAt = performance.now()
  expect(await second?.closing()).toEqual({ code: 1013, reason: 'rate_limit_error.removed_from_queue' })
  expect(performance.now() - toldAt).toBeGreaterThan(1_950)
  expect(second?.types.at(-1)).toBe('error')
  expect(code(await remove(middle))).toBe('call_not_found')
  expect(await third?.next('trunkline.queue.updated', 30_000)).toMatchObject({ position: 2 })
  const [record, ...more] = (await broker.records(tenant)).filter(({ id }) => id === middle)
  expect(record?.record).toMatchObject({ outcome: { by: 'broker', why: 'removed_from_queue', code: 1013 }, liveMs: 0 })
  expect(more).toEqual([])
  expect(await broker.lines(tenant)).toMatchObject({ live: 1, waiting: 2 })
}, 60_000)

test('[G5] a caller that has just been put through is not removed: HTTP 409, and its call goes on', async () => {
  const [live] = await busy(1)
  const [next] = await wait(1)
  const [entry] = await list()
  await live?.hangUp()
  await next?.next('trunkline.queue.admitted')
  const answer = await broker.ask('DELETE', `/v1/queue/${entry?.call}`, tenant.key)
  expect([answer.status, code(answer)]).toEqual([409, 'caller_put_through'])
  await next?.next('session.created')
  next?.send({ type: 'session.update', session: { type: 'realtime', instructions: 'Be brief.' } })
  await next?.next('session.updated')
  expect(next?.of('error')).toEqual([])
})

test('[G12] a known caller that drops out has its old place when it comes back, a stranger has none', async () => {
  await busy(1)
  const number = '+4366012345678'
  const [ann] = await wait(1, known(number))
  await wait(2)
  await gone(ann, 2)
  const [stranger] = await wait(1)
  expect(stranger?.of('trunkline.queue.joined')).toMatchObject([{ position: 3 }])
  const [back] = await wait(1, known(number))
  expect(back?.of('trunkline.queue.joined')).toMatchObject([{ position: 1 }])
  const [twin] = await wait(1, known(number))
  expect(twin?.of('trunkline.queue.joined')).toMatchObject([{ position: 5 }])
  await callers[0]?.hangUp()
  await back?.next('session.created')
  const texts = [
    broker.log.join('\n'),
    JSON.stringify((broker.sim.sessions.at(-1) as SimSession).query),
    JSON.stringify(await list()),
    JSON.stringify(await broker.records(tenant)),
    await (await fetch(`${broker.url}/metrics`)).text(),
  ]
  for (const text of texts) expect(text).not.toMatch(/66012345678|trunkline_caller/)
})

test('[G12] a caller id that is too long is told so', async () => {
  tenant = await broker.tenant()
  const caller = new Caller(broker.wsUrl, tenant.key, known('x'.repeat(65)))
  callers.push(caller)
  expect(await caller.error()).toMatchObject({ type: 'invalid_request_error', code: 'caller_too_long' })
  expect(await caller.closing()).toMatchObject({ code: 4000 })
})

test('[G3] callers of a key with a head start go before those who came a little earlier', async () => {
  const [live] = await busy(1)
  const { body } = await broker.admin('POST', `/tenants/${tenant.id}/keys`, { name: 'VIP', headStartSeconds: 300 })
  const [first] = await wait(2)
  const [vip] = await wait(1, { key: body['key'] as string })
  expect(vip?.of('trunkline.queue.joined')).toMatchObject([{ position: 1 }])
  expect((await list()).map(({ key }) => key)).toEqual([body['id'], tenant.keyId, tenant.keyId])
  await live?.hangUp()
  await vip?.next('session.created', 1_000)
  expect(first?.of('trunkline.queue.admitted')).toEqual([])
})

test.each([
  { what: 'a higher cap', change: { caps: { lines: 4 } }, through: 2 },
  { what: 'a plan without the old cap', change: { plan: 'growth', caps: { lines: null } }, through: 3 },
  { what: 'a cap below the live calls', change: { caps: { lines: 1 } }, through: 0 },
])('[G6] [G7] $what does what its preview said: $through are put through at once', async ({ change, through }) => {
  const live = await busy(2)
  const waiting = await wait(3)
  const path = `/tenants/${tenant.id}`
  const before = (await broker.admin('GET', path)).body
  const { body: seen } = await broker.admin('PATCH', `${path}?preview=true`, change)
  expect(seen).toMatchObject({ object: 'preview', put_through: through, turned_away: 0, ends: 0 })
  expect((await broker.admin('GET', path)).body).toEqual(before)
  const { body: done } = await broker.admin('PATCH', path, change)
  expect(done['lines']).toEqual(seen['lines'])
  expect(done).toMatchObject(seen['tenant'] as object)
  await Promise.all(waiting.slice(0, through).map((caller) => caller.next('session.created', 1_000)))
  expect(await broker.lines(tenant)).toEqual(seen['lines'])
  expect(live.map(({ closed }) => closed)).toEqual([undefined, undefined])
  expect((await broker.ask('GET', '/v1/me', tenant.key)).body['lines']).toEqual(seen['lines'])
})

test('[G8] a key that is given a cap, or a higher one, has it at once', async () => {
  tenant = await broker.tenant({ caps: { lines: 5 } })
  const path = `/tenants/${tenant.id}/keys/${tenant.keyId}`
  callers.push(await liveCaller(broker.wsUrl, tenant.key))
  const change = { lines: 1 }
  expect((await broker.admin('PATCH', `${path}?preview=true`, change)).body).toMatchObject({ key: change, ends: 0 })
  expect((await broker.admin('PATCH', path, change)).body).toMatchObject(change)
  const refused = new Caller(broker.wsUrl, tenant.key)
  callers.push(refused)
  expect(await refused.error()).toMatchObject({ code: 'concurrent_calls_exceeded' })
  await broker.admin('PATCH', path, { lines: 2 })
  callers.push(await liveCaller(broker.wsUrl, tenant.key))
})

function oldest(): Promise<number> {
  return broker.metric('trunkline_queue_oldest_wait_seconds', { plan: 'starter' })
}

test('[M1] the oldest wait of all tenants is on /metrics, as the oldest and not as a sum', async () => {
  await busy(1)
  await wait(2)
  const seconds = await eventually(oldest, (value) => value > 0)
  const waited = (await list()).map(({ waited_ms }) => waited_ms / 1000)
  expect(seconds).toBeLessThanOrEqual(Math.max(...waited))
  await gone(callers[1], 1)
  await gone(callers[2], 0)
  await eventually(oldest, (value) => value === 0)
})
