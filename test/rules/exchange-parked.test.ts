// A waiting call that is let go of and resumed as plain data: it goes on where it was. The clock, the sockets and the desk in hand.
import { expect, test } from 'vitest'
import { Exchange } from '../../src/exchange.ts'
import { earlyEvents, firstFrameDelayMs, queueAliveMs, queueUpdateMs } from '../../src/limits.ts'
import type { CallTerms } from '../../src/plan.ts'
import type { Parked } from '../../src/ports.ts'
import { at } from '../support/gathering.ts'
import { HandHost, offer, RecordedSocket, settle, target, terms } from './host.ts'

const create = '{"type":"response.create"}'
const append = '{"type":"input_audio_buffer.append","audio":"AAAA"}'
const update = (own: object): string => JSON.stringify({ type: 'session.update', session: own })

/** One caller's socket, and one life of its host after the other. */
class Scene {
  host = new HandHost()
  readonly caller = new RecordedSocket(this.host.clock)
  exchange: Exchange

  constructor(own: Partial<CallTerms> = {}) {
    this.exchange = new Exchange(offer, target, { ...terms, ...own }, this.host.clock.now() - 7, this.host)
    this.host.call = this.exchange
    this.exchange.begin(this.caller, { is: 'queued', terms, place: 1, short: 'lines', etaMs: 90_000 })
  }

  /** The host forgets all but what a store gives back, and goes on in another life. */
  sleep(): Parked {
    const parked = this.host.place?.parked()
    if (parked === undefined) throw new Error('it has no place')
    const kept = JSON.parse(JSON.stringify(parked)) as Parked
    this.host = new HandHost(this.host)
    this.exchange = Exchange.resume(kept, this.caller, this.host)
    this.host.call = this.exchange
    return kept
  }

  async pass(ms: number): Promise<void> {
    const end = this.host.clock.now() + ms
    while (this.host.clock.now() < end) {
      this.host.clock.pass(Math.min(100, end - this.host.clock.now()))
      await settle()
    }
  }

  of(type: string): Record<string, unknown>[] {
    return this.caller.events.filter((event) => event['type'] === type)
  }

  says(event: object): void {
    this.exchange.fromCaller(JSON.stringify(event))
  }
}

/** A call that has heard its first line. */
async function silent(own: Partial<CallTerms> = {}): Promise<Scene> {
  const scene = new Scene(own)
  await scene.pass(3_000)
  expect(scene.of('response.done')).toHaveLength(1)
  return scene
}

test('[H7] a call that is resumed is put through on its socket, with all that it wished for, in order', async () => {
  const scene = new Scene()
  await scene.pass(firstFrameDelayMs)
  for (const frame of [update({ instructions: 'a', voice: 'x' }), create, update({ instructions: 'b' }), append])
    scene.exchange.fromCaller(frame)
  await scene.pass(3_000)
  scene.sleep()
  scene.exchange.fromCaller('{"type":"conversation.item.create","item":{"type":"message"}}')
  scene.sleep()
  scene.exchange.seated()
  const upstream = await scene.host.upstream.opens()
  scene.host.upstream.says({ type: 'session.created', session: { type: 'realtime' } })
  expect(upstream.sent).toEqual([
    update({ instructions: 'b', voice: 'x' }),
    create,
    '{"type":"conversation.item.create","item":{"type":"message"}}',
  ])
  expect(scene.of('session.created')).toHaveLength(1)
  expect([scene.of('trunkline.queue.joined').length, scene.of('trunkline.queue.admitted').length]).toEqual([1, 1])
  expect(scene.caller.closes).toEqual([])
  expect(scene.host.place).toBeUndefined()
})

test('[H7] a call that is resumed wants its next tick when it wanted it before, and is told then what is due', async () => {
  const scene = await silent()
  const before = scene.host.at
  scene.sleep()
  expect([scene.host.at, scene.host.clock.waiting]).toEqual([before, 1])
  await scene.pass(queueAliveMs)
  expect(scene.of('trunkline.queue.waiting')).toMatchObject([{ position: 2, eta_ms: 90_000 }])
  scene.exchange.tick({ place: 0, etaMs: 30_000 })
  expect(scene.of('trunkline.queue.updated')).toMatchObject([{ position: 1, eta_ms: 30_000, waited_ms: 23_000 }])
  scene.sleep()
  await scene.pass(queueUpdateMs)
  scene.exchange.tick({ place: 0, etaMs: 30_000 })
  expect(scene.of('trunkline.queue.updated')).toHaveLength(1) // what it was told is kept
})

test('[H5] [H7] patience runs on while it is away', async () => {
  const scene = await silent({ patienceMs: 30_000 })
  scene.sleep()
  await scene.pass(26_900)
  expect(scene.of('response.created')).toHaveLength(1)
  await scene.pass(3_000)
  expect(scene.caller.errors).toEqual(['queue_timeout'])
  await settle()
  expect(scene.host.desks.records).toMatchObject([{ outcome: { why: 'queue_timeout' } }])
  expect(scene.host.desks.left).toBe(1)
})

test('[H2] [H7] our items are answered by us after it was away, while it waits and in the call, under ids of their own', async () => {
  const scene = await silent()
  const [added] = scene.of('conversation.item.added')
  const item_id = at(added, 'item.id')
  scene.sleep()
  scene.says({ type: 'conversation.item.retrieve', item_id })
  expect(scene.of('conversation.item.retrieved')).toMatchObject([{ item: { id: item_id, status: 'completed' } }])
  scene.says({ type: 'conversation.item.delete', item_id: 'item_trunkline_none' })
  scene.sleep()
  scene.exchange.seated()
  const upstream = await scene.host.upstream.opens()
  scene.says({ type: 'conversation.item.delete', item_id })
  expect([scene.of('conversation.item.deleted').length, upstream.sent]).toEqual([1, []])
  const ids = scene.caller.events.map((event) => event['event_id'])
  expect(new Set(ids).size).toBe(ids.length)
})

test('[H2] [H7] a line that its host’s end cut is over: it is shown so, and a cancel is about what the provider will say', async () => {
  const scene = new Scene()
  await scene.pass(500)
  const item_id = at(scene.of('conversation.item.added')[0], 'item.id')
  scene.sleep()
  scene.says({ type: 'conversation.item.retrieve', item_id })
  expect(scene.of('conversation.item.retrieved')).toMatchObject([{ item: { status: 'incomplete' } }])
  scene.says({ type: 'response.cancel' })
  scene.exchange.seated()
  const upstream = await scene.host.upstream.opens()
  expect(upstream.sent).toEqual(['{"type":"response.cancel"}'])
})

test('[H2] after it was away replies that the provider gives without a name take no id that was used', async () => {
  const scene = await silent()
  scene.sleep()
  scene.exchange.seated()
  await scene.host.upstream.opens()
  const usage = { total_tokens: 5, input_tokens: 2, output_tokens: 3 }
  for (let i = 0; i < 3; i++) {
    scene.host.upstream.says({ type: 'response.done', response: { usage } })
    await settle()
  }
  expect(scene.host.desks.taken.size).toBe(3)
  scene.says({ type: 'conversation.item.delete', item_id: 'item_trunkline_none' })
  const ids = scene.caller.events.flatMap(({ event_id }) => event_id ?? [])
  expect(scene.caller.errors).toHaveLength(1)
  expect(new Set(ids).size).toBe(ids.length)
})

test('[C1] [C6] a caller that hangs up after it was away has one end, and waited since its offer', async () => {
  const scene = await silent()
  scene.sleep()
  await scene.pass(7_000)
  scene.exchange.callerGone(1000, '')
  await settle()
  expect(scene.host.desks.records).toMatchObject([{ outcome: { why: 'hung_up' }, waitedMs: 10_007, liveMs: 0 }])
  expect([scene.host.settledCalls, scene.host.clock.waiting, scene.host.place]).toEqual([[offer.call], 0, undefined])
})

test('[C2] [H7] bounds of what it may ask for hold over all its lives', async () => {
  const scene = await silent()
  for (let i = 0; i < earlyEvents; i++) {
    scene.exchange.fromCaller(create)
    if (i % 16 === 0) scene.sleep()
  }
  expect(scene.caller.errors).toEqual([])
  scene.exchange.fromCaller(create)
  expect(scene.caller.closes).toMatchObject([{ code: 1009 }])
})

test('[H7] what is dropped is not kept: audio, and a cancel that comes late, change nothing that a host would have to write', async () => {
  const scene = await silent()
  const { place } = scene.host
  for (let i = 0; i < 100; i++) scene.exchange.fromCaller(append)
  scene.says({ type: 'input_audio_buffer.commit' })
  scene.says({ type: 'response.cancel', response_id: at(scene.of('response.created')[0], 'response.id') })
  expect(scene.host.place).toBe(place)
  scene.exchange.fromCaller(create)
  expect(scene.host.place).not.toBe(place)
})

test('[H7] a call that has no place any more cannot be let go of', async () => {
  const scene = await silent({ patienceMs: 5_000 })
  await scene.pass(2_100) // it hears the apology
  expect([scene.of('response.created').length, scene.host.place]).toEqual([2, undefined])
  expect(scene.host.at).toBeDefined()
})
