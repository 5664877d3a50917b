// Waiting callers that flood, half-close, freeze: each is answered clearly, its place is free, and whoever waits behind it moves up.
import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { SimSession } from '../../sim/record.ts'
import { startBroker, type Broker, type MadeTenant } from '../support/broker.ts'
import { Caller, liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { host } from '../support/host.ts'
import { upgradeRequest } from '../support/raw-caller.ts'
import { callSim } from '../support/scenario.ts'

let broker: Broker
let tenant: MadeTenant
let live: Caller
let callers: Caller[] = []
let sockets: Socket[] = []
beforeAll(async () => {
  broker = await startBroker(callSim)
})
afterAll(() => broker.close())
afterEach(async () => {
  for (const caller of callers.splice(0)) caller.vanish()
  for (const socket of sockets.splice(0)) socket.destroy()
  await broker.quiet(tenant, 2_000)
})

/** A tenant whose one line is taken, and who waits for it. */
async function busy(patienceSeconds: number | null = null): Promise<Caller> {
  tenant = await broker.tenant({ caps: { lines: 1 }, hold: { patienceSeconds } })
  live = await liveCaller(broker.wsUrl, tenant.key)
  callers.push(live)
  return waiting()
}

async function waiting(): Promise<Caller> {
  const caller = new Caller(broker.wsUrl, tenant.key)
  callers.push(caller)
  await caller.next('trunkline.queue.joined')
  return caller
}

async function nobodyWaits(withinMs = 1_000): Promise<void> {
  await eventually(
    () => broker.lines(tenant),
    (lines) => lines.waiting === 0 && lines.live === 1,
    withinMs,
  )
}

const update = (instructions: string) => ({ type: 'session.update', session: { type: 'realtime', instructions } })

test('[C2] a session.update sent a hundred times is one: the caller keeps its place, and the last is in force', async () => {
  const caller = await busy()
  const { item } = await caller.next('conversation.item.added')
  for (let i = 1; i <= 100; i++) caller.send(update(`Be brief, ${i}.`))
  caller.send({ type: 'conversation.item.retrieve', item_id: (item as { id: string }).id })
  await caller.next('conversation.item.retrieved') // so all before it was heard
  await live.hangUp()
  expect(await caller.next('session.updated')).toMatchObject({ session: { instructions: 'Be brief, 100.' } })
  expect((broker.sim.sessions.at(-1) as SimSession).received).toEqual({ 'session.update': 1 })
  expect(caller.of('error')).toEqual([])
})

/** Node stops reading one that sends too many frames: test/e2e/frames.test.ts. */
const onlyOnWorker = [['more frames than the Worker takes', 10, 6_000, { code: 'frames_too_fast' }, 1008]] as const

test.each([
  ['megabytes of early events', 300 * 1024, 10, { code: 'too_many_early_events' }, 1009],
  ['an event over a megabyte', 1_100_000, 1, { code: 'frame_too_large' }, 1009],
  ...(host === 'worker' ? onlyOnWorker : []),
] as const)(
  '[C2] [C8] %s: told, closed, and whoever waits behind moves up',
  async (_what, bytes, count, error, code) => {
    const caller = await busy()
    const second = await waiting()
    const frame =
      count > 100
        ? { type: 'input_audio_buffer.append', audio: 'A'.repeat(bytes) }
        : {
            type: 'conversation.item.create',
            item: { type: 'message', role: 'user', content: [], x: 'x'.repeat(bytes) },
          }
    for (let i = 0; i < count; i++) caller.send(frame)
    expect(await caller.error()).toMatchObject(error)
    expect(await caller.closing()).toMatchObject({ code })
    await live.hangUp()
    await second.next('session.created', 1_000)
    expect(await broker.lines(tenant)).toMatchObject({ live: 1, waiting: 0 })
  },
)

/** A caller as a TCP socket that has been told its place. */
async function rawWaiting(): Promise<Socket> {
  const socket = connect({ port: broker.port, host: '127.0.0.1' })
  sockets.push(socket)
  socket.on('error', () => undefined)
  socket.write(upgradeRequest(broker.port, '/v1/realtime?model=gpt-realtime-2.1', tenant.key))
  await new Promise<void>((resolve) => {
    socket.on('data', (data) => (data.includes('trunkline.queue.joined') ? resolve() : undefined))
  })
  return socket
}

test('[C2] [G4] a waiting caller that half-closes is gone: its place is free, one record', async () => {
  const first = await busy()
  const socket = await rawWaiting()
  expect(await broker.lines(tenant)).toMatchObject({ live: 1, waiting: 2 })
  await first.hangUp()
  socket.end()
  await nobodyWaits()
  const open = (await broker.records(tenant)).filter(({ ended }) => ended === null)
  expect(open).toHaveLength(1)
})

test('[C7] [H5] a waiting caller that freezes is over when its patience is: no place, no line, one record', async () => {
  const first = await busy(3)
  const socket = await rawWaiting()
  socket.pause()
  await first.hangUp()
  await nobodyWaits(8_000)
  const records = await eventually(
    () => broker.records(tenant),
    (all) => all.filter(({ ended }) => ended === null).length === 1,
    12_000,
  )
  expect(records.filter(({ record }) => record?.outcome.why === 'queue_timeout')).toHaveLength(1)
})
