// A waiting call's object leaves memory while its caller is silent, and comes back for it; the objects around it are reset.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { heartbeatMs, queueAliveMs, tickAgainMs, tickStepMs } from '../../src/limits.ts'
import type { Parked } from '../../src/ports.ts'
import { Relay } from '../../src/relay.ts'
import { eventually } from '../support/eventually.ts'
import { at, type WireEvent } from '../support/gathering.ts'
import { House, provide, type Caller } from './house.ts'

let sessions: WireEvent[][]
let house: House
const now = Date.now
/** How much later it is than the clock says. */
let lateMs = 0

beforeEach(() => {
  sessions = provide()
  lateMs = 0
  vi.spyOn(Date, 'now').mockImplementation(() => now() + lateMs)
})
afterEach(async () => {
  for (const caller of house.callers.toReversed()) caller.hangUp()
  await eventually(
    () => house.lines(),
    (lines) => lines?.live === 0 && lines.waiting === 0,
  )
  vi.restoreAllMocks()
})

const text = { type: 'session.update', session: { type: 'realtime', output_modalities: ['text'] } }
const brief = { type: 'session.update', session: { type: 'realtime', instructions: 'Be brief.' } }
const said = { type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [] } }

/** A tenant whose one line is taken by the first caller, and three who wait and have read their line. */
async function busy(): Promise<[Caller, Caller, Caller, Caller]> {
  house = await House.open({ caps: { lines: 1 } })
  const live = await house.dial()
  await live.next('session.created')
  return [live, await waits(), await waits(), await waits()]
}

async function waits(): Promise<Caller> {
  const caller = await house.dial()
  caller.send(text)
  await caller.next('response.done')
  return caller
}

/** What an object was told is in it as long as it is in memory. */
function mark({ call }: Caller): Promise<void> {
  return runInDurableObject(call, (object) => void Object.assign(object, { marked: true }))
}

function marked({ call }: Caller): Promise<boolean> {
  return runInDurableObject(call, (object) => 'marked' in object)
}

/** Out of memory, once all is kept that it was told last and that it said last; its socket stays. */
async function evict(caller: Caller, said = 'output_modalities'): Promise<void> {
  await mark(caller)
  const told = parseInt(String(caller.events.at(-1)?.['event_id']).split('_').at(-1) ?? '', 36)
  await runInDurableObject(caller.call, (_object, { storage }) =>
    eventually(
      async () => storage.kv.get<{ parked: Parked }>('parked')?.parked.wait,
      (wait) => wait !== undefined && wait.nextId > told && wait.wishes.join().includes(said),
    ),
  )
  await evictDurableObject(caller.call, { webSockets: 'hibernate' })
  expect(await marked(caller)).toBe(false)
  await evictDurableObject(caller.call, { webSockets: 'hibernate' })
}

/** The desk’s alarm, so much later. Meanwhile the call that has the line is heard, and the desk by its pool: it is no silence (G10). */
async function alarmAfter(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= heartbeatMs) {
    lateMs += Math.min(left, heartbeatMs)
    const [live] = house.callers
    if (live?.closed === undefined && live !== undefined) await runDurableObjectAlarm(live.call)
    await runDurableObjectAlarm(house.desk)
  }
}

/** Ended as the platform ends one: without a word to anybody. */
async function reset(object: DurableObjectStub): Promise<void> {
  await runInDurableObject(object, (_object, state) => state.abort('reset by a test')).catch(() => undefined)
}

test('[H7] the object of a silent waiting caller leaves memory by itself, a live caller’s does not', async () => {
  const [live, waiting] = await busy()
  for (const caller of [live, waiting]) await mark(caller)
  await new Promise((resolve) => setTimeout(resolve, 12_000)) // workerd evicts after 10 s of silence
  expect(await Promise.all([live, waiting].map(marked))).toEqual([true, false])
  live.hangUp()
  await waiting.next('session.created', 1_000)
}, 30_000)

test('[H7] [C2] [C3] it is put through on the same socket, its wishes in force, with one session.created', async () => {
  const [live, waiting] = await busy()
  waiting.send(said)
  await evict(waiting, said.type)
  waiting.send(brief)
  await evict(waiting, brief.session.instructions)
  live.hangUp()
  await waiting.next('session.created', 1_000)
  const session = await eventually(
    async () => sessions.at(-1),
    (events) => events?.length === 2,
  )
  expect(session).toEqual([{ ...brief, session: { ...text.session, ...brief.session } }, said])
  expect(waiting.types.slice(-2)).toEqual(['trunkline.queue.admitted', 'session.created'])
  expect(waiting.of('session.created')).toHaveLength(1)
  expect(waiting.of('trunkline.queue.joined')).toHaveLength(1)
})

test('[H7] [H2] it answers for its items after it was away, while its caller waits and in the call', async () => {
  const [live, waiting] = await busy()
  const [line] = waiting.of('conversation.item.done')
  const id = at(line, 'item.id')
  await evict(waiting)
  waiting.send({ type: 'conversation.item.retrieve', item_id: id })
  expect(await waiting.next('conversation.item.retrieved')).toMatchObject({ item: { id, status: 'completed' } })
  await evict(waiting)
  live.hangUp()
  await waiting.next('session.created')
  waiting.send({ type: 'conversation.item.delete', item_id: id })
  await waiting.next('conversation.item.deleted')
  expect(waiting.of('error')).toEqual([])
})

test('[H5] [H7] its patience runs out while it is away: apology, error, then the close', async () => {
  const [live, waiting] = await busy()
  for (let waited = queueAliveMs; waited <= 120_000; waited += queueAliveMs) {
    await evict(waiting)
    await alarmAfter(queueAliveMs + 1_000)
    await runDurableObjectAlarm(live.call)
    if (waited < 120_000) await waiting.next('trunkline.queue.waiting')
  }
  expect(await waiting.next('error')).toMatchObject({ error: { code: 'queue_timeout' } })
  expect(waiting.of('response.done').at(-1)).toMatchObject({ response: { metadata: { trunkline: 'sorry' } } })
  expect(waiting.closed).toBeUndefined()
  await waiting.until(() => waiting.closed !== undefined)
  expect(waiting.closed?.code).toBe(1013)
  await eventually(
    () => house.outcomes(),
    (outcomes) => outcomes.join() === 'queue_timeout,queue_timeout,queue_timeout,',
  )
  expect(await house.lines()).toMatchObject({ live: 1, waiting: 0 })
}, 20_000)

test('[H7] [G3] a desk that is reset keeps every place, goes on ticking, and puts through in order', async () => {
  const [live, ...waiting] = await busy()
  for (const caller of waiting) await evict(caller)
  await reset(house.desk)
  await alarmAfter(queueAliveMs + 1_000)
  for (const caller of waiting) await caller.next('trunkline.queue.waiting')
  await reset(house.desk)
  const positions = waiting.map((caller) => caller.events.at(-1)?.['position'])
  expect(positions).toEqual([1, 2, 3])
  expect(await house.lines()).toMatchObject({ live: 1, waiting: 3 })
  let speaks = live
  for (const caller of waiting) {
    speaks.hangUp()
    await caller.next('session.created')
    speaks = caller
  }
})

test('[G4] [C1] [H7] a waiting call that is reset gives its place up at its next tick, and has one record', async () => {
  const [live, lost, second, third] = await busy()
  await reset(lost.call)
  await lost.until(() => lost.closed !== undefined)
  await alarmAfter(queueAliveMs + 1_000)
  await eventually(house.lines.bind(house), (lines) => lines?.waiting === 2)
  await alarmAfter(1_000)
  expect(await second.next('trunkline.queue.updated')).toMatchObject({ position: 1 })
  expect(await third.next('trunkline.queue.updated')).toMatchObject({ position: 2 })
  await runDurableObjectAlarm(lost.call) // it finds what an earlier life has left, and clears it away
  live.hangUp()
  await second.next('session.created')
  expect(await house.outcomes()).toEqual([undefined, undefined, 'call_reset', 'hung_up'])
  expect(await runDurableObjectAlarm(lost.call)).toBe(false)
})

test('[G6] [H7] a waiting call that was reset when its turn comes gives its line to the next one at once', async () => {
  const [live, lost, second] = await busy()
  await reset(lost.call)
  live.hangUp()
  await second.next('session.created', 1_000)
})

test('[G6] [H7] a call that its desk could not reach hears of its turn with the desk’s next ticks', async () => {
  const [live, waiting] = await busy()
  // What an object has of its own is not called from elsewhere.
  await runInDurableObject(waiting.call, (call) => void Object.assign(call, { seated: undefined }))
  live.hangUp()
  await eventually(
    () => house.lines(),
    (lines) => lines?.waiting === 2,
  )
  await runInDurableObject(waiting.call, (call) => Reflect.deleteProperty(call, 'seated'))
  await alarmAfter(tickAgainMs + tickStepMs)
  await waiting.next('session.created', 1_000)
})

test('[H7] a call that its desk has forgotten asks by itself, and has a place again', async () => {
  const [live, waiting] = await busy()
  await evict(waiting)
  await runInDurableObject(
    house.desk,
    (_desk, { storage }) => void storage.sql.exec("DELETE FROM roster WHERE name != 'leases'"),
  )
  expect(await house.lines()).toMatchObject({ live: 1, waiting: 0 })
  await runDurableObjectAlarm(waiting.call)
  expect(await house.lines()).toMatchObject({ live: 1, waiting: 1 })
  await evict(waiting)
  live.hangUp()
  await waiting.next('session.created')
})

test('[C1] [C7] an object that cannot go on where it was closes its caller with 1012, and its place is free', async () => {
  const [, waiting] = await busy()
  await evict(waiting)
  await runInDurableObject(waiting.call, async (_object, { storage }) => {
    storage.kv.delete('parked')
    await eventually(
      async () => storage.kv.get('parked'),
      (parked) => parked !== undefined, // it was woken for this, and keeps its state again
    )
    storage.kv.delete('parked') // as of a live call, which would not be evicted here: its provider's socket holds it
  })
  await evictDurableObject(waiting.call, { webSockets: 'hibernate' })
  await runDurableObjectAlarm(waiting.call)
  await waiting.until(() => waiting.closed !== undefined)
  expect(waiting.closed?.code).toBe(1012)
  expect(await house.outcomes()).toEqual([undefined, undefined, 'call_reset', undefined])
  expect(await house.lines()).toMatchObject({ live: 1, waiting: 2 })
})

function breaks(step: 'fromCaller' | 'fromUpstream' | 'putThrough'): void {
  vi.spyOn(Relay.prototype, step).mockImplementationOnce(() => {
    throw new Error('a bug')
  })
}

async function endsByBug(caller: Caller): Promise<void> {
  expect((await caller.next('error'))['error']).toMatchObject({ code: 'internal_error' })
  await caller.until(() => caller.closed?.code === 1011)
}

test('[C1] a bug in what an object does with a frame, or with its turn, ends that call with a sentence, and no other', async () => {
  const [live, first, second, third] = await busy()
  breaks('fromCaller')
  first.send(brief)
  await endsByBug(first)
  breaks('putThrough')
  live.hangUp()
  await endsByBug(second)
  await third.next('session.created')
  breaks('fromCaller')
  third.send(brief)
  await endsByBug(third)
  breaks('fromUpstream')
  await endsByBug(await house.dial())
  expect((await house.outcomes()).filter((why) => why === 'bug')).toHaveLength(4)
})
