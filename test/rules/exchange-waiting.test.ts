// One call that has to wait: from its place to its dial, or to its goodbye. The clock, the sockets and the desk in hand.
import { expect, test } from 'vitest'
import { Exchange } from '../../src/exchange.ts'
import { earlyEvents, firstFrameDelayMs, firstLineMs, lateCloseMs, speechLeadMs } from '../../src/limits.ts'
import type { CallTerms } from '../../src/plan.ts'
import type { Admission } from '../../src/ports.ts'
import { at } from '../support/gathering.ts'
import { HandHost, offer, RecordedSocket, settle, target, terms } from './host.ts'

const append = '{"type":"input_audio_buffer.append","audio":"AAAA"}'
const create = '{"type":"response.create"}'
const created = { type: 'session.created', session: { type: 'realtime' } }
const queued = (place: number, etaMs: number | null = null): Admission => ({
  is: 'queued',
  terms,
  place,
  short: 'lines',
  etaMs,
})

class Scene {
  readonly host = new HandHost()
  readonly caller = new RecordedSocket(this.host.clock)
  readonly exchange: Exchange

  constructor(admission: Exclude<Admission, { is: 'refused' }>, own: Partial<CallTerms> = {}) {
    this.exchange = new Exchange(offer, target, { ...terms, ...own }, this.host.clock.now() - 7, this.host)
    this.host.call = this.exchange
    this.exchange.begin(this.caller, admission)
  }

  /** Time with its promises, step by step. */
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
}

const waits = (own: Partial<CallTerms> = {}): Scene =>
  new Scene({ is: 'queued', terms, place: 1, short: 'lines', etaMs: 90_000 }, own)

test('[H1] a caller that waits hears its place as soon as it listens, and nobody is dialled', async () => {
  const { host, caller } = waits()
  host.clock.pass(firstFrameDelayMs - 1)
  expect(caller.sent).toEqual([])
  host.clock.pass(1)
  expect(caller.events).toMatchObject([
    { type: 'trunkline.queue.joined', position: 2, eta_ms: 90_000, patience_ms: 60_000 },
  ])
  expect(host.upstream.dialled).toEqual([])
})

test('[C3] one session.created passes, the provider’s own, after the place', async () => {
  const scene = waits()
  await scene.pass(3_000)
  scene.exchange.seated()
  await scene.host.upstream.opens()
  scene.host.upstream.says(created)
  expect(scene.of('session.created')).toEqual([created])
  const types = scene.caller.types
  expect(types.indexOf('trunkline.queue.admitted')).toBe(types.indexOf('session.created') - 1)
  expect(types[0]).toBe('trunkline.queue.joined')
})

test('[C2] what it wished for goes upstream first, updates merged into one, its audio not at all', async () => {
  const { host, exchange } = waits()
  for (const frame of [
    '{"type":"session.update","session":{"instructions":"a","voice":"x"}}',
    append,
    '{"type":"conversation.item.create","item":{"type":"message"}}',
    '{"type":"input_audio_buffer.commit"}',
    '{"type":"session.update","session":{"instructions":"b"}}',
    create,
  ])
    exchange.fromCaller(frame)
  exchange.seated()
  exchange.fromCaller(append) // its first words to the provider
  const upstream = await host.upstream.opens()
  exchange.fromCaller('{"type":"response.cancel"}')
  expect(upstream.sent).toEqual([
    '{"type":"session.update","session":{"instructions":"b","voice":"x"}}',
    '{"type":"conversation.item.create","item":{"type":"message"}}',
    create,
    append,
    '{"type":"response.cancel"}',
  ])
})

test('[C4] what is pinned goes before all wishes, and lies on top of them', async () => {
  const { host, exchange } = waits({ pinned: { instructions: 'Be kind.' } })
  exchange.fromCaller('{"type":"session.update","session":{"instructions":"Be rude."}}')
  exchange.seated()
  const upstream = await host.upstream.opens()
  expect(upstream.events).toMatchObject([
    { type: 'session.update', session: { instructions: 'Be kind.' } },
    { type: 'session.update', session: { instructions: 'Be kind.' } },
  ])
})

test('[C2] too many wishes end the call, with 1009', async () => {
  const { host, caller, exchange } = waits()
  host.clock.pass(firstFrameDelayMs)
  for (let i = 0; i < earlyEvents; i++) exchange.fromCaller(create)
  expect(caller.errors).toEqual([])
  exchange.fromCaller(create)
  expect(caller.errors).toHaveLength(1)
  expect(caller.closes).toMatchObject([{ code: 1009 }])
  await settle()
  expect(host.desks.records).toMatchObject([{ outcome: { by: 'caller', why: 'early_too_much' } }])
})

test('[C4] an event that names another model is answered while it waits, and not kept', async () => {
  const { host, caller, exchange } = waits()
  host.clock.pass(firstFrameDelayMs)
  exchange.fromCaller('{"type":"session.update","session":{"model":"other"}}')
  exchange.seated()
  const upstream = await host.upstream.opens()
  expect([caller.errors.length, upstream.sent]).toEqual([1, []])
})

test('[G6] a call that is seated twice is dialled once', async () => {
  const { host, exchange } = waits()
  exchange.seated()
  exchange.seated()
  await host.upstream.opens()
  exchange.seated()
  expect(host.upstream.dialled).toEqual([target.url])
})

test('[G6] a call that is woken before it is told to wait is put through at once', () => {
  const host = new HandHost()
  const exchange = new Exchange(offer, target, terms, host.clock.now(), host)
  exchange.seated()
  exchange.begin(new RecordedSocket(host.clock), { is: 'queued', terms, place: 0, short: 'lines', etaMs: null })
  expect(host.upstream.dialled).toHaveLength(1)
})

test('[G6] a call that did not wait, or has ended, is not seated', async () => {
  const granted = new Scene({ is: 'granted', terms })
  granted.exchange.seated()
  expect(granted.host.upstream.dialled).toHaveLength(1)
  const left = waits()
  left.exchange.callerGone(1000, '')
  left.exchange.seated()
  expect(left.host.upstream.dialled).toEqual([])
})

test('[C6] a caller that hangs up while it waits has one end, and nothing is left of it', async () => {
  const scene = waits()
  const { host, caller, exchange } = scene
  await scene.pass(1_000)
  exchange.callerGone(1001, 'bye')
  await settle()
  expect([host.desks.ends, host.desks.left, host.upstream.abandoned]).toEqual([1, 0, false])
  expect(host.desks.records).toMatchObject([
    {
      outcome: { by: 'caller', why: 'hung_up', code: 1001 },
      waitedMs: 1_007,
      liveMs: 0,
      connectMs: null,
      overheadMs: 0,
      firstAudioMs: null,
    },
  ])
  expect(caller.closes).toMatchObject([{ code: 1001, reason: 'bye' }])
  expect([host.settledCalls, host.clock.waiting, host.faults]).toEqual([[offer.call], 0, []])
})

test('[C1] the record of a call that waited says how long, and times the rest without it', async () => {
  const scene = waits()
  const { host, exchange } = scene
  await scene.pass(5_000)
  exchange.fromCaller(create)
  await scene.pass(5_000)
  exchange.seated()
  host.clock.pass(300)
  await host.upstream.opens()
  host.upstream.says(created)
  host.clock.pass(1_000)
  host.upstream.says('{"type":"response.output_audio.delta","delta":"AAAA"}')
  exchange.callerGone(1000, '')
  await settle()
  expect(host.desks.records).toMatchObject([
    { waitedMs: 10_007, liveMs: 1_000, connectMs: 300, overheadMs: 0, firstAudioMs: null },
  ])
})

test('[C9] the longest call begins when its turn has come', async () => {
  const scene = waits({ longestMs: 60_000, patienceMs: 300_000 })
  await scene.pass(100_000)
  scene.exchange.seated()
  await scene.host.upstream.opens()
  await scene.pass(59_999)
  expect(scene.of('response.created')).toHaveLength(1) // the line of its wait
  await scene.pass(1)
  const [waited, goodbye] = scene.of('response.created')
  expect([at(waited, 'response.metadata.trunkline'), at(goodbye, 'response.metadata.trunkline')]).toEqual([
    'joined',
    'goodbye',
  ])
})

test('[G4] each heartbeat keeps the place, and tells the caller when it is better', async () => {
  const scene = waits()
  const { host, exchange } = scene
  host.desks.answer = queued(0, 30_000)
  await scene.pass(10_000)
  await exchange.heartbeat()
  expect([host.desks.asked, host.desks.renewed]).toEqual([1, 0])
  await scene.pass(10_000)
  await exchange.heartbeat()
  expect(scene.of('trunkline.queue.updated')).toMatchObject([{ position: 1, eta_ms: 30_000 }])
})

test('[G6] a call that was not woken is put through by its heartbeat', async () => {
  const { host, exchange } = waits()
  host.desks.answer = { is: 'granted', terms }
  await exchange.heartbeat()
  expect(host.upstream.dialled).toEqual([target.url])
  await exchange.heartbeat()
  expect([host.desks.asked, host.desks.renewed]).toEqual([1, 1])
})

test('[G4] a call that ends while it asks is not seated and is told nothing', async () => {
  for (const answer of [
    queued(0),
    { is: 'granted', terms } as const,
    { is: 'full', terms, refusal: { why: 'queue_full', details: { room: 1 } } } as const,
  ]) {
    const { host, caller, exchange } = waits()
    host.clock.pass(firstFrameDelayMs)
    host.desks.answer = answer
    const asking = exchange.heartbeat()
    exchange.callerGone(1000, '')
    await asking
    expect([host.upstream.dialled, host.desks.records.length, caller.errors]).toEqual([[], 1, []])
  }
})

test('[K3] a caller whose key is revoked while it waits is told and closed', async () => {
  const scene = waits()
  const { host, caller, exchange } = scene
  await scene.pass(1_000)
  host.desks.answer = { is: 'refused', refusal: { why: 'key_revoked' } }
  await exchange.heartbeat()
  await settle()
  expect(scene.of('error')).toHaveLength(1)
  expect(caller.types.slice(-2)).toEqual(['response.done', 'error']) // its line is broken off first
  expect(host.desks.records).toMatchObject([{ outcome: { by: 'broker', why: 'key_revoked' }, waitedMs: 1_007 }])
  await scene.pass(lateCloseMs)
  expect(caller.closes).toHaveLength(1)
  expect([host.desks.left, host.desks.ends, host.upstream.dialled, host.clock.waiting]).toEqual([1, 1, [], 0])
})

test('[G4] a caller whose ticket was lost and finds the room full is told so', async () => {
  const { host, caller, exchange } = waits()
  host.clock.pass(firstFrameDelayMs)
  host.desks.answer = { is: 'full', terms, refusal: { why: 'queue_full', details: { room: 3 } } }
  await exchange.heartbeat()
  expect(caller.errors).toEqual(['queue_full'])
  expect(JSON.stringify(caller.events)).toContain('more than 3 waiting')
})

test('[C9] a caller that waits is sent away at once when its call is to be wrapped up, its line broken off', async () => {
  const scene = waits()
  await scene.pass(firstLineMs + 100)
  scene.exchange.wrapUp({ why: 'key_withdrawn' })
  expect(scene.of('response.done')).toMatchObject([{ response: { status: 'cancelled' } }])
  expect(scene.caller.types.slice(-2)).toEqual(['response.done', 'error'])
  expect(scene.caller.errors).toEqual(['revoked_api_key'])
  expect(scene.host.desks.ends).toBe(1)
})

test('[H5] patience over: place given up, apology, error, and the close 2 s later at the soonest', async () => {
  const scene = waits()
  const { host, caller } = scene
  const start = host.clock.now()
  await scene.pass(60_000)
  expect([host.desks.left, caller.errors, host.desks.ends]).toEqual([1, [], 0])
  await scene.exchange.heartbeat()
  scene.exchange.seated() // too late
  expect([host.desks.asked, host.upstream.dialled]).toEqual([0, []])
  await scene.pass(1_000)
  expect(caller.errors).toEqual(['queue_timeout'])
  expect(caller.closes).toEqual([])
  expect(scene.of('response.done')).toHaveLength(2)
  await scene.pass(5_000)
  expect(caller.closes).toMatchObject([{ code: 1013 }])
  expect((caller.closes[0]?.at ?? 0) - start).toBe(60_000 + 1_000 - speechLeadMs + lateCloseMs)
  expect(caller.types.at(-1)).toBe('error')
  expect(host.desks.records).toMatchObject([{ outcome: { by: 'broker', why: 'queue_timeout' } }])
  expect([host.desks.left, host.desks.ends, host.clock.waiting]).toEqual([1, 1, 0])
})

test('[H5] a place that could not be given up is no matter to the caller', async () => {
  const scene = waits()
  scene.host.desks.down = true
  await scene.pass(61_000)
  expect(scene.caller.errors).toEqual(['queue_timeout'])
  expect(scene.host.faults.length).toBeGreaterThanOrEqual(1)
  scene.host.desks.down = false
  await scene.exchange.heartbeat()
  expect(scene.host.desks.records).toHaveLength(1)
})

test('[H5] a caller for whom there is no room hears the line, the reason, and is closed late', async () => {
  const scene = new Scene({ is: 'full', terms, refusal: { why: 'queue_full', details: { room: 5 } } })
  const { host, caller } = scene
  await scene.pass(firstLineMs)
  await scene.exchange.heartbeat()
  scene.exchange.seated()
  expect([scene.of('response.created').length, caller.errors, host.upstream.dialled]).toEqual([1, [], []])
  await scene.pass(1_000)
  expect([caller.errors, caller.closes, host.desks.left]).toEqual([['queue_full'], [], 0])
  expect(JSON.stringify(caller.events)).toContain('more than 5 waiting')
  await scene.pass(lateCloseMs)
  expect(caller.closes).toMatchObject([{ code: 1013 }])
  expect([host.desks.asked, host.clock.waiting]).toEqual([0, 0])
})

test('[G10] a caller waits on while the desk cannot be reached', async () => {
  const { host, caller, exchange } = waits()
  host.clock.pass(firstFrameDelayMs)
  host.desks.down = true
  await exchange.heartbeat()
  expect([host.faults.length, caller.errors, caller.closes]).toEqual([1, [], []])
  exchange.seated()
  expect(host.upstream.dialled).toHaveLength(1)
})

test('[H2] after the wait our items are answered by us, and nothing about them reaches the provider', async () => {
  const scene = waits()
  const { host, caller, exchange } = scene
  await scene.pass(500)
  exchange.seated()
  const upstream = await host.upstream.opens()
  const reply = scene.of('response.created')[0]?.['response'] as { id: string }
  const item = scene.of('conversation.item.added')[0]?.['item'] as { id: string }
  const item_id = item.id
  const ask = (event: object): void => exchange.fromCaller(JSON.stringify(event))
  ask({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 10 })
  ask({ type: 'response.cancel', response_id: reply.id })
  ask({ type: 'conversation.item.delete', item_id })
  ask({ type: 'conversation.item.delete', item_id })
  expect(caller.types.slice(-3)).toEqual(['conversation.item.truncated', 'conversation.item.deleted', 'error'])
  expect(upstream.sent).toEqual([])
  ask({ type: 'conversation.item.create', previous_item_id: item_id, item: { type: 'message' } })
  ask({ type: 'response.cancel', response_id: 'resp_theirs' })
  exchange.fromCaller('{"type":"response.cancel"}')
  expect(upstream.events).toMatchObject([
    { type: 'conversation.item.create', previous_item_id: 'root' },
    { type: 'response.cancel', response_id: 'resp_theirs' },
    { type: 'response.cancel' },
  ])
})

test('[H2] while it waits it is told that an item of ours is not there', async () => {
  const { host, caller, exchange } = waits()
  host.clock.pass(firstFrameDelayMs)
  const item_id = 'item_trunkline_x'
  exchange.fromCaller(JSON.stringify({ type: 'conversation.item.delete', event_id: 'mine', item_id }))
  expect(caller.events.at(-1)).toMatchObject({ type: 'error', error: { event_id: 'mine' } })
  expect(caller.closes).toEqual([])
})

test('[R1] in a call that did not wait a cancel passes as it came', async () => {
  const { host, exchange } = new Scene({ is: 'granted', terms })
  const upstream = await host.upstream.opens()
  exchange.fromCaller('{"type":"response.cancel"}')
  expect(upstream.sent).toEqual(['{"type":"response.cancel"}'])
})
