// Waits that end in other ways than with a line, and what is told in a long one.
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { SimSession } from '../../sim/record.ts'
import { startBroker, type Broker, type MadeTenant } from '../support/broker.ts'
import { Caller, liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { callSim } from '../support/scenario.ts'

let broker: Broker
let tenant: MadeTenant
let live: Caller
let callers: Caller[] = []
beforeAll(async () => {
  broker = await startBroker(callSim)
})
afterAll(() => broker.close())
afterEach(async () => {
  for (const caller of callers.splice(0)) caller.vanish()
  await broker.quiet(tenant, 2_000)
})

/** A tenant whose one line is taken. */
async function busy(): Promise<void> {
  tenant = await broker.tenant({ caps: { lines: 1 } })
  live = await liveCaller(broker.wsUrl, tenant.key)
  callers.push(live)
}

function dial(key = tenant.key): Caller {
  const caller = new Caller(broker.wsUrl, key)
  callers.push(caller)
  return caller
}

async function secondKey(): Promise<{ id: string; key: string }> {
  const { body } = await broker.admin('POST', `/tenants/${tenant.id}/keys`, { name: 'second' })
  return body as unknown as { id: string; key: string }
}

test('[K3] a key revoked while its caller listens: the line is broken off, the caller is told why and closed', async () => {
  await busy()
  const { id, key } = await secondKey()
  const caller = dial(key)
  await caller.next('response.output_audio.delta')
  await broker.admin('DELETE', `/tenants/${tenant.id}/keys/${id}`)
  expect(await caller.error(2_000)).toMatchObject({ type: 'authentication_error' })
  expect(caller.of('response.done')).toMatchObject([{ response: { status: 'cancelled' } }])
  await caller.closing()
  expect(caller.types.at(-1)).toBe('error')
  expect(await broker.lines(tenant)).toMatchObject({ live: 1, waiting: 0 })
})

test('[C2] a waiting caller that asks for too much is told, and closed with 1009', async () => {
  await busy()
  const caller = dial()
  await caller.next('trunkline.queue.joined')
  const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello.' }] }
  for (let i = 0; i < 65; i++) caller.send({ type: 'conversation.item.create', item })
  await caller.error()
  expect(await caller.closing()).toMatchObject({ code: 1009 })
  await eventually(
    () => broker.lines(tenant),
    ({ waiting }) => waiting === 0,
    1_000,
  )
})

test('[H2] a cancel of our reply ends it; one that comes late is not passed on', async () => {
  await busy()
  const caller = dial()
  const { response_id } = await caller.next('response.output_audio.delta')
  caller.send({ type: 'response.cancel' })
  expect(await caller.next('response.done')).toMatchObject({
    response: { id: response_id, status: 'cancelled', status_details: { reason: 'client_cancelled' } },
  })
  await live.hangUp()
  await caller.next('session.created')
  caller.send({ type: 'response.cancel', response_id })
  caller.send({ type: 'session.update', session: { type: 'realtime', instructions: 'Be brief.' } })
  await caller.next('session.updated')
  const session = broker.sim.sessions.at(-1) as SimSession
  expect(session.received).toEqual({ 'session.update': 1 })
  expect(caller.of('error')).toEqual([])
})

test('[H3] [G3] who came first is put through first; a better place is told once, with the line for it', async () => {
  await busy()
  const first = dial()
  await first.next('trunkline.queue.joined')
  const second = dial()
  const since = performance.now()
  expect(await second.next('trunkline.queue.joined')).toMatchObject({ position: 2 })
  await live.hangUp()
  await first.next('session.created', 1_000)
  const told = await second.next('trunkline.queue.updated', 30_000)
  expect(told).toMatchObject({ position: 1, eta_ms: null })
  expect(performance.now() - since).toBeGreaterThan(14_500)
  const done = () => second.of('response.done')
  await second.until(() => done().length === 2, 'the second line')
  expect(done()).toMatchObject([
    { response: { metadata: { trunkline: 'joined' } } },
    { response: { metadata: { trunkline: 'next' } } },
  ])
  await second.until(() => second.of('trunkline.queue.waiting').length === 1, 'a sign of life', 25_000)
  expect(second.of('trunkline.queue.updated')).toHaveLength(1)
  expect(await broker.lines(tenant)).toMatchObject({ live: 1, waiting: 1 }) // also beyond the ticket's time
  await first.hangUp()
  await second.next('session.created', 1_000)
}, 60_000)

test('[C1] [G5] a restart in mid-wait: the caller is recorded as one that waited and never talked', async () => {
  await busy()
  const caller = dial()
  await caller.next('response.output_audio.delta')
  const closed = once(caller.ws, 'close')
  broker = await broker.restart()
  await closed
  const records = await eventually(
    () => broker.records(tenant),
    (all) => all.length === 2 && all.every(({ ended }) => ended !== null),
    30_000,
  )
  expect(records.map(({ record }) => record?.outcome.why)).toEqual(['call_reset', 'call_reset'])
  const [waited, talked] = records.map(({ record }) => record)
  // Where the other is reported first, its turn still comes, and it is taken to be live until it is reported itself.
  expect(waited?.waitedMs).toBeGreaterThan(waited?.liveMs ?? Infinity)
  expect(talked).toMatchObject({ waitedMs: 0 })
  expect(talked?.liveMs).toBeGreaterThan(0)
}, 60_000)
