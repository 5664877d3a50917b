// A call is held to its model, and its session to what the tenant pinned.
import { expect, test } from 'vitest'
import { otherModel, pinnedFrame, pinningFrame } from '../../src/pin.ts'
import type { ControlEvent } from '../../src/realtime/control-event.ts'

const model = 'gpt-realtime-2.1'
const pinned = { instructions: 'Be kind.', audio: { output: { voice: 'marin' } } }

function update(session: unknown): ControlEvent {
  return { type: 'session.update', session }
}
function create(response: unknown): ControlEvent {
  return { type: 'response.create', response }
}
function held(event: ControlEvent, pins: Record<string, unknown> = pinned): unknown {
  const frame = pinnedFrame(event, pins)
  return frame === undefined ? undefined : JSON.parse(frame)
}

test.each([
  update({ model }),
  update({ model: null }),
  update({}),
  update(undefined),
  update(null),
  update('text'),
  update([{ model: 'other' }]),
  update({ MODEL: 'other', Model: 'other', 'model ': 'other' }),
  update({ audio: { input: { transcription: { model: 'whisper-1' } } } }),
  create({ model }),
  create({}),
  create(undefined),
  { type: 'session.update', response: { model: 'other' }, model: 'other' },
  { type: 'response.create', session: { model: 'other' } },
  { type: 'conversation.item.create', session: { model: 'other' }, response: { model: 'other' } },
] as ControlEvent[])('[C4] %j asks for no other model', (event) => expect(otherModel(event, model)).toBeUndefined())

test.each([
  [update({ model: 'gpt-realtime' }), 'gpt-realtime', 'session.model'],
  [update({ model: 'GPT-REALTIME-2.1' }), 'GPT-REALTIME-2.1', 'session.model'],
  [update({ model: '' }), '', 'session.model'],
  [create({ model: 'other' }), 'other', 'response.model'],
  [update({ model: 7 }), 'something that is not a name', 'session.model'],
  [update({ model: { model } }), 'something that is not a name', 'session.model'],
  [update({ model: [model] }), 'something that is not a name', 'session.model'],
])('[C4] %j is refused, with the name that was asked for', (event, asked, param) => {
  expect(otherModel(event, model)).toEqual({ why: 'model_fixed', details: { model, asked, param } })
})

test('[C4] a long name is not repeated in full', () => {
  expect(otherModel(update({ model: 'm'.repeat(500) }), model)?.details?.['asked']).toBe('m'.repeat(100))
})

test('[C4] what is pinned lies on top of a session, all of it, part by part', () => {
  const said = {
    type: 'realtime',
    instructions: 'Be rude.',
    audio: { output: { voice: 'ash', speed: 1.2 }, input: { format: 'x' } },
  }
  expect(held(update(said))).toEqual({
    type: 'session.update',
    session: {
      type: 'realtime',
      instructions: 'Be kind.',
      audio: { output: { voice: 'marin', speed: 1.2 }, input: { format: 'x' } },
    },
  })
})

test('[C4] an update that says nothing of what is pinned repeats it, and keeps its own id', () => {
  expect(held({ ...update({ type: 'realtime' }), event_id: 'e' })).toEqual({
    type: 'session.update',
    event_id: 'e',
    session: { type: 'realtime', ...pinned },
  })
})

test('[C4] of a reply only what it says anew is held', () => {
  expect(held(create({ instructions: 'Be rude.', input: [] }))).toEqual({
    type: 'response.create',
    response: { instructions: 'Be kind.', input: [] },
  })
  expect(held(create({ metadata: {} }))).toBeUndefined()
})

test.each([
  create(undefined),
  update(undefined),
  update(null),
  update([]),
  { type: 'x', session: {} },
] as ControlEvent[])('[C4] %j configures nothing and passes as it came', (event) => expect(held(event)).toBeUndefined())

test('[C4] lists and nothing are pinned whole', () => {
  const pins = { tools: [{ name: 'a' }], prompt: null }
  expect(held(update({ tools: [{ name: 'b' }, { name: 'c' }], prompt: { id: 'p' } }), pins)).toMatchObject({
    session: pins,
  })
  expect(held(update({ tools: { odd: true } }), pins)).toMatchObject({ session: pins })
  expect(held(update({ audio: 'odd' }))).toMatchObject({ session: pinned })
})

test('[C4] nothing pinned changes nothing', () => {
  expect(held(create({ instructions: 'x' }), {})).toBeUndefined()
  expect(held(update({ instructions: 'x' }), {})).toBeUndefined()
})

test('[C4] what a caller says is not changed in place', () => {
  const said = { audio: { output: { voice: 'ash' } } }
  held(update(said))
  expect(said).toEqual({ audio: { output: { voice: 'ash' } } })
})

test('[C4] names of the table of objects pin nothing and break nothing', () => {
  const event = JSON.parse(
    '{"type":"session.update","session":{"__proto__":{"instructions":"x"},"constructor":{"prototype":1}}}',
  ) as ControlEvent
  expect(held(event)).toMatchObject({ session: pinned })
  expect(({} as Record<string, unknown>)['instructions']).toBeUndefined()
})

test('[C4] the first event of a call says what is pinned', () => {
  expect(JSON.parse(pinningFrame(pinned))).toEqual({ type: 'session.update', session: { type: 'realtime', ...pinned } })
})

test('[C4] of a response only what it speaks of is held, at every depth; what is of another kind than the pinned gives way', () => {
  expect(held(create({ audio: { output: { speed: 1.2 } } }))).toEqual({
    type: 'response.create',
    response: { audio: { output: { speed: 1.2 } } },
  })
  expect(held(create({ audio: 'odd' }))).toMatchObject({ response: { audio: pinned.audio } })
  expect(held(create({ instructions: { odd: true } }))).toMatchObject({
    response: { instructions: pinned.instructions },
  })
})
