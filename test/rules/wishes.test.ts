// What is kept of a waiting caller: in order, merged, within bounds, without its audio and without what is about items of ours.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { earlyEventBytes, earlyEvents } from '../../src/limits.ts'
import { idsOf, OwnItems } from '../../src/realtime/own-item.ts'
import { mergedSession, type Json } from '../../src/realtime/session-format.ts'
import { Wishes, type Keeping } from '../../src/wishes.ts'
import { printSeed, seed } from '../contract/seed.ts'

const ours = {
  id: 'item_trunkline_1',
  reply: 'resp_trunkline_1',
  after: null,
  as: 'audio',
  status: 'completed',
  text: 'Hello',
  ms: 1_000,
} as const

function waiting(kept: readonly string[] = []): Wishes {
  return new Wishes(new OwnItems([{ ...ours }]), idsOf('call_1'), kept)
}

interface Said {
  type: string
  [key: string]: unknown
}

function say(wishes: Wishes, event: Said): Keeping {
  return wishes.keep(JSON.stringify(event), event.type)
}

function update(session: unknown, event_id = 'u'): Said {
  return { type: 'session.update', event_id, session }
}

const create = { type: 'conversation.item.create', item: { type: 'message' } }

test('[C2] events are kept in order, behind one session.update, and given once', () => {
  const wishes = waiting()
  say(wishes, create)
  say(wishes, update({ type: 'realtime', instructions: 'a', audio: { output: { voice: 'marin' } } }, 'u1'))
  say(wishes, { type: 'response.create' })
  say(wishes, update({ type: 'realtime', audio: { output: { speed: 1.2 } } }, 'u2'))
  expect(wishes.session).toEqual({
    type: 'realtime',
    instructions: 'a',
    audio: { output: { voice: 'marin', speed: 1.2 } },
  })
  expect(wishes.drain().map((frame) => JSON.parse(frame) as unknown)).toEqual([
    update({ type: 'realtime', instructions: 'a', audio: { output: { voice: 'marin', speed: 1.2 } } }, 'u2'),
    create,
    { type: 'response.create' },
  ])
  expect([wishes.drain(), wishes.session]).toEqual([[], undefined])
})

test('[C2] events that we do not know are kept as the bytes that came', () => {
  const wishes = waiting()
  const frame = '{ "type" : "something.new", "a": 1.0 }'
  expect(wishes.keep(frame, 'something.new')).toEqual({ is: 'kept' })
  expect(wishes.frames).toEqual([frame])
})

test('[C2] audio is dropped, and so is what is said about it', () => {
  const wishes = waiting()
  for (const type of ['append', 'commit', 'clear']) {
    expect(say(wishes, { type: `input_audio_buffer.${type}` })).toEqual({ is: 'dropped' })
  }
  expect(wishes.frames).toEqual([])
})

test('[C2] so many events, and not one more; all session.updates are one', () => {
  const wishes = waiting()
  for (let i = 0; i < 3 * earlyEvents; i++) expect(say(wishes, update({ instructions: `${i}` })).is).toBe('kept')
  for (let i = 1; i < earlyEvents; i++) expect(say(wishes, create).is).toBe('kept')
  expect(say(wishes, create)).toEqual({ is: 'tooMuch' })
  expect(say(wishes, update({ instructions: 'last' })).is).toBe('kept')
  expect(wishes.drain()).toHaveLength(earlyEvents)
  for (let i = 0; i < earlyEvents; i++) expect(say(wishes, create).is).toBe('kept')
  expect(say(wishes, create).is).toBe('tooMuch')
})

test('[C2] the first session.update counts as an event', () => {
  const wishes = waiting()
  for (let i = 0; i < earlyEvents; i++) say(wishes, create)
  expect(say(wishes, update({})).is).toBe('tooMuch')
  expect(wishes.frames).toHaveLength(earlyEvents)
})

test('[C2] so many bytes, and not one more', () => {
  const wishes = waiting()
  expect(wishes.keep('e'.repeat(earlyEventBytes - 1), 'x').is).toBe('kept')
  expect(wishes.keep('e', 'x').is).toBe('kept')
  expect(wishes.keep('e', 'x').is).toBe('tooMuch')
})

test('[C2] updates of one another are measured as what is left of them', () => {
  const wishes = waiting()
  const large = 'i'.repeat(earlyEventBytes / 2)
  for (let i = 0; i < 100; i++) expect(say(wishes, update({ instructions: large })).is).toBe('kept')
  expect(say(wishes, update({ tools: [large] })).is).toBe('tooMuch')
  expect(wishes.session).toEqual({ instructions: large })
  expect(say(wishes, update({ instructions: '' })).is).toBe('kept')
  expect(say(wishes, update({ tools: [large] })).is).toBe('kept')
  expect(wishes.frames.join('').length).toBeLessThanOrEqual(earlyEventBytes)
})

test('[H2] what is asked of an item of ours is answered and not kept', () => {
  const wishes = waiting()
  for (const verb of ['retrieve', 'truncate', 'delete'])
    expect(say(wishes, { type: `conversation.item.${verb}`, item_id: ours.id }).is).toBe('answered')
  expect(say(wishes, { type: 'conversation.item.delete', item_id: ours.id }).is).toBe('refused')
  expect(say(wishes, { type: 'response.cancel', response_id: ours.reply })).toEqual({ is: 'dropped' })
  expect(wishes.frames).toEqual([])
})

test('[H2] what is asked of other items is kept, and a place after ours becomes one that the provider knows', () => {
  const wishes = waiting()
  expect(say(wishes, { type: 'conversation.item.delete', item_id: 'item_theirs' }).is).toBe('kept')
  expect(say(wishes, { ...create, previous_item_id: ours.id }).is).toBe('kept')
  expect(say(wishes, { type: 'response.cancel' }).is).toBe('kept')
  expect(wishes.frames[1]).toBe(JSON.stringify({ ...create, previous_item_id: 'root' }))
  expect(wishes.frames).toHaveLength(3)
})

test('[R3] a frame that names ours and is no event is refused, and the wait goes on', () => {
  const wishes = waiting()
  const kept = wishes.keep('{"type":"x","a":"_trunkline_\n"}', 'x')
  expect(kept).toMatchObject({ is: 'refused', refusal: { why: 'event_malformed' } })
  expect(wishes.frames).toEqual([])
})

test('[C2] a session that is none goes upstream as it is, to be refused there', () => {
  const wishes = waiting()
  say(wishes, update(7))
  expect(wishes.session).toBeUndefined()
  expect(wishes.frames).toEqual([JSON.stringify(update(7))])
  say(wishes, update({ instructions: 'a' }))
  expect(wishes.session).toEqual({ instructions: 'a' })
})

const session = fc.record(
  {
    instructions: fc.string({ maxLength: 5 }),
    output_modalities: fc.constantFrom(['text'], ['audio'], null),
    audio: fc.record(
      {
        output: fc.record({ voice: fc.constantFrom('marin', 'cedar'), speed: fc.nat(3) }, { requiredKeys: [] }),
        input: fc.record({ turn_detection: fc.constantFrom(null, { type: 'server_vad' }) }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
)
const event: fc.Arbitrary<Said> = fc.oneof(
  session.map((said) => update(said)),
  fc.record({ type: fc.constant(create.type), n: fc.nat(9) }),
  fc.constant({ type: 'input_audio_buffer.append', audio: 'AAAA' }),
)

test('[C2] whatever is said: one update at most, first; the rest in order; a restarted host keeps the same', () => {
  printSeed('wishes')
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), fc.nat(40), (events, restartAt) => {
      let wishes = waiting()
      for (const [i, one] of events.entries()) {
        if (i === restartAt) wishes = waiting(wishes.frames)
        say(wishes, one)
      }
      const updates = events.filter(({ type }) => type === 'session.update')
      const rest = events.filter(({ type }) => type === 'conversation.item.create')
      const merged = updates.reduce<Json>((all, { session }) => mergedSession(all, session as Json), {})
      const first = updates.length === 0 ? [] : [update(merged)]
      expect(wishes.drain().map((frame) => JSON.parse(frame) as unknown)).toEqual([...first, ...rest])
    }),
    { seed, numRuns: 500 },
  )
})

const note = (bytes: number): Said => ({ type: 'note', text: 'x'.repeat(bytes - 100) })
const instructed = (bytes: number): Said => update({ instructions: 'x'.repeat(bytes) })
const most = earlyEventBytes

test('[C2] the session and what else was said share the room', () => {
  const wishes = waiting()
  say(wishes, instructed(most * 0.6))
  expect(say(wishes, note(most * 0.6))).toEqual({ is: 'tooMuch' })
  expect(say(wishes, note(most * 0.3))).toEqual({ is: 'kept' })
})

test('[C2] a session that was said again and again takes the room of one', () => {
  const wishes = waiting()
  for (let i = 0; i < 2; i++) say(wishes, instructed(most * 0.45))
  expect(say(wishes, note(most * 0.45))).toEqual({ is: 'kept' })
})

test('[C2] when all was given all room is there again', () => {
  for (const said of [note(most * 0.6), instructed(most * 0.6)]) {
    const wishes = waiting()
    say(wishes, said)
    wishes.drain()
    expect(say(wishes, note(most * 0.6))).toEqual({ is: 'kept' })
  }
})

test('[C2] a session.update that brings no session takes none away', () => {
  const wishes = waiting()
  say(wishes, update({ instructions: 'a' }))
  say(wishes, { type: 'session.update', event_id: 'u2' })
  expect(wishes.session).toEqual({ instructions: 'a' })
})
