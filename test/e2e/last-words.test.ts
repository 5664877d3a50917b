// Live calls at their longest: the running reply whole, a goodbye in the call's own format, why, and a close that comes late enough to be heard.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { speech } from '../../sim/voice.ts'
import { speechLeadMs } from '../../src/limits.ts'
import lines from '../../src/lines.json' with { type: 'json' }
import { bytesPerMs, type Format } from '../../src/sound.ts'
import { faultsOf } from '../sim/client.ts'
import { startBroker, type Broker, type MadeTenant } from '../support/broker.ts'
import { Caller, liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { at, type Gathering, type WireEvent } from '../support/gathering.ts'
import { audioOf } from '../support/heard.ts'
import { callSim, expectAudio, turn } from '../support/scenario.ts'
import { secured, type Secured } from '../support/secure.ts'
import { stockClients } from '../support/stock-clients.ts'

const longestMs = 5_000
/** When each begins its reply: it is given in half the time that it takes to hear, and runs at the longest. */
const replyAtMs = 3_500
const patienceMs = 20_000

let broker: Broker
let front: Secured
beforeAll(async () => {
  broker = await startBroker({ ...callSim, pace: 2 })
  front = await secured(broker)
})
afterAll(async () => {
  await eventually(
    async () => broker.sim.totals.live,
    (live) => live === 0,
  )
  await front.close()
  await broker.close()
})

const tenantOf = (settings: object = {}): Promise<MadeTenant> =>
  broker.tenant({ longestCallSeconds: longestMs / 1000, ...settings })

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const files: Record<Format, string> = lines.en.goodbye.files

function shipped(format: Format): Buffer {
  return readFileSync(new URL(`../../web/public/hold/${files[format]}`, import.meta.url))
}

const isGoodbye = (event: WireEvent): boolean => at(event, 'response.metadata.trunkline') === 'goodbye'
const textOf = (done: WireEvent | undefined): unknown =>
  at(done, 'response.output.0.content.0.transcript') ?? at(done, 'response.output.0.content.0.text')

/** The two replies that it heard, and that nothing of them or after them was out of order. */
function repliesOf(heard: Gathering): { reply: WireEvent; goodbye: WireEvent } {
  const story = heard.events.flatMap((event) => {
    if (event.type === 'error') return [`error ${String(at(event, 'error.code'))}`]
    const status = String(at(event, 'response.status'))
    return event.type === 'response.done' ? [`${isGoodbye(event) ? 'goodbye' : 'reply'} ${status}`] : []
  })
  expect(story).toEqual(['reply completed', 'goodbye completed', 'error maximum_duration'])
  const [reply, goodbye] = heard.of('response.done') as [WireEvent, WireEvent]
  const ours = heard.events.filter((event) => String(event['event_id']).includes('_trunkline_'))
  expect(ours.filter(({ type }) => !type.startsWith('trunkline.')).flatMap((event) => faultsOf({ ...event }))).toEqual(
    [],
  )
  return { reply, goodbye }
}

/** A caller whose session the provider has as it wants it. */
async function configured(caller: Caller, output: object, more: object = {}): Promise<Caller> {
  caller.send({ type: 'session.update', session: { type: 'realtime', audio: { output }, ...more } })
  await caller.next('session.updated')
  return caller
}

async function toTheEnd(caller: Caller, format: Format): Promise<void> {
  await later(replyAtMs)
  caller.send({ type: 'response.create' })
  await caller.next('response.created')
  const begunAt = performance.now()
  await caller.until(() => caller.of('response.created').some(isGoodbye), 'the goodbye', patienceMs)
  const heardMs = performance.now() - begunAt
  await caller.error()
  const toldAt = performance.now()
  const { reply, goodbye } = repliesOf(caller)

  const whole = audioOf(caller, at(reply, 'response.id'))
  expect(whole.equals(speech(String(textOf(reply)), format))).toBe(true)
  const replyMs = whole.length / bytesPerMs[format]
  expect(replyMs).toBeGreaterThan(4_000)
  expect(heardMs).toBeGreaterThan(replyMs - 100) // it began when the reply was heard, not when it was given
  expect(heardMs).toBeLessThan(replyMs + 1_500)

  const line = audioOf(caller, at(goodbye, 'response.id'))
  expect([line.equals(shipped(format)), textOf(goodbye)]).toEqual([true, lines.en.goodbye.text])
  expect(Math.abs(line.length / bytesPerMs[format] - lines.en.goodbye.ms)).toBeLessThan(2)
  expect(at(goodbye, 'response.audio.output.format.type')).toBe(format)
  expect(toldAt - begunAt - heardMs).toBeGreaterThan(lines.en.goodbye.ms - speechLeadMs - 500) // in real time
  const [, after] = caller.of('conversation.item.added')
  expect(after?.['previous_item_id']).toBe(at(reply, 'response.output.0.id'))

  expect(await caller.closing()).toEqual({ code: 1000, reason: 'invalid_request_error.maximum_duration' })
  expect(performance.now() - toldAt).toBeGreaterThan(1_950)
}

async function ended(tenant: MadeTenant, replies: number): Promise<void> {
  expect(await broker.live(tenant)).toBe(0)
  const record = await broker.record(tenant)
  expect(record).toMatchObject({ outcome: { by: 'broker', why: 'call_too_long', code: 1000, inReply: false }, replies })
  expect(record.tokens).toBeGreaterThan(0)
}

test.concurrent.each(['audio/pcm', 'audio/pcmu', 'audio/pcma'] as const)(
  '[C9] at its longest a call in %s hears its reply whole, the goodbye in that format, and why it is over',
  async (format) => {
    const tenant = await tenantOf()
    const caller = await configured(await liveCaller(broker.wsUrl, tenant.key), { format: { type: format } })
    await toTheEnd(caller, format)
    await ended(tenant, 1)
  },
)

test.concurrent('[C9] [H7] one that had to wait for its line hears it on the same socket', async () => {
  const tenant = await tenantOf({ caps: { lines: 1 } })
  const first = await liveCaller(broker.wsUrl, tenant.key)
  const caller = new Caller(broker.wsUrl, tenant.key)
  await caller.next('trunkline.queue.joined')
  await first.hangUp()
  await caller.next('session.created')
  await configured(caller, { format: { type: 'audio/pcmu' } })
  await later(replyAtMs)
  caller.send({ type: 'response.create' })
  await caller.until(() => caller.of('response.done').some(isGoodbye), 'the goodbye', patienceMs)
  const goodbye = caller.of('response.done').find(isGoodbye)
  expect(audioOf(caller, at(goodbye, 'response.id')).equals(shipped('audio/pcmu'))).toBe(true)
  expect(await caller.error()).toMatchObject({ code: 'maximum_duration' })
  expect(await caller.closing()).toMatchObject({ code: 1000 })
  expect(await broker.live(tenant)).toBe(0)
})

test.concurrent('[C9] a text session reads its reply to the end, and the goodbye', async () => {
  const tenant = await tenantOf()
  const caller = await configured(await liveCaller(broker.wsUrl, tenant.key), {}, { output_modalities: ['text'] })
  await later(replyAtMs)
  caller.send({ type: 'response.create' })
  await caller.until(() => caller.of('error').length > 0, 'the end', patienceMs)
  const { reply, goodbye } = repliesOf(caller)
  expect([String(textOf(reply)).length > 20, textOf(goodbye)]).toEqual([true, lines.en.goodbye.text])
  expect(caller.of('response.output_audio.delta')).toEqual([])
  expect(await caller.closing()).toMatchObject({ code: 1000 })
  await ended(tenant, 1)
})

test.concurrent('[C9] while the reply is heard out nothing new begins, and the provider hears of none of it', async () => {
  const tenant = await tenantOf()
  const caller = await liveCaller(broker.wsUrl, tenant.key)
  const session = broker.sim.sessions.find(({ id }) => id === at(caller.of('session.created')[0], 'session.id'))
  await later(replyAtMs)
  caller.send({ type: 'response.create' })
  await caller.next('response.done', patienceMs)
  caller.send({ type: 'response.create', event_id: 'mine' })
  caller.say(turn(1))
  caller.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [] } })
  expect(await caller.error()).toMatchObject({ code: 'maximum_duration', event_id: 'mine' })
  await caller.until(() => caller.of('response.done').some(isGoodbye), 'the goodbye', patienceMs)
  expect(caller.of('response.done')).toHaveLength(2)
  await caller.closing()
  expect(session?.received).toEqual({ 'response.create': 1, 'conversation.item.create': 1 })
  await ended(tenant, 1)
})

test.concurrent('[C9] a caller that hangs up in the goodbye is gone at once: its line was free before', async () => {
  const tenant = await tenantOf()
  const caller = await liveCaller(broker.wsUrl, tenant.key)
  await caller.next('response.created', longestMs + patienceMs)
  const kept = await eventually(
    () => broker.records(tenant),
    ([newest]) => newest?.ended !== null,
  )
  expect(kept).toMatchObject([{ record: { outcome: { by: 'broker', why: 'call_too_long' }, replies: 0 } }])
  expect([await broker.live(tenant), caller.closed]).toEqual([0, undefined])
  const since = performance.now()
  await caller.hangUp()
  expect(performance.now() - since).toBeLessThan(1_000)
  expect(caller.closed).toMatchObject({ code: 1000 })
  expect(caller.of('error')).toEqual([])
  expect(await broker.records(tenant)).toHaveLength(1)
})

test.concurrent.each(stockClients)(
  '[C9] [R5] $name hears its reply whole, then the goodbye, and is told why before it is closed',
  async (client) => {
    const tenant = await tenantOf()
    const talker = await client.dial(tenant, broker, front)
    const { heard } = talker
    await heard.until(() => heard.of('session.updated').length > 0, 'its session')
    await later(replyAtMs)
    talker.say(turn(1))
    await heard.until(() => heard.of('error').length > 0, 'the error event', patienceMs)
    const toldAt = performance.now()
    const { reply, goodbye } = repliesOf(heard)
    expectAudio(talker, [reply])
    expect(Buffer.concat(talker.audio.get(String(at(goodbye, 'response.id'))) ?? []).equals(shipped('audio/pcm'))).toBe(
      true,
    )
    await heard.until(() => talker.errors.length > 0, 'the client’s own error event')
    expect(JSON.stringify(talker.errors[0])).toContain('maximum_duration')
    const closed = await talker.ended()
    if (client.tellsCode) expect(closed).toBe(1000)
    expect(performance.now() - toldAt).toBeGreaterThan(1_950)
    await ended(tenant, 1)
  },
)
