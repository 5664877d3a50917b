// A caller that waits in silence, whose object leaves memory meanwhile: what it meets then, and what one meets that misbehaves.
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { SimSession } from '../../sim/record.ts'
import { startBroker, type Broker, type MadeTenant } from '../support/broker.ts'
import { Caller, liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { host } from '../support/host.ts'
import { textFrame, upgradeRequest } from '../support/raw-caller.ts'
import { callSim } from '../support/scenario.ts'
import { soonMs } from '../support/soon.ts'

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

async function joined(): Promise<Caller> {
  const caller = new Caller(broker.wsUrl, tenant.key)
  callers.push(caller)
  await once(caller.ws, 'open')
  return caller
}

const brief = { type: 'session.update', session: { type: 'realtime', instructions: 'Be brief.' } }
const hello = {
  type: 'conversation.item.create',
  item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello.' }] },
}
const silentMs = 13_000 // workerd evicts a silent object after 10 s; the whole line takes 2.4 s

test('[H7] [C2] [C3] a caller that waits in silence is put through on its socket, with all that it asked for', async () => {
  await busy()
  const caller = await joined()
  caller.send(brief, hello)
  const { item_id } = await caller.next('response.output_audio.delta')
  await caller.next('response.done')
  await new Promise((resolve) => setTimeout(resolve, silentMs))
  await live.hangUp()
  const freeAt = performance.now()
  await caller.next('session.created')
  expect(performance.now() - freeAt).toBeLessThan(soonMs)
  await caller.next('session.updated')
  expect(caller.of('session.created')).toHaveLength(1)
  caller.send({ type: 'conversation.item.delete', item_id }, { type: 'response.create' })
  await caller.next('conversation.item.deleted')
  await caller.next('response.done')
  const session = broker.sim.sessions.at(-1) as SimSession
  expect(session.received).toEqual({ 'session.update': 1, 'conversation.item.create': 1, 'response.create': 1 })
  expect(caller.of('error')).toEqual([])
  await caller.hangUp()
  const [record] = await eventually(
    () => broker.records(tenant),
    ([newest]) => newest?.ended !== null,
  )
  expect(record?.record?.waitedMs).toBeGreaterThan(silentMs)
}, 40_000)

test('[H3] [H7] a caller that says nothing is told every 20 s that it still waits, and keeps its place', async () => {
  await busy()
  const caller = await joined()
  const since = performance.now()
  for (const atMs of [20_000, 40_000]) {
    await caller.next('trunkline.queue.waiting', 25_000)
    expect(Math.abs(performance.now() - since - atMs)).toBeLessThan(2_000)
  }
  expect(await broker.lines(tenant)).toMatchObject({ live: 1, waiting: 1 })
}, 60_000)

test('[C7] a close of ours ends a waiting caller’s connection at once, also after it was put through', async () => {
  await busy()
  const [first, second] = [await joined(), await joined()]
  await second.next('trunkline.queue.joined')
  await live.hangUp()
  await first.next('session.created')
  await broker.admin('DELETE', `/tenants/${tenant.id}/keys/${tenant.keyId}`)
  for (const caller of [first, second]) {
    await caller.error()
    const { code } = await caller.closing(500) // an answered close; a socket that is kept open longer says nothing for 10 s
    expect(code).toBe(1008)
  }
  await broker.quiet(tenant)
  expect(broker.sim.sessions.at(-1)?.closed).toMatchObject({ code: 1000 })
})

test('[C7] a waiting caller that does not answer our close is cut off after a second', async () => {
  await busy()
  const socket = connect(broker.port, '127.0.0.1')
  const heard: Buffer[] = []
  socket.on('data', (data) => heard.push(data))
  socket.write(upgradeRequest(broker.port, '/v1/realtime?model=gpt-realtime-2.1', tenant.key))
  const told = (word: string) =>
    eventually(
      async () => Buffer.concat(heard).includes(word),
      (yes) => yes,
    )
  await told('trunkline.queue.joined')
  const ended = once(socket, 'close')
  await broker.admin('DELETE', `/tenants/${tenant.id}/keys/${tenant.keyId}`)
  await told('revoked_api_key')
  const since = performance.now()
  await ended
  expect(performance.now() - since).toBeGreaterThan(900)
  expect(performance.now() - since).toBeLessThan(2_500)
})

test('[G4] [C6] a waiting caller that half-closes its connection is out of the queue at once', async () => {
  await busy()
  const socket = connect({ port: broker.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.write(upgradeRequest(broker.port, '/v1/realtime?model=gpt-realtime-2.1', tenant.key))
  await once(socket, 'data')
  socket.resume()
  socket.write(textFrame(JSON.stringify(brief)))
  await eventually(
    () => broker.lines(tenant),
    ({ waiting }) => waiting === 1,
  )
  socket.end()
  await eventually(
    () => broker.lines(tenant),
    ({ waiting }) => waiting === 0,
    1_000,
  )
  await eventually(
    () => broker.records(tenant),
    ([newest]) => newest?.record?.outcome.why === 'hung_up',
    1_000,
  )
  socket.destroy()
})

test('[C8] [G4] a waiting caller that reads nothing costs nobody anything: it is gone when its key is', async () => {
  await busy()
  const frozen = await joined()
  frozen.ws.pause()
  const next = await joined()
  expect(await next.next('trunkline.queue.joined')).toMatchObject({ position: 2 })
  await live.hangUp() // its turn comes, and its provider's words pile up
  await eventually(
    () => broker.lines(tenant),
    ({ waiting }) => waiting === 1,
  )
  await broker.admin('DELETE', `/tenants/${tenant.id}/keys/${tenant.keyId}`)
  await next.closing()
  await broker.quiet(tenant, 2_000)
})

test.runIf(host === 'worker')(
  '[C8] a waiting caller that floods the Worker is told so and closed, and its place is free',
  async () => {
    await busy()
    const caller = await joined()
    await caller.next('trunkline.queue.joined')
    const append = JSON.stringify({ type: 'input_audio_buffer.append', audio: 'AAAA' })
    for (let i = 0; i < 2_600; i++) caller.ws.send(append)
    expect(await caller.error()).toMatchObject({ code: 'frames_too_fast' })
    expect(await caller.closing(3_000)).toMatchObject({ code: 1008 })
    await eventually(
      () => broker.lines(tenant),
      ({ waiting }) => waiting === 0,
      1_000,
    )
  },
)

test('[C2] a hundred updates of its session are one; megabytes of events are too much', async () => {
  await busy()
  const many = await joined()
  for (let i = 0; i < 100; i++)
    many.send({ type: 'session.update', session: { type: 'realtime', instructions: `${i}` } })
  const much = await joined()
  const large = { ...hello, item: { ...hello.item, content: [{ type: 'input_text', text: 'x'.repeat(300_000) }] } }
  for (let i = 0; i < 10; i++) much.send(large)
  await much.error()
  expect(await much.closing(1_000)).toMatchObject({ code: 1009 })
  await live.hangUp()
  expect(await many.next('session.updated')).toMatchObject({ session: { instructions: '99' } })
  expect(many.of('error')).toEqual([])
  expect((broker.sim.sessions.at(-1) as SimSession).received).toEqual({ 'session.update': 1 })
})
