// What a live call does with a caller's frames, good and bad, on the way to the provider and back.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SimSession } from '../../sim/record.ts'
import { framesBurst, framesPerSecond } from '../../src/limits.ts'
import { upstreamKey, startBroker, type Broker, type MadeTenant } from '../support/broker.ts'
import { Caller, liveCaller, type CallerOptions } from '../support/caller.ts'
import { at, type WireEvent } from '../support/gathering.ts'
import { host } from '../support/host.ts'

let broker: Broker
let tenant: MadeTenant
beforeAll(async () => {
  broker = await startBroker({ recordFrames: true })
  tenant = await broker.tenant()
})
afterAll(() => broker.close())

interface Live {
  caller: Caller
  session: SimSession
}

async function live(who: MadeTenant = tenant, options?: CallerOptions): Promise<Live> {
  const caller = await liveCaller(broker.wsUrl, who.key, options)
  return { caller, session: broker.sim.sessions.at(-1) as SimSession }
}

/** The call still works: an event of the caller's is answered by the provider. */
async function expectAlive({ caller }: Live): Promise<void> {
  caller.send({ type: 'input_audio_buffer.clear' })
  await caller.next('input_audio_buffer.cleared')
}

const bomb = (depth: number, open: string, close: string) =>
  `{"type":"session.update","session":${open.repeat(depth)}1${close.repeat(depth)}}`

const badFrames: { what: string; frame: string | Buffer; code: string; says: string }[] = [
  { what: 'no JSON', frame: 'hello', code: 'invalid_event', says: 'it is not valid JSON' },
  { what: 'cut JSON', frame: '{"type":"response.create","response":{', code: 'invalid_event', says: 'not valid JSON' },
  { what: 'an array', frame: '[{"type":"response.create"}]', code: 'invalid_event', says: 'it is not a JSON object' },
  { what: 'null', frame: 'null', code: 'invalid_event', says: 'it is not a JSON object' },
  { what: 'no type', frame: '{"event_id":"a"}', code: 'invalid_event', says: 'it has no "type"' },
  { what: 'a type that is no text', frame: '{"type":{"a":1}}', code: 'invalid_event', says: 'it has no "type"' },
  { what: 'an empty frame', frame: '', code: 'invalid_event', says: 'it is not valid JSON' },
  { what: 'a binary frame', frame: Buffer.from('{"type":"response.create"}'), code: 'invalid_event', says: 'Binary' },
  {
    what: 'a key given twice',
    frame: '{"type":"session.update","session":{"type":"realtime","model":"gpt-realtime-2.1","model":"gpt-4o"}}',
    code: 'duplicate_key',
    says: '"model" twice',
  },
  {
    what: 'a type given twice',
    frame: '{"type":"input_audio_buffer.append","audio":"AAAA","type":"session.update"}',
    code: 'duplicate_key',
    says: '"type" twice',
  },
  {
    what: 'a key given twice, once escaped',
    frame: '{"type":"input_audio_buffer.append","\\u0074ype":"session.update","session":{"model":"gpt-4o"}}',
    code: 'duplicate_key',
    says: '"type" twice',
  },
  { what: 'a 9 KB bomb of arrays', frame: bomb(4_500, '[', ']'), code: 'event_too_deep', says: 'nests more than 64' },
  { what: 'a 9 KB bomb of objects', frame: bomb(1_500, '{"a":', '}'), code: 'event_too_deep', says: 'nests' },
  {
    what: 'too many keys',
    frame: JSON.stringify({
      type: 'session.update',
      session: Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`k${i}`, 1])),
    }),
    code: 'event_too_deep',
    says: '10000 keys',
  },
]

test.each(badFrames)(
  '[R3] $what: answered by an error event, not passed on; the call goes on',
  async ({ frame, code, says }) => {
    const call = await live()
    call.caller.ws.send(frame)
    expect(await call.caller.error()).toMatchObject({
      type: 'invalid_request_error',
      code,
      message: expect.stringContaining(says) as string,
    })
    await expectAlive(call)
    expect(call.session.frames).toBe(1)
    expect(await broker.live(tenant)).toBe(1)
    await call.caller.hangUp()
    await broker.quiet(tenant)
  },
)

test('[C8] a frame over 1 MiB: error event, close 1009, the line is free', async () => {
  const { caller, session } = await live()
  const audio = 'A'.repeat(1024 * 1024)
  caller.send({ type: 'input_audio_buffer.append', audio })
  const bytes = JSON.stringify({ type: 'input_audio_buffer.append', audio }).length
  expect(await caller.error()).toMatchObject({
    code: 'frame_too_large',
    message: expect.stringContaining(`${bytes} bytes`) as string,
  })
  expect(await caller.closing(1_000)).toEqual({ code: 1009, reason: 'invalid_request_error.frame_too_large' })
  await broker.quiet(tenant)
  expect(session.frames).toBe(0)
})

test('[C8] a tenant that was given more may send an append of 15 MiB', async () => {
  const roomy = await broker.tenant({ frameBytes: 15 * 1024 * 1024 })
  const call = await live(roomy)
  const audio = 'A'.repeat(15 * 1024 * 1024 - 60)
  call.caller.send({ type: 'input_audio_buffer.append', audio })
  await call.session.until('input_audio_buffer.append')
  expect(call.session.raw[0]?.length).toBeGreaterThan(audio.length)
  await expectAlive(call)
  await call.caller.hangUp()
  await broker.quiet(roomy)
})

test.runIf(host === 'node')('[C8] Node reads no more frames than a call may send, and loses none', async () => {
  const call = await live()
  const audio = 'A'.repeat(4_000)
  const since = performance.now()
  for (let i = 0; i < framesBurst + 600; i++) call.caller.send({ type: 'input_audio_buffer.append', audio })
  await call.session.until('input_audio_buffer.append', framesBurst + 600)
  expect(performance.now() - since).toBeGreaterThan((500 / framesPerSecond) * 1_000)
  await expectAlive(call)
  expect(call.caller.of('error')).toEqual([])
  await call.caller.hangUp()
  await broker.quiet(tenant)
})

test.runIf(host === 'worker')(
  '[C8] more frames than a call may send, on the Worker: error event, close 1008, the line is free',
  async () => {
    const { caller } = await live()
    for (let i = 0; i < 6_000 && caller.closed === undefined; i++) caller.send({ type: 'input_audio_buffer.clear' })
    const refusal = caller.until(
      () => caller.events.some((event) => at(event, 'error.code') === 'frames_too_fast'),
      'a refusal',
    )
    await refusal
    expect(await caller.closing()).toEqual({ code: 1008, reason: 'rate_limit_error.frames_too_fast' })
    await broker.quiet(tenant)
  },
)

test('[C8] a recording sent at once, two minutes of it, is not too fast', async () => {
  const call = await live()
  const second = Buffer.alloc(48_000).toString('base64')
  for (let i = 0; i < 120; i++) call.caller.send({ type: 'input_audio_buffer.append', audio: second })
  await call.session.until('input_audio_buffer.append', 120)
  await expectAlive(call)
  await call.caller.hangUp()
  await broker.quiet(tenant)
})

const strange = [
  '{"type":"future.event","deep":{"a":[1,2.50,1e3,{"b":"\\u00e9\\ud83d\\ude00 ü 漢字 \\/ \\" "}]}}',
  ' { "type" : "future.flat" , "event_id" : "a" } ',
  '{"event_id":"x","type":"input_audio_buffer.append","audio":"AAAA"}',
  '{"type":"input_audio_buffer.append","audio":"AAAA\\n"}',
  '{"type":"input_audio_buffer.append","audio":""}',
  '{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"żółw 🐢\u2028"}]}}',
  '{"\\u0074ype":"escaped.type"}',
]

test('[R1] whatever a caller sends reaches the provider byte for byte and in order', async () => {
  const call = await live()
  for (let round = 0; round < 20; round++) for (const frame of strange) call.caller.ws.send(frame)
  await call.session.until('escaped.type', 20)
  const expected = Array.from({ length: 20 }, () => strange).flat()
  expect(call.session.raw.map(String)).toEqual(expected)
  await expectAlive(call)
  await call.caller.hangUp()
  await broker.quiet(tenant)
})

test('[R1] whatever a provider sends reaches the caller byte for byte and in order, binary and broken frames too', async () => {
  const faults = ['unknown-events', 'binary', 'malformed', 'huge,size=3000000']
  for (const fault of faults) {
    const call = await live(tenant, { query: { sim_fault: `${fault},events=1` } })
    call.caller.send({ type: 'response.create' })
    await call.caller.next('response.done')
    const { caller } = call
    const texts = caller.frames.filter(({ binary }) => !binary).map(({ data }) => data.toString())
    if (fault === 'unknown-events') expect(caller.of('sim.novelty').length).toBeGreaterThan(5)
    if (fault === 'binary')
      expect(caller.frames.find(({ binary }) => binary)?.data).toEqual(Buffer.from([0, 1, 2, 3, 255]))
    if (fault === 'malformed') expect(texts).toContain('{"type":"response.output_audio.delta","delta":"AAAA')
    if (fault.startsWith('huge')) expect(String(caller.of('sim.huge')[0]?.['padding'])).toHaveLength(3_000_000)
    // The provider's own count of what it sent, by type.
    const sent = Object.values(call.session.sent).reduce((sum, count) => sum + count, 0)
    expect(caller.events.filter(({ type }) => !type.startsWith('sim.'))).toHaveLength(sent)
    await expectAlive(call)
    await caller.hangUp()
  }
  await broker.quiet(tenant)
})

test('[C2] what is said before session.created reaches the provider, once and in order', async () => {
  const caller = new Caller(broker.wsUrl, tenant.key, { query: { sim_fault: 'late,ms=300' } })
  await caller.opened()
  const early = Array.from({ length: 60 }, (_, i) =>
    i % 2 === 0
      ? { type: 'input_audio_buffer.append', audio: Buffer.from([i, i]).toString('base64') }
      : { type: `early.${i}` },
  )
  caller.send(...early)
  await caller.next('session.created')
  expect(caller.types[0]).toBe('error') // the provider's own: it knows no event of such a type
  caller.send({ type: 'last' })
  const session = broker.sim.sessions.at(-1) as SimSession
  await session.until('last')
  expect(session.raw.map((frame) => JSON.parse(String(frame)) as unknown)).toEqual([...early, { type: 'last' }])
  await caller.hangUp()
  await broker.quiet(tenant)
})

test('[C2] more than 64 events before the provider is open: error event, close 1009, the line is free', async () => {
  const caller = new Caller(broker.wsUrl, tenant.key, { query: { sim_fault: 'hang' } })
  await caller.opened()
  caller.send(...Array.from({ length: 64 }, (_, i) => ({ type: `early.${i}` })))
  expect(await broker.live(tenant)).toBe(1)
  caller.send({ type: 'one.more' })
  expect(await caller.error()).toMatchObject({ code: 'too_many_early_events' })
  expect(await caller.closing()).toMatchObject({ code: 1009 })
  await broker.quiet(tenant)
})

test('[C4] another model in session.update or response.create: an error event that names the cause, not passed on', async () => {
  const call = await live()
  const session = { type: 'realtime', model: 'gpt-realtime-2.1-mini' }
  call.caller.send({ type: 'session.update', event_id: 'mine_1', session })
  expect(await call.caller.error()).toMatchObject({
    type: 'invalid_request_error',
    code: 'model_fixed',
    param: 'session.model',
    event_id: 'mine_1',
  })
  call.caller.send({ type: 'response.create', event_id: 'mine_2', response: { model: 'gpt-4o' } })
  expect(await call.caller.error()).toMatchObject({ code: 'model_fixed', param: 'response.model', event_id: 'mine_2' })
  call.caller.send({ type: 'session.update', session: { type: 'realtime', model: 'gpt-realtime-2.1' } })
  await call.caller.next('session.updated')
  expect(call.session.received).toEqual({ 'session.update': 1 })
  await call.caller.hangUp()
  await broker.quiet(tenant)
})

test('[C4] what a tenant pins holds from the first event on, against session.update and response.create', async () => {
  const pinned = { instructions: 'Speak of ships alone.', audio: { output: { voice: 'cedar' } }, tools: [] }
  const fleet = await broker.tenant({ pinned })
  const call = await live(fleet)
  const first = await call.caller.next('session.updated')
  expect(at(first, 'session.instructions')).toBe(pinned.instructions)
  const wish = {
    type: 'realtime',
    instructions: 'Speak of cars.',
    tools: [{ type: 'function', name: 'buy', parameters: {} }],
    audio: { output: { voice: 'marin', speed: 1.2 } },
  }
  call.caller.send({ type: 'session.update', session: wish })
  const { session } = await call.caller.next('session.updated')
  expect(session).toMatchObject({
    instructions: pinned.instructions,
    tools: [],
    audio: { output: { voice: 'cedar', speed: 1.2 } },
  })
  call.caller.send({ type: 'response.create', response: { instructions: 'Say "cars".', metadata: { a: 'b' } } })
  await call.caller.next('response.done')
  const asked = JSON.parse(String(call.session.raw.at(-1))) as WireEvent
  expect(asked).toEqual({
    type: 'response.create',
    response: { instructions: pinned.instructions, metadata: { a: 'b' } },
  })
  await call.caller.hangUp()
  await broker.quiet(fleet)
})

test('[C5] the organisation in a provider’s refusal of a reply is hidden, the rest of the text is not', async () => {
  const call = await live(tenant, { query: { sim_fault: 'fail,wait=1500' } })
  call.caller.send({ type: 'response.create' })
  const done = await call.caller.next('response.done')
  const message = String(at(done, 'response.status_details.error.message'))
  expect(message).toContain('in organization org-… on tokens per min (TPM)')
  expect(message).toContain('Please try again in 1.5s')
  const all = call.caller.frames.map(({ data }) => data.toString()).join('\n')
  expect(all).not.toContain(call.session.organization)
  expect(all).not.toContain(upstreamKey)
  await call.caller.hangUp()
  await broker.quiet(tenant)
})
