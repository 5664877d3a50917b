// A caller that waits for a line: what it is told and hears, what it may say, and how it is put through on the same socket.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { silence } from '../../sim/audio.ts'
import type { SimSession } from '../../sim/record.ts'
import lines from '../../src/lines.json' with { type: 'json' }
import { faultsOf } from '../sim/client.ts'
import { startBroker, type Broker, type MadeTenant, type TenantBody } from '../support/broker.ts'
import { Caller, liveCaller, type CallerOptions } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { at, type Gathering, type WireEvent } from '../support/gathering.ts'
import { audioOf } from '../support/heard.ts'
import { callSim } from '../support/scenario.ts'
import { soonMs } from '../support/soon.ts'

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

function dial(options?: CallerOptions): Caller {
  const caller = new Caller(broker.wsUrl, tenant.key, options)
  callers.push(caller)
  return caller
}

/** A tenant whose lines are all taken. */
async function busy(settings: TenantBody = {}): Promise<Caller[]> {
  tenant = await broker.tenant({ caps: { lines: 2 }, ...settings })
  const count = settings.caps?.lines ?? 2
  const live: Caller[] = []
  while (live.length < count) live.push(await liveCaller(broker.wsUrl, tenant.key))
  callers.push(...live)
  return live
}

/** A caller that says something as soon as its socket is open. */
async function saying(...events: Record<string, unknown>[]): Promise<Caller> {
  const caller = dial()
  await once(caller.ws, 'open')
  caller.send(...events)
  return caller
}

async function joined(caller: Caller): Promise<Caller> {
  await caller.next('trunkline.queue.joined')
  return caller
}

const updateTo = (session: Record<string, unknown>) => ({
  type: 'session.update',
  session: { type: 'realtime', ...session },
})

const said = (text: string) => ({
  type: 'conversation.item.create',
  item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
})

function shipped(file: string): Buffer {
  return readFileSync(new URL(`../../web/public/hold/en/${file}`, import.meta.url))
}

/** What is wrong with the events that a provider could have sent. */
function faults({ events }: Gathering): string[] {
  return events.filter(({ type }) => !type.startsWith('trunkline.')).flatMap((event) => faultsOf({ ...event }))
}

function lastSession(): SimSession {
  return broker.sim.sessions.at(-1) as SimSession
}

function reached(session: SimSession): WireEvent[] {
  return session.raw.map((frame) => JSON.parse(frame.toString()) as WireEvent)
}

test('[H1] [C3] the third call at a cap of two hears the line in time, and is put through on the same socket', async () => {
  const [first] = await busy()
  const since = performance.now()
  const third = dial()
  const told = await third.next('trunkline.queue.joined')
  const toldAt = performance.now()
  expect(told).toMatchObject({ position: 1, eta_ms: null, patience_ms: 120_000 })
  await third.next('response.created')
  const begunAt = performance.now()
  expect(begunAt - toldAt).toBeGreaterThan(300)
  expect(begunAt - since).toBeLessThan(soonMs)
  const { response } = (await third.next('response.done')) as unknown as { response: Record<string, unknown> }
  const tookMs = performance.now() - begunAt
  expect(response).toMatchObject({
    status: 'completed',
    metadata: { trunkline: 'joined' },
    usage: { total_tokens: 0 },
  })
  expect(at(response, 'output.0.content.0.transcript')).toBe(lines.en.joined.text)
  expect(audioOf(third).equals(shipped('joined.pcm'))).toBe(true)
  expect(Math.abs(tookMs - lines.en.joined.ms)).toBeLessThan(600)
  expect(await broker.lines(tenant)).toMatchObject({ live: 2, waiting: 1 })
  expect(third.of('session.created')).toEqual([])

  await first?.hangUp()
  const freeAt = performance.now()
  await third.next('session.created')
  expect(performance.now() - freeAt).toBeLessThan(soonMs)
  const through = third.types.indexOf('session.created')
  expect(third.events[through - 1]).toMatchObject({ type: 'trunkline.queue.admitted' })
  expect(third.events[through - 1]?.['waited_ms']).toBeGreaterThan(2_500)
  third.send(updateTo({ instructions: 'Be brief.' }))
  await third.next('session.updated')
  expect(third.of('session.created')).toHaveLength(1)
  expect(faults(third)).toEqual([])
  expect(await broker.lines(tenant)).toMatchObject({ live: 2, waiting: 0 })
  await third.hangUp()
  const [record] = await eventually(
    () => broker.records(tenant),
    ([newest]) => newest?.ended !== null,
  )
  expect(record?.record).toMatchObject({ outcome: { by: 'caller', why: 'hung_up' } })
  expect(record?.record?.waitedMs).toBeGreaterThan(2_500)
  expect(record?.record?.liveMs).toBeLessThan(soonMs)
})

test.each([
  { type: 'audio/pcmu', file: 'joined.ulaw' },
  { type: 'audio/pcma', file: 'joined.alaw' },
])('[H1] a caller that asks for $type on open hears the line in it', async ({ type, file }) => {
  await busy({ caps: { lines: 1 } })
  const caller = await saying(updateTo({ audio: { output: { format: { type } } } }))
  const done = await caller.next('response.done')
  expect(audioOf(caller).equals(shipped(file))).toBe(true)
  expect(at(done, 'response.audio.output.format.type')).toBe(type)
  expect(faults(caller)).toEqual([])
})

test('[H1] a caller that asks for text on open reads the line', async () => {
  await busy({ caps: { lines: 1 } })
  const caller = await saying(updateTo({ output_modalities: ['text'] }))
  expect(await caller.next('response.output_text.done')).toMatchObject({ text: lines.en.joined.text })
  await caller.next('response.done')
  expect(audioOf(caller)).toHaveLength(0)
  expect(faults(caller)).toEqual([])
})

test('[C2] what a waiting caller asks for is in force upstream, in order; what it says aloud is not passed on', async () => {
  const [first] = await busy({ caps: { lines: 1 } })
  const audio = silence('audio/pcm', 100).toString('base64')
  const append = { type: 'input_audio_buffer.append', audio }
  const caller = await saying(
    updateTo({ instructions: 'Be long.', audio: { output: { voice: 'marin' } } }),
    append,
    said('One.'),
    { type: 'input_audio_buffer.commit' },
    updateTo({ instructions: 'Be brief.', audio: { input: { turn_detection: null } } }),
    said('Two.'),
    { type: 'input_audio_buffer.clear' },
    { type: 'response.create' },
  )
  await joined(caller)
  await first?.hangUp()
  const updated = await caller.next('session.updated')
  expect(updated).toMatchObject({
    session: { instructions: 'Be brief.', audio: { input: { turn_detection: null }, output: { voice: 'marin' } } },
  })
  await caller.until(() => caller.of('response.done').some((event) => !ofOurs(event)), 'the reply')
  const events = reached(lastSession())
  expect(events.map(({ type }) => type)).toEqual([
    'session.update',
    'conversation.item.create',
    'conversation.item.create',
    'response.create',
  ])
  expect(events.slice(1, 3)).toMatchObject([said('One.'), said('Two.')])
  caller.send(append)
  await lastSession().until('input_audio_buffer.append')
  expect(caller.of('error')).toEqual([])
  expect(faults(caller)).toEqual([])
})

function ofOurs(event: WireEvent): boolean {
  return String(at(event, 'response.id')).startsWith('resp_trunkline_')
}

test('[H2] a line that is under way is broken off; questions about it are answered here, also in the call', async () => {
  const [first] = await busy({ caps: { lines: 1 } })
  const caller = dial()
  const { item_id } = await caller.next('response.output_audio.delta')
  await first?.hangUp()
  const freeAt = performance.now()
  const done = await caller.next('response.done')
  expect(done).toMatchObject({
    response: { status: 'cancelled', status_details: { reason: 'turn_detected' }, output: [{ status: 'incomplete' }] },
  })
  await caller.next('session.created')
  expect(performance.now() - freeAt).toBeLessThan(soonMs)
  expect(audioOf(caller).length).toBeLessThan(shipped('joined.pcm').length)
  caller.send({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 100 })
  expect(await caller.next('conversation.item.truncated')).toMatchObject({ item_id, audio_end_ms: 100 })
  caller.send({ type: 'conversation.item.retrieve', item_id })
  expect(await caller.next('conversation.item.retrieved')).toMatchObject({ item: { id: item_id } })
  caller.send({ type: 'conversation.item.delete', item_id })
  await caller.next('conversation.item.deleted')
  caller.send(updateTo({ instructions: 'Be brief.' }))
  await caller.next('session.updated')
  expect(reached(lastSession()).map(({ type }) => type)).toEqual(['session.update'])
  expect(faults(caller)).toEqual([])
})

test('[H5] a queue without room: the caller hears an apology, is told queue_full, and closed two seconds later', async () => {
  await busy({ plan: 'trial', caps: { lines: 1 } })
  const places: unknown[] = []
  while (places.length < 5) places.push((await dial().next('trunkline.queue.joined'))['position'])
  expect(places).toEqual([1, 2, 3, 4, 5])
  const sixth = dial()
  const done = await sixth.next('response.done')
  expect(at(done, 'response.metadata.trunkline')).toBe('full')
  expect(audioOf(sixth).equals(shipped('sorry.pcm'))).toBe(true)
  expect(await sixth.error()).toMatchObject({ type: 'rate_limit_error', code: 'queue_full' })
  const toldAt = performance.now()
  expect(await sixth.closing()).toEqual({ code: 1013, reason: 'rate_limit_error.queue_full' })
  expect(performance.now() - toldAt).toBeGreaterThan(1_950)
  expect(sixth.types.filter((type) => type.startsWith('trunkline.'))).toEqual([])
  expect(faults(sixth)).toEqual([])
  expect(await broker.lines(tenant)).toMatchObject({ live: 1, waiting: 5 })
})

test('[H6] [A1] where the overflow is upgrade a call too many is refused by HTTP 429, with Retry-After', async () => {
  await busy({ caps: { lines: 1 }, overflow: 'upgrade' })
  const { status, headers, body } = await dial().refusal()
  expect(status).toBe(429)
  expect(Number(headers['retry-after'])).toBeGreaterThan(0)
  expect(JSON.parse(body)).toMatchObject({
    type: 'urn:trunkline:problem:concurrent_calls_exceeded',
    status: 429,
    error: { type: 'rate_limit_error', code: 'concurrent_calls_exceeded' },
  })
  expect(await broker.lines(tenant)).toMatchObject({ live: 1, waiting: 0 })
})

test.each(['vanish', 'hangUp'] as const)('[G4] a waiting caller that goes (%s) leaves one record', async (how) => {
  const before = broker.sim.sessions.length
  await busy({ caps: { lines: 1 } })
  const caller = await joined(dial())
  await caller[how]()
  await eventually(
    () => broker.lines(tenant),
    ({ waiting }) => waiting === 0,
    1_000,
  )
  for (const one of callers.splice(0)) one.vanish()
  await broker.quiet(tenant)
  const records = await broker.records(tenant)
  expect(records).toHaveLength(2)
  expect(records[0]?.record).toMatchObject({ outcome: { by: 'caller', why: 'hung_up' }, liveMs: 0, tokens: 0 })
  expect(broker.sim.sessions.length - before).toBe(1)
})

test('[G6] a cap that rises puts as many through as it gives, in order, within a second', async () => {
  await busy({ caps: { lines: 1 } })
  const waiting: Caller[] = []
  while (waiting.length < 3) waiting.push(await joined(dial()))
  const since = performance.now()
  await broker.admin('PATCH', `/tenants/${tenant.id}`, { caps: { lines: 3 } })
  await Promise.all(waiting.slice(0, 2).map((caller) => caller.next('session.created')))
  expect(performance.now() - since).toBeLessThan(soonMs)
  expect(await broker.lines(tenant)).toMatchObject({ live: 3, waiting: 1 })
  expect(waiting[2]?.of('trunkline.queue.admitted')).toEqual([])
})

test('[G6] lines that free while the next callers come are not lost to them', async () => {
  let live = await busy({ caps: { lines: 20 } })
  for (let round = 0; round < 5; round++) {
    const next = live.map((one) => {
      one.ws.close(1000, 'bye')
      return dial()
    })
    await Promise.all(next.map((caller) => caller.next('session.created', 3_000)))
    live = next
  }
})

test('[G2] [M3] of 60 calls at once 5 are live, 50 wait and 5 are sent away, and the books agree', async () => {
  tenant = await broker.tenant({ caps: { lines: 5 } })
  const crowd = Array.from({ length: 60 }, () => dial())
  await Promise.all(crowd.map((caller) => caller.until(() => caller.events.length > 0, 'a first event')))
  const firsts = (type: string) => crowd.filter(({ types }) => types[0] === type)
  expect(firsts('session.created')).toHaveLength(5)
  const places = firsts('trunkline.queue.joined').map(({ events }) => Number(events[0]?.['position']))
  expect(places.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
  const away = firsts('response.created')
  expect(away).toHaveLength(5)
  expect(await broker.lines(tenant)).toMatchObject({ live: 5, waiting: 50 })
  for (const caller of away) expect(await caller.error()).toMatchObject({ code: 'queue_full' })
  await balanced(50)
  for (const caller of callers.splice(0)) caller.vanish()
  await broker.quiet(tenant, 3_000)
  expect(await broker.lines(tenant)).toMatchObject({ live: 0, waiting: 0 })
  await balanced(0)
  expect(await broker.records(tenant)).toHaveLength(55)
})

/** offered = admitted + waiting + refused + abandoned. */
async function balanced(waiting: number): Promise<void> {
  await eventually(
    async () => (await broker.scrape()).books,
    (books) => {
      const { offered, admitted, refused, abandoned } = books
      return offered > 0 && offered === admitted + books.waiting + refused + abandoned && books.waiting === waiting
    },
  )
}
