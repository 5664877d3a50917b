// The frame path of one call: bounds, order, what is listened to on the way. Random and hostile frames are in test/fuzz.
import { describe, expect, test } from 'vitest'
import { bytesBurst, earlyEvents, framesBurst, framesPerSecond, lagBytes, lagMs } from '../../src/limits.ts'
import type { CallTerms } from '../../src/plan.ts'
import type { Notice } from '../../src/realtime/notice.ts'
import { Relay } from '../../src/relay.ts'
import { HandClock, RecordedSocket, terms } from './host.ts'

const model = 'gpt-realtime-2.1'
const append = '{"type":"input_audio_buffer.append","audio":"AAAA"}'
const delta = '{"type":"response.output_audio.delta","delta":"AAAA"}'
const stopped = '{"type":"input_audio_buffer.speech_stopped"}'
const create = '{"type":"response.create"}'

class Stage {
  readonly clock = new HandClock()
  readonly caller = new RecordedSocket(this.clock)
  readonly upstream = new RecordedSocket(this.clock)
  readonly notices: Notice[] = []
  readonly heard: number[] = []
  readonly said: string[] = []
  readonly relay: Relay

  constructor(own: Partial<CallTerms> = {}) {
    this.relay = new Relay(model, { ...terms, ...own }, this.clock, {
      noticed: (notice) => this.notices.push(notice),
      firstAudio: (ms) => this.heard.push(ms),
      refused: ({ why }, causedBy) => this.said.push(`refused ${why} ${causedBy ?? ''}`.trim()),
      cut: (by, { why, details }) => this.said.push(`cut ${by} ${why} ${JSON.stringify(details)}`),
    })
  }

  /** With both sockets open. */
  open(): this {
    this.relay.attach(this.caller)
    this.relay.listening()
    this.relay.connect(this.upstream)
    return this
  }
}

describe('bounds', () => {
  test('[C8] a frame may be as large as the tenant’s bound, and not one byte larger', () => {
    const stage = new Stage({ frameBytes: append.length }).open()
    stage.relay.fromCaller(append)
    stage.relay.fromCaller(`${append} `)
    stage.relay.fromCaller(new Uint8Array(append.length + 1))
    const details = JSON.stringify({ bytes: append.length + 1, most: append.length })
    expect(stage.said).toEqual([`cut caller frame_too_large ${details}`, `cut caller frame_too_large ${details}`])
    expect(stage.upstream.sent).toEqual([append])
  })

  test('[C8] frames that come too fast end the call, by number and by size', () => {
    const many = new Stage().open()
    for (let i = 0; i <= framesBurst; i++) many.relay.fromCaller(append)
    expect(many.said).toEqual([expect.stringMatching(/^cut caller too_fast \{"frames":200,/)])
    expect(many.upstream.sent).toHaveLength(framesBurst)

    const large = new Stage({ frameBytes: bytesBurst }).open()
    large.relay.fromCaller('x'.repeat(bytesBurst))
    large.relay.fromCaller(append)
    expect(large.said).toEqual([
      expect.stringMatching(/^refused event_malformed/),
      expect.stringMatching(/^cut caller too_fast/),
    ])
  })

  test('[R3] a binary frame of a caller is answered and not passed on', () => {
    const stage = new Stage().open()
    stage.relay.fromCaller(new TextEncoder().encode(append))
    expect([stage.said, stage.upstream.sent]).toEqual([['refused event_binary'], []])
  })

  test('[C4] a refused event names the caller’s own id, if that is a text', () => {
    const stage = new Stage().open()
    stage.relay.fromCaller('{"type":"session.update","event_id":"mine","session":{"model":"other"}}')
    stage.relay.fromCaller('{"type":"session.update","event_id":{"x":1},"session":{"model":"other"}}')
    expect(stage.said).toEqual(['refused model_fixed mine', 'refused model_fixed'])
  })
})

test('[C4] an event that names the model of the call passes as it came', () => {
  const stage = new Stage().open()
  const frame = `{"type":"session.update","session":{"model":"${model}"}}`
  stage.relay.fromCaller(frame)
  expect([stage.upstream.sent, stage.said]).toEqual([[frame], []])
})

describe('before the provider answers', () => {
  test('[C2] too many events end the call; audio is none, however it is written', () => {
    const stage = new Stage()
    for (let i = 0; i < earlyEvents; i++) stage.relay.fromCaller(create)
    const audio = [
      append,
      '{"audio":"AA","type":"input_audio_buffer.append"}',
      '{"type":"input_audio_buffer.append","audio":"A\\/A="}',
    ]
    for (const frame of audio) stage.relay.fromCaller(frame)
    expect(stage.said).toEqual([])
    stage.relay.fromCaller('{"type":"session.update","session":{}}')
    expect(stage.said).toEqual([expect.stringMatching(/^cut caller early_too_much \{"events":64,"bytes":262144\}/)])
    stage.relay.connect(stage.upstream)
    expect(stage.upstream.sent).toEqual([...Array.from({ length: earlyEvents }, () => create), ...audio])
  })

  test('[H2] what is for a caller that is not there yet waits for it', () => {
    const stage = new Stage()
    stage.relay.fromUpstream(delta)
    stage.relay.attach(stage.caller)
    expect(stage.caller.sent).toEqual([])
    stage.relay.listening()
    expect(stage.caller.sent).toEqual([delta])
    stage.relay.listening()
    expect(stage.caller.sent).toEqual([delta])
  })

  test('[H2] a caller that never came hurts nobody', () => {
    const stage = new Stage()
    stage.relay.listening()
    expect(() => {
      stage.relay.fromUpstream(delta)
      stage.relay.look()
    }).not.toThrow()
  })
})

test('[C4] what the tenant pinned lies on top of what the caller says, and only there is a frame changed', () => {
  const stage = new Stage({ pinned: { instructions: 'Be kind.' } }).open()
  const untouched = '{ "type": "response.create", "response": { "metadata": {} } }'
  stage.relay.fromCaller('{"type":"session.update","session":{"instructions":"Be rude.","tools":[]}}')
  stage.relay.fromCaller(untouched)
  expect(stage.upstream.events.slice(0, 2)).toEqual([
    { type: 'session.update', session: { type: 'realtime', instructions: 'Be kind.' } },
    { type: 'session.update', session: { instructions: 'Be kind.', tools: [] } },
  ])
  expect(stage.upstream.sent[2]).toBe(untouched)
})

test('[C8] a caller that is too fast is not read for as long as it was, where its host can, and all that it said passes', () => {
  const stage = new Stage()
  const rests: number[] = []
  stage.relay.attach(Object.assign(stage.caller, { rest: (ms: number) => rests.push(ms) }))
  stage.relay.listening()
  stage.relay.connect(stage.upstream)
  for (let i = 0; i < framesBurst + 2; i++) stage.relay.fromCaller(append)
  expect(rests).toEqual([1_000 / framesPerSecond, 2_000 / framesPerSecond])
  expect(stage.upstream.sent).toHaveLength(framesBurst + 2)
  expect(stage.said).toEqual([])
})

describe('slow peers', () => {
  const frame = `{"type":"x","a":"${'x'.repeat(32 * 1024)}"}`

  test.each(['caller', 'upstream'] as const)(
    '[C8] the %s that does not read is found by the frames that it should',
    (who) => {
      const stage = new Stage().open()
      const send = (text: string) => (who === 'caller' ? stage.relay.fromUpstream(text) : stage.relay.fromCaller(text))
      stage[who].backlog = lagBytes + 1
      send(frame)
      stage.clock.pass(lagMs - 1)
      send(frame)
      expect(stage.said).toEqual([])
      stage.clock.pass(1)
      send(frame)
      expect(stage.said).toEqual([`cut ${who} ${who}_slow ${JSON.stringify({ bytes: lagBytes, ms: lagMs })}`])
      expect(stage[who].sent).toEqual([frame, frame, frame])
    },
  )

  test.each(['caller', 'upstream'] as const)('[C8] the backlog of the %s is not looked at with every frame', (who) => {
    const stage = new Stage().open()
    const text = who === 'caller' ? delta : append
    const send = () => (who === 'caller' ? stage.relay.fromUpstream(text) : stage.relay.fromCaller(text))
    for (let i = 0; i < 600; i++) send()
    expect(stage[who].looks).toBe(0)
    for (let i = 0; i < 100; i++) send()
    expect(stage[who].looks).toBe(1)
  })
})

describe('the first audio', () => {
  test('[C1] is timed from the end of the caller’s turn, once a turn', () => {
    const stage = new Stage().open()
    stage.relay.fromUpstream(delta)
    stage.relay.fromUpstream(stopped)
    stage.clock.pass(400)
    stage.relay.fromUpstream('{"type":"input_audio_buffer.committed"}')
    stage.relay.fromUpstream(delta)
    stage.clock.pass(5)
    stage.relay.fromUpstream(delta)
    stage.relay.fromUpstream(stopped)
    stage.clock.pass(70)
    stage.relay.fromUpstream(delta)
    expect(stage.heard).toEqual([400, 70])
  })

  test('[C1] is timed from a response.create where no speech came before, the first of them', () => {
    const stage = new Stage().open()
    stage.relay.fromCaller('{"type":"input_audio_buffer.commit"}')
    stage.relay.fromUpstream(delta)
    stage.relay.fromCaller(create)
    stage.clock.pass(100)
    stage.relay.fromCaller('{"type":"response.create","response":{}}')
    stage.clock.pass(50)
    stage.relay.fromUpstream(delta)
    expect(stage.heard).toEqual([150])
  })

  test('[C1] other events are not the end of a turn', () => {
    const stage = new Stage().open()
    stage.relay.fromUpstream('{"type":"input_audio_buffer.speech_started"}')
    stage.clock.pass(10)
    stage.relay.fromUpstream(delta)
    expect(stage.heard).toEqual([])
  })
})

test('[R1] binary frames and text that is no event pass from the provider as they came', () => {
  const stage = new Stage().open()
  const frames = [new Uint8Array([1, 2]), 'no JSON', '{"type":"new.event","a":{"b":[]}}', '']
  for (const frame of frames) stage.relay.fromUpstream(frame)
  expect(stage.caller.sent).toEqual(frames)
  expect(stage.notices).toEqual([])
})

test('[L2] [R1] an event that nests nothing is read if it is one of those that say what was used; it passes as it came', () => {
  const stage = new Stage().open()
  const type = 'conversation.item.input_audio_transcription.completed'
  const frames = [`{ "type":"${type}","item_id":"i","transcript":"Yes." }`, '{"type":"toString","item_id":"i"}']
  for (const frame of frames) stage.relay.fromUpstream(frame)
  expect(stage.caller.sent).toEqual(frames)
  expect(stage.notices).toEqual([{ is: 'transcribed', item: 'i/0', usage: undefined }])
})

describe('while the call wraps', () => {
  const refusal = { why: 'call_too_long', details: { minutes: 1 } } as const

  test('[C9] audio and what is said about it go nowhere, a response.create is answered, all else passes', () => {
    const stage = new Stage().open()
    stage.relay.wrap(refusal)
    const nested = '{"type":"response.create","event_id":"mine","response":{"metadata":{}}}'
    for (const frame of [append, '{"type":"input_audio_buffer.commit"}', create, nested, '{"type":"new.event"}'])
      stage.relay.fromCaller(frame)
    expect(stage.upstream.sent).toEqual(['{"type":"new.event"}'])
    expect(stage.said).toEqual(['refused call_too_long', 'refused call_too_long mine'])
  })

  test('[R3] its bounds hold on', () => {
    const stage = new Stage({ frameBytes: 100 }).open()
    stage.relay.wrap(refusal)
    stage.relay.fromCaller('{"type":"session.update","session":{"model":"other"}}')
    stage.relay.fromCaller('{"type":"response.create","type":"x"}')
    stage.relay.fromCaller('x'.repeat(101))
    expect(stage.said).toEqual([
      'refused model_fixed',
      'refused event_twofold',
      expect.stringMatching(/^cut caller frame_too_large/),
    ])
  })

  test('[C1] a reply that was refused is no turn', () => {
    const stage = new Stage().open()
    stage.relay.wrap(refusal)
    stage.relay.fromCaller(create)
    stage.relay.fromUpstream(delta)
    expect(stage.heard).toEqual([])
  })
})

/** PCM. */
function audio(ms: number): string {
  return `{"type":"response.output_audio.delta","delta":"${Buffer.alloc(48 * ms).toString('base64')}"}`
}

describe('what the caller hears', () => {
  test('[C9] is counted, in the session’s format, until it is talked into', () => {
    const stage = new Stage().open()
    stage.relay.fromUpstream(audio(500))
    stage.relay.fromUpstream('{"type":"response.output_text.delta","delta":"AAAAAAAAAAAAAAAAAAAAAAAA"}')
    expect(stage.relay.earshot.leftMs(stage.clock.now())).toBe(500)
    stage.relay.fromUpstream('{"type":"input_audio_buffer.speech_started"}')
    expect(stage.relay.earshot.leftMs(stage.clock.now())).toBe(0)
    const session = { audio: { output: { format: { type: 'audio/pcmu' } } } }
    stage.relay.fromUpstream(JSON.stringify({ type: 'session.updated', session }))
    stage.relay.fromUpstream(audio(10))
    expect(stage.relay.earshot.leftMs(stage.clock.now())).toBe(60)
    stage.relay.fromCaller('{"type":"conversation.item.retrieve","item_id":"i"}')
    expect(stage.relay.earshot.leftMs(stage.clock.now())).toBe(60)
    stage.relay.fromCaller('{"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":5}')
    expect(stage.relay.earshot.leftMs(stage.clock.now())).toBe(0)
    expect(stage.notices).toMatchObject([{ is: 'session' }])
  })

  test('[H2] is followed item by item', () => {
    const stage = new Stage().open()
    stage.relay.fromUpstream('{"type":"conversation.item.added","item":{"id":"item_7"}}')
    expect([stage.relay.earshot.last, stage.notices]).toEqual(['item_7', []])
  })

  test('[C9] ends with a close of its socket, if there is one', () => {
    const stage = new Stage()
    stage.relay.closeCaller(1000, '')
    stage.open().relay.closeCaller(1013, 'why')
    expect(stage.caller.closes).toMatchObject([{ code: 1013, reason: 'why' }])
  })
})

test('[L1] a provider that is muted is heard for its usage and passed on no more', () => {
  const stage = new Stage().open()
  stage.relay.mute()
  for (const frame of [delta, new Uint8Array([1]), '{"type":"response.done","response":{"id":"r1"}}'])
    stage.relay.fromUpstream(frame)
  expect(stage.caller.sent).toEqual([])
  expect(stage.notices).toMatchObject([{ is: 'finished', reply: 'r1' }])
})

test('[H5] a close waits for the last word, and comes at once when all was said', () => {
  const stage = new Stage()
  const closes: string[] = []
  stage.relay.attach(stage.caller)
  stage.relay.toCaller('last word')
  stage.relay.afterWords(() => closes.push(`after ${stage.caller.sent.length}`))
  expect(closes).toEqual([])
  stage.relay.listening()
  stage.relay.afterWords(() => closes.push('at once'))
  expect(closes).toEqual(['after 1', 'at once'])
})
