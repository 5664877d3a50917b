// One live call that must come to its end: the reply whole, our line, why, the close. The clock, the sockets and the desk in hand.
import { expect, test } from 'vitest'
import { Exchange } from '../../src/exchange.ts'
import {
  cancelGraceMs,
  drainReplyMs,
  firstFrameDelayMs,
  lateCloseMs,
  speechLeadMs,
  speechTimeoutMs,
  wrapTimeoutMs,
} from '../../src/limits.ts'
import { shippedLines } from '../../src/lines.ts'
import type { CallTerms } from '../../src/plan.ts'
import type { Refusal } from '../../src/refusal.ts'
import { faultsOf, type Event } from '../sim/client.ts'
import { at } from '../support/gathering.ts'
import { HandHost, offer, RecordedSocket, settle, target, terms } from './host.ts'

/** A sound of the test's host. */
const lineMs = 1_000

const append = '{"type":"input_audio_buffer.append","audio":"AAAA"}'
const tooLong: Refusal = { why: 'call_too_long', details: { minutes: 15 } }
const draining: Refusal = { why: 'process_draining' }
const began = (id: string) => ({ type: 'response.created', response: { id } })
const done = (id: string, tokens = 10) => ({
  type: 'response.done',
  response: {
    id,
    usage: {
      input_tokens: tokens,
      input_token_details: { text_tokens: tokens, cached_tokens: 0 },
      output_tokens: 0,
      output_token_details: { text_tokens: 0 },
    },
  },
})
/** Audio in PCM, as OpenAI sends it. */
const delta = (ms: number) => ({
  type: 'response.output_audio.delta',
  delta: Buffer.alloc(48 * ms).toString('base64'),
})
const session = (output: object, more: object = {}) => ({
  type: 'session.updated',
  session: { type: 'realtime', ...more, audio: { output } },
})

class Scene {
  readonly host = new HandHost()
  readonly caller = new RecordedSocket(this.host.clock)
  readonly exchange: Exchange

  constructor(own: Partial<CallTerms> = {}) {
    this.exchange = new Exchange(offer, target, { ...terms, ...own }, this.host.clock.now(), this.host)
    this.exchange.begin(this.caller, { is: 'granted', terms })
    this.host.clock.pass(firstFrameDelayMs)
  }

  get upstream(): RecordedSocket {
    return this.host.upstream.socket as RecordedSocket
  }

  /** Time with its promises, step by step. */
  async pass(ms: number): Promise<void> {
    const end = this.host.clock.now() + ms
    await settle()
    while (this.host.clock.now() < end) {
      this.host.clock.pass(Math.min(50, end - this.host.clock.now()))
      await settle()
    }
  }

  says(...events: object[]): void {
    for (const event of events) this.host.upstream.says(event)
  }

  /** What the caller heard of us, without the provider's. */
  get ours(): Event[] {
    return this.caller.events.filter((event) => String(event['event_id']).includes('_trunkline_')) as Event[]
  }

  of(type: string): Event[] {
    return this.ours.filter((event) => event.type === type)
  }

  /** The caller's story in short: replies of the provider's that ended, our lines, errors. */
  get story(): string[] {
    return this.caller.events.flatMap((event) => {
      const line = at(event, 'response.metadata.trunkline')
      const status = String(at(event, 'response.status'))
      const what = typeof line === 'string' ? `${line} ${status}` : String(at(event, 'response.id'))
      if (event['type'] === 'error') return [String(at(event, 'error.code'))]
      return event['type'] === 'response.done' ? [what] : []
    })
  }
}

async function live(own: Partial<CallTerms> = {}): Promise<Scene> {
  const scene = new Scene(own)
  await scene.host.upstream.opens()
  scene.says({ type: 'session.created', session: { type: 'realtime' } })
  return scene
}

test('[C9] the running reply is heard whole, then the line, then why it is over; the close comes two seconds later', async () => {
  const scene = await live()
  scene.says(began('r1'))
  scene.exchange.wrapUp(tooLong)
  scene.says(delta(100), delta(100))
  expect([scene.caller.closes, scene.upstream.closes]).toEqual([[], []])
  scene.says(done('r1'))
  await scene.pass(200 + lineMs)
  expect(scene.story).toEqual(['r1', 'goodbye completed', 'maximum_duration'])
  expect(scene.caller.closes).toEqual([])
  const told = scene.host.clock.now()
  await scene.pass(lateCloseMs)
  const [close] = scene.caller.closes
  expect(close).toMatchObject({ code: 1000, reason: 'invalid_request_error.maximum_duration' })
  expect((close?.at ?? 0) - told).toBeGreaterThan(2_000 - speechLeadMs)
  expect(scene.upstream.sent).toEqual([])
  expect([...scene.host.desks.taken.keys()]).toEqual(['reply:r1'])
  expect(scene.host.clock.waiting).toBe(0)
})

test('[C9] what the provider sent faster than it is heard is waited for: the line begins when the caller has heard it', async () => {
  const scene = await live()
  scene.says(began('r1'), delta(3_000), done('r1'))
  scene.exchange.wrapUp(tooLong)
  await scene.pass(2_950)
  expect([scene.of('response.created').length, scene.upstream.closes.length]).toEqual([0, 0])
  await scene.pass(50)
  expect(scene.of('response.created')).toHaveLength(1)
  expect([scene.upstream.closes.length, scene.host.desks.records.length]).toEqual([1, 1])
})

test('[C9] a reply that the caller talked into is over at once', async () => {
  for (const talksIn of [
    (scene: Scene) => scene.says({ type: 'input_audio_buffer.speech_started' }),
    (scene: Scene) => scene.exchange.fromCaller('{"type":"conversation.item.truncate","item_id":"i","audio_end_ms":9}'),
  ]) {
    const scene = await live()
    scene.says(began('r1'), delta(3_000), done('r1'))
    talksIn(scene)
    scene.exchange.wrapUp(tooLong)
    await settle()
    expect(scene.of('response.created')).toHaveLength(1)
  }
})

test('[C9] the lines are free and the record is written before the line is spoken, with the reason’s own outcome', async () => {
  const scene = await live()
  scene.exchange.wrapUp(tooLong)
  expect(scene.upstream.closes).toMatchObject([{ code: 1000 }])
  await scene.pass(300)
  expect(scene.host.desks.records).toMatchObject([
    { outcome: { by: 'broker', why: 'call_too_long', code: 1000, inReply: false } },
  ])
  expect([scene.host.settledCalls, scene.exchange.ended]).toEqual([[offer.call], true])
  await scene.exchange.heartbeat()
  await scene.pass(lineMs)
  expect([scene.host.desks.ends, scene.host.desks.renewed]).toEqual([1, 0])
})

test('[H2] the line is complete and valid, in real time, after the last item of the conversation', async () => {
  const scene = await live()
  for (const id of ['item_1', 'item_2']) scene.says({ type: 'conversation.item.added', item: { id } })
  const since = scene.host.clock.now()
  scene.exchange.wrapUp(tooLong)
  await scene.pass(lineMs + lateCloseMs)
  expect(scene.ours.flatMap(faultsOf)).toEqual([])
  expect(scene.of('conversation.item.added')).toMatchObject([{ previous_item_id: 'item_2' }])
  expect(scene.of('response.output_audio.delta')).toHaveLength(5)
  expect(scene.of('response.output_audio_transcript.done')).toMatchObject([
    { transcript: shippedLines['en']?.goodbye.text },
  ])
  const [close] = scene.caller.closes
  expect((close?.at ?? 0) - since).toBe(lineMs - speechLeadMs + lateCloseMs)
})

test.each([
  ['as the provider has the session', {}, session({ format: { type: 'audio/pcmu' } }), /^audio\/pcmu /],
  [
    'over what is pinned',
    { pinned: { audio: { output: { format: { type: 'audio/pcma' } } } } },
    session({ format: { type: 'audio/pcmu' } }),
    /^audio\/pcmu /,
  ],
  ['the tenant’s', { hold: { ...terms.hold, format: 'audio/pcma' } }, session({}), /^audio\/pcma \/hold\/en\/goodbye/],
] as const)('[C9] the line is in the call’s own format: %s', async (_how, own, event, sound) => {
  const scene = await live(own)
  scene.says(event)
  scene.exchange.wrapUp(tooLong)
  await settle()
  expect(scene.host.sounds.loaded).toEqual([expect.stringMatching(sound)])
})

test('[C9] a call whose session nobody has told of hears it as its tenant pins', async () => {
  const scene = new Scene({ pinned: { audio: { output: { format: { type: 'audio/pcmu' } } } } })
  await scene.host.upstream.opens()
  scene.exchange.wrapUp(tooLong)
  await settle()
  expect(scene.host.sounds.loaded).toEqual([expect.stringMatching(/^audio\/pcmu /)])
})

test('[C9] a text session reads it', async () => {
  const scene = await live()
  scene.says(session({}, { output_modalities: ['text'] }))
  scene.exchange.wrapUp(tooLong)
  expect(scene.of('response.output_text.done')).toMatchObject([{ text: shippedLines['en']?.goodbye.text }])
  expect([scene.story, scene.host.sounds.loaded]).toEqual([['goodbye completed', 'maximum_duration'], []])
  await scene.pass(lateCloseMs)
  expect([scene.caller.closes.length, scene.host.clock.waiting]).toEqual([1, 0])
})

test('[H4] the line is the tenant’s own, where it has one', async () => {
  const goodbye = { de: { text: 'Auf Wiederhören.', audio: 'aud_1' } }
  const scene = await live({ hold: { ...terms.hold, language: 'de-AT', lines: { goodbye } } })
  scene.exchange.wrapUp(tooLong)
  await scene.pass(lineMs)
  expect(scene.host.sounds.loaded).toEqual(['audio/pcm aud_1'])
  expect(scene.of('response.output_audio_transcript.done')).toMatchObject([{ transcript: 'Auf Wiederhören.' }])
})

test('[C9] a line whose sound cannot be had is passed over, and reported', async () => {
  const scene = await live()
  scene.host.sounds.missing = true
  scene.exchange.wrapUp(draining)
  await settle()
  expect([scene.story, scene.host.faults.length]).toEqual([['draining'], 1])
  await scene.pass(lateCloseMs)
  expect(scene.caller.closes).toMatchObject([{ code: 1013, reason: 'server_error.draining' }])
})

test('[C9] a line whose sound never comes is given up: the caller is told, and closed', async () => {
  const scene = await live()
  Object.assign(scene.host.sounds, { load: async () => new Promise(() => undefined) })
  scene.exchange.wrapUp(tooLong)
  await scene.pass(speechTimeoutMs - 1)
  expect(scene.story).toEqual([])
  await scene.pass(1)
  expect(scene.story).toEqual(['maximum_duration'])
  await scene.pass(lateCloseMs)
  expect([scene.caller.closes.length, scene.host.clock.waiting]).toEqual([1, 0])
})

test('[C9] while it wraps the caller’s audio begins nothing, and who asks for a reply is told why there is none', async () => {
  const scene = await live()
  scene.says(began('r1'))
  scene.exchange.wrapUp(tooLong)
  const passes = [
    '{"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":9}',
    '{"type":"conversation.item.create","item":{"type":"function_call_output","call_id":"c","output":"x"}}',
    '{"type":"conversation.item.retrieve","item_id":"i"}',
    '{"type":"response.cancel"}',
    '{"type":"session.update","session":{}}',
    '{"type":"new.event"}',
  ]
  const stays = [
    append,
    '{"audio":"AAAA","type":"input_audio_buffer.append"}',
    '{"type":"input_audio_buffer.append","audio":"A\\/A="}',
    '{"type":"input_audio_buffer.commit"}',
    '{"type":"response.create","event_id":"mine"}',
    '{"type":"response.create","response":{"instructions":"Go on."}}',
    '{"type":"response.create","event_id":{"not":"a text"}}',
  ]
  for (const frame of [...stays, ...passes]) scene.exchange.fromCaller(frame)
  expect(scene.upstream.sent).toEqual(passes)
  expect(scene.of('error').map((event) => [at(event, 'error.code'), at(event, 'error.event_id')])).toEqual([
    ['maximum_duration', 'mine'],
    ['maximum_duration', null],
    ['maximum_duration', null],
  ])
  expect(scene.caller.closes).toEqual([])
})

test('[C9] a reply that begins all the same is cancelled at once, and its usage counts', async () => {
  const scene = await live()
  scene.says(began('r1'))
  scene.exchange.wrapUp(tooLong)
  scene.says(began('r2'), done('r1', 20))
  expect(scene.upstream.events).toEqual([{ type: 'response.cancel', response_id: 'r2' }])
  expect(scene.upstream.closes).toEqual([])
  scene.says(done('r2', 5))
  await scene.pass(lineMs)
  expect(scene.story).toEqual(['r1', 'r2', 'goodbye completed', 'maximum_duration'])
  expect(scene.host.desks.records).toMatchObject([{ tokens: 25, replies: 2 }])
})

test('[C9] of the running replies only those that are spared are waited for', async () => {
  const scene = await live()
  scene.says(began('r1'), began('r2'))
  scene.exchange.wrapUp(tooLong, ['r1'])
  expect(scene.upstream.events).toEqual([{ type: 'response.cancel', response_id: 'r2' }])
  scene.says(done('r2', 5), done('r1', 20))
  await scene.pass(lineMs)
  expect(scene.story).toEqual(['r2', 'r1', 'goodbye completed', 'maximum_duration'])
  expect(scene.host.desks.records).toMatchObject([{ tokens: 25, replies: 2 }])
})

test.each([
  ['the conversation’s own', ['o0', 'main', 'o1', 'o2'], 'main'],
  ['the oldest where none is in band', ['o0', 'o1', 'o2'], 'o0'],
])(
  '[C9] [L6] a desk that lets a call go on no more spares one reply of a call, %s: the others are broken off by their ids',
  async (_, ids, spared) => {
    const scene = await live()
    const begins = (id: string) => {
      const response = { id, conversation_id: id === 'main' ? 'conv_1' : null }
      scene.says({ type: 'response.created', response })
    }
    begins('first')
    for (const id of ids) begins(id)
    await settle()
    scene.host.desks.renewal = { is: 'withdrawn', refusal: { why: 'trial_ended', details: { days: 14 } } }
    scene.says(done('first'))
    await settle()
    const others = ids.filter((id) => id !== spared)
    expect(scene.upstream.events).toMatchObject(others.map((response_id) => ({ type: 'response.cancel', response_id })))
    scene.says(...others.map((id) => done(id, 5)), done(spared, 20))
    await scene.pass(lineMs)
    expect(scene.story.slice(-2)).toEqual(['goodbye completed', 'trial_ended'])
    expect(scene.host.desks.records).toMatchObject([{ replies: ids.length + 1, tokens: 10 + 5 * others.length + 20 }])
  },
)

test.each([
  ['at leisure', tooLong, wrapTimeoutMs],
  ['in a process that must end', draining, drainReplyMs],
])(
  '[C9] a reply that takes too long is broken off (%s), reports what it cost, and the line follows',
  async (_, why, ms) => {
    const scene = await live()
    scene.says(began('r1'))
    scene.exchange.wrapUp(why)
    await scene.pass(ms - 1)
    expect(scene.upstream.sent).toEqual([])
    await scene.pass(1)
    expect(scene.upstream.events).toEqual([{ type: 'response.cancel', response_id: 'r1' }])
    scene.exchange.fromCaller(append)
    scene.says(done('r1', 7))
    await scene.pass(lineMs)
    expect([scene.upstream.sent.length, scene.upstream.closes.length]).toEqual([1, 1])
    expect(scene.story.slice(0, 2)).toEqual(['r1', 'goodbye completed'])
    expect(scene.host.desks.records).toMatchObject([{ tokens: 7, outcome: { by: 'broker', inReply: true } }])
  },
)

test('[C9] one that does not report is waited for no longer than a moment', async () => {
  const scene = await live()
  scene.says(began('r1'))
  scene.exchange.wrapUp(tooLong)
  await scene.pass(wrapTimeoutMs + cancelGraceMs - 1)
  expect([scene.upstream.closes.length, scene.of('response.created').length]).toEqual([0, 0])
  await scene.pass(1)
  expect([scene.upstream.closes.length, scene.of('response.created').length]).toEqual([1, 1])
})

test.each(['hangs up', 'breaks a bound'])(
  '[C6] a caller that %s in that moment hears no line, and the call ends all the same',
  async (how) => {
    const scene = await live()
    scene.says(began('r1'))
    scene.exchange.wrapUp(tooLong)
    await scene.pass(wrapTimeoutMs)
    if (how === 'hangs up') scene.exchange.callerGone(1001, 'bye')
    else scene.exchange.cut('caller', { why: 'frame_too_large', details: { bytes: 2, most: 1 } })
    const heard = scene.caller.sent.length
    scene.says(delta(100))
    await scene.pass(cancelGraceMs)
    expect(scene.caller.sent).toHaveLength(heard)
    expect(scene.caller.closes).toMatchObject([{ code: how === 'hangs up' ? 1001 : 1009 }])
    expect(scene.upstream.closes).toHaveLength(1)
    expect(scene.host.desks.records).toMatchObject([{ outcome: { by: 'broker', why: 'call_too_long' } }])
    expect([scene.host.desks.ends, scene.host.clock.waiting]).toEqual([1, 0])
  },
)

test('[C9] a line that begins late in the reply’s time is not cut by it', async () => {
  const scene = await live()
  scene.says(began('r1'))
  scene.exchange.wrapUp(tooLong)
  await scene.pass(wrapTimeoutMs - 200)
  scene.says(done('r1'))
  await scene.pass(lineMs)
  expect(scene.story).toEqual(['r1', 'goodbye completed', 'maximum_duration'])
})

test.each(['before its sound has come', 'in the middle of it', 'after it'])(
  '[C6] a caller that hangs up %s is answered with its own code, and nothing is left',
  async (when) => {
    const scene = await live()
    scene.exchange.wrapUp(tooLong)
    if (when !== 'before its sound has come') await scene.pass(when === 'after it' ? lineMs : 300)
    const heard = scene.caller.sent.length
    scene.exchange.callerGone(1001, 'bye')
    await scene.pass(speechTimeoutMs)
    expect(scene.caller.sent).toHaveLength(heard)
    if (when !== 'after it') expect(scene.caller.closes).toMatchObject([{ code: 1001, reason: 'bye' }])
    expect(scene.caller.closes).toHaveLength(1)
    expect(scene.host.desks.records).toMatchObject([{ outcome: { by: 'broker', why: 'call_too_long' } }])
    expect([scene.host.desks.ends, scene.host.clock.waiting]).toEqual([1, 0])
  },
)

test('[C9] in the line nothing more happens to the call: not by its caller, its provider, its key, its desk', async () => {
  const scene = await live()
  scene.exchange.wrapUp(tooLong)
  await scene.pass(300)
  const heard = scene.ours.length
  for (const frame of [append, 'nonsense', '{"type":"response.create"}', '{"type":"response.cancel"}'])
    scene.exchange.fromCaller(frame)
  scene.says(delta(100), done('r9'))
  scene.host.upstream.closes(1000)
  scene.exchange.wrapUp({ why: 'key_withdrawn' })
  scene.exchange.seated()
  expect(scene.ours).toHaveLength(heard)
  await scene.pass(lineMs + lateCloseMs)
  expect(scene.story).toEqual(['goodbye completed', 'maximum_duration'])
  expect(scene.caller.closes).toHaveLength(1)
  expect([scene.host.desks.ends, scene.host.desks.attempts, scene.host.faults]).toEqual([1, [], []])
})

test('[C8] a bound that is broken in the line breaks it off', async () => {
  const scene = await live()
  scene.exchange.wrapUp(tooLong)
  await scene.pass(300)
  scene.exchange.cut('caller', { why: 'caller_slow', details: { bytes: 1, ms: 1 } })
  await scene.pass(lineMs)
  expect(scene.story).toEqual(['goodbye cancelled', 'caller_too_slow'])
  expect([scene.caller.closes.length, scene.host.clock.waiting]).toEqual([1, 0])
})

test('[C9] a provider that goes while its reply is being heard out takes nothing from the line', async () => {
  const scene = await live()
  scene.says(began('r1'), delta(1_000), done('r1'))
  scene.exchange.wrapUp(tooLong)
  scene.host.upstream.closes(1006)
  await scene.pass(1_000 + lineMs)
  expect(scene.story).toEqual(['r1', 'goodbye completed', 'maximum_duration'])
  expect(scene.host.desks.records).toMatchObject([{ outcome: { by: 'broker', why: 'call_too_long' } }])
})

test('[C9] a key that is revoked has no line: the call is told after the reply, and closed', async () => {
  const scene = await live()
  scene.says(began('r1'))
  scene.exchange.wrapUp({ why: 'key_withdrawn' })
  scene.says(done('r1'))
  expect(scene.story).toEqual(['r1', 'revoked_api_key'])
  expect(scene.caller.closes).toMatchObject([{ code: 1008 }])
  expect([scene.host.desks.ends, scene.host.clock.waiting]).toEqual([1, 0])
  await settle()
  expect([[...scene.host.desks.taken.keys()], scene.host.desks.attempts]).toEqual([['reply:r1'], [[]]]) // that it began; its report went with the end // it went with the end
})

test('[K3] a reply under a revoked key is broken off within 5 s, also where the call was wrapping at leisure', async () => {
  const scene = await live()
  scene.says(began('r1'), delta(20_000))
  scene.exchange.wrapUp(tooLong)
  scene.exchange.wrapUp({ why: 'key_withdrawn' })
  await scene.pass(4_000)
  expect(scene.upstream.events).toEqual([{ type: 'response.cancel', response_id: 'r1' }])
  await scene.pass(cancelGraceMs)
  expect(scene.host.desks.records).toMatchObject([{ outcome: { by: 'broker', why: 'key_withdrawn', inReply: true } }])
})

test('[K3] what a revoked key has left to be heard is heard for no longer either', async () => {
  const scene = await live()
  scene.says(began('r1'), delta(20_000), done('r1'))
  scene.exchange.wrapUp({ why: 'key_withdrawn' })
  await scene.pass(3_999)
  expect(scene.caller.closes).toEqual([])
  await scene.pass(1)
  expect([scene.story, scene.caller.closes.length]).toEqual([['r1', 'revoked_api_key'], 1])
})

test.each([
  [900_000, '15 minutes'],
  [90_000, '1.5 minutes'],
])('[C9] a call that reaches its longest of %d ms wraps, and says how long that is', async (longestMs, says) => {
  const scene = new Scene({ longestMs })
  await scene.host.upstream.opens()
  await scene.pass(longestMs - firstFrameDelayMs - 1)
  expect(scene.ours).toEqual([])
  await scene.pass(1 + lineMs + lateCloseMs)
  expect(scene.story).toEqual(['goodbye completed', 'maximum_duration'])
  expect(JSON.stringify(scene.of('error'))).toContain(`(${says})`)
  expect(scene.caller.closes).toMatchObject([{ code: 1000 }])
})

test('[C9] a plan without a longest call never wraps one', async () => {
  const scene = await live({ longestMs: null })
  scene.host.clock.pass(100 * 3_600_000)
  expect([scene.ours, scene.caller.closes, scene.host.clock.waiting]).toEqual([[], [], 0])
})
