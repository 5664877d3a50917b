// Replies that the broker gives itself, frame by frame: valid by the published schema, paced, and ended properly wherever they are cut.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { speechChunkMs } from '../../src/limits.ts'
import { idsOf } from '../../src/realtime/own-item.ts'
import { Utterance, type Words } from '../../src/realtime/synth.ts'
import { bytesPerMs, formats, recorded, type Format } from '../../src/sound.ts'
import { printSeed, seed } from '../contract/seed.ts'
import { faultsOf, type Event } from '../sim/client.ts'

const call = 'call_0193a1b2c3d4'
const text = 'All our lines are busy. Please stay on the line.'

function words(format: Format | undefined, ms = 1_050): Words {
  if (format === undefined) return { name: 'joined', text }
  const bytes = Uint8Array.from({ length: ms * bytesPerMs[format] }, (_, at) => at % 251)
  return { name: 'joined', text, recording: recorded(format, bytes) }
}

function utterance(format: Format | undefined, ms?: number): Utterance {
  return new Utterance(words(format, ms), idsOf(call), null)
}

function events(frames: readonly string[]): Event[] {
  return frames.map((frame) => JSON.parse(frame) as Event)
}

function types(frames: readonly string[]): string[] {
  return events(frames).map(({ type }) => type.replace('response.', '').replace('conversation.', ''))
}

const head = ['created', 'output_item.added', 'item.added', 'content_part.added']
const tail = ['content_part.done', 'output_item.done', 'item.done', 'done']

test.each(formats)('[H2] a spoken reply is complete and valid in %s', (format) => {
  const said = events(utterance(format).due(Infinity))
  expect(said.flatMap(faultsOf)).toEqual([])
  const order = said.map(({ type }) => type.replace('response.', '').replace('conversation.', ''))
  expect(order.slice(0, 4)).toEqual(head)
  expect(order.slice(-6)).toEqual(['output_audio.done', 'output_audio_transcript.done', ...tail])
  const deltas = said.filter(({ type }) => type === 'response.output_audio.delta')
  const audio = Buffer.concat(deltas.map(({ delta }) => Buffer.from(String(delta), 'base64')))
  expect(audio).toEqual(Buffer.from(Uint8Array.from({ length: 1_050 * bytesPerMs[format] }, (_, at) => at % 251)))
  expect(deltas).toHaveLength(6)
  const transcript = said.filter(({ type }) => type === 'response.output_audio_transcript.delta')
  expect(transcript.map(({ delta }) => delta).join('')).toBe(text)
})

test('[H1] a text session reads it', () => {
  const said = events(utterance(undefined).due(0))
  expect(said.flatMap(faultsOf)).toEqual([])
  expect(types(said.map((event) => JSON.stringify(event)))).toEqual([
    ...head,
    'output_text.delta',
    'output_text.done',
    ...tail,
  ])
  expect(said[4]).toMatchObject({ delta: text })
  expect(said.at(-1)).toMatchObject({
    response: { output_modalities: ['text'], output: [{ content: [{ type: 'output_text', text }] }] },
  })
})

test('[H7] it has cost nothing, and says whose it is', () => {
  const done = events(utterance('audio/pcmu').due(Infinity)).at(-1)
  expect(done).toMatchObject({
    response: {
      status: 'completed',
      status_details: null,
      metadata: { trunkline: 'joined' },
      usage: { total_tokens: 0, input_tokens: 0, output_tokens: 0 },
      audio: { output: { format: { type: 'audio/pcmu' } } },
      output: [{ status: 'completed', content: [{ type: 'output_audio', transcript: text }] }],
    },
  })
})

test('[H2] ids are ours, each once, the same for the same call, and items have at most 32 characters', () => {
  const ids = idsOf(call, 36 ** 6)
  const first = new Utterance(words('audio/pcm'), ids, null)
  const second = new Utterance(words('audio/pcm'), ids, first.item.id)
  const said = events([...first.due(Infinity), ...second.due(Infinity)])
  const eventIds = said.map(({ event_id }) => event_id)
  expect(new Set(eventIds).size).toBe(said.length)
  for (const id of eventIds) expect(id).toMatch(/^event_trunkline_[\w]+$/)
  for (const { item } of [first, second]) {
    expect(item.id).toMatch(/^item_trunkline_\w+$/)
    expect(item.id.length).toBeLessThanOrEqual(32)
  }
  expect(said.filter(({ type }) => type === 'conversation.item.added').map((e) => e['previous_item_id'])).toEqual([
    null,
    first.item.id,
  ])
  expect(utterance('audio/pcm').due(Infinity)).toEqual(utterance('audio/pcm').due(Infinity))
})

test('[H1] frames are due in real time: one delta a chunk, the end when all has been heard', () => {
  const reply = utterance('audio/pcm')
  expect(reply.nextMs).toBe(0)
  expect(types(reply.due(0))).toEqual([...head, 'output_audio_transcript.delta', 'output_audio.delta'])
  expect(reply.nextMs).toBe(speechChunkMs)
  expect(reply.due(speechChunkMs - 1)).toEqual([])
  expect(types(reply.due(3 * speechChunkMs)).filter((type) => type === 'output_audio.delta')).toHaveLength(3)
  reply.due(5 * speechChunkMs)
  expect(reply.nextMs).toBe(1_050)
  expect(reply.due(1_049)).toEqual([])
  expect(types(reply.due(1_050)).at(-1)).toBe('done')
  expect([reply.over, reply.nextMs]).toEqual([true, undefined])
  expect(reply.due(Infinity)).toEqual([])
})

test('[H2] cut in the middle it ends like any reply that was talked into, with the words that were said', () => {
  const reply = utterance('audio/pcma')
  const before = events(reply.due(2 * speechChunkMs))
  const after = events(reply.cut('broker'))
  expect(after.flatMap(faultsOf)).toEqual([])
  expect(after.map(({ type }) => type.replace('response.', '').replace('conversation.', ''))).toEqual([
    'output_audio.done',
    'output_audio_transcript.done',
    ...tail,
  ])
  const said = before.filter(({ type }) => type.endsWith('transcript.delta')).map(({ delta }) => delta)
  expect(said.join('')).not.toBe(text)
  expect(after.at(-1)).toMatchObject({
    response: {
      status: 'cancelled',
      status_details: { type: 'cancelled', reason: 'turn_detected' },
      output: [{ status: 'incomplete', content: [{ transcript: said.join('') }] }],
    },
  })
  expect([reply.over, reply.due(Infinity), reply.cut('broker')]).toEqual([true, [], []])
})

test('[H2] cut by the caller it says so', () => {
  const reply = utterance('audio/pcma')
  reply.due(0)
  expect(events(reply.cut('caller')).at(-1)).toMatchObject({
    response: { status_details: { reason: 'client_cancelled' } },
  })
})

test('[H2] cut before it began it says nothing', () => {
  const reply = utterance('audio/pcm')
  expect([reply.cut('broker'), reply.due(Infinity), reply.over]).toEqual([[], [], true])
  expect(reply.item).toMatchObject({ status: 'incomplete', text: '' })
})

/** The parts in which a text is said whose sound has so many. */
function wordsIn(parts: number, own = text): unknown[] {
  const reply = new Utterance({ ...words('audio/pcm', parts * speechChunkMs), text: own }, idsOf(call), null)
  const said = events(reply.due(Infinity)).filter(({ type }) => type.endsWith('transcript.delta'))
  return said.map(({ delta }) => delta)
}

test('[H2] its words come with the sound that says them, each whole', () => {
  expect(wordsIn(6)).toEqual(['All our lines', ' are', ' busy. Please', ' stay', ' on the', ' line.'])
  expect(wordsIn(3)).toEqual(['All our lines are', ' busy. Please stay', ' on the line.'])
  expect(wordsIn(3, 'Wait.')).toEqual(['Wait.'])
})

test.each([
  { format: 'audio/pcm' as const, part: (transcript: string) => ({ type: 'audio', transcript }) },
  { format: undefined, part: (said: string) => ({ type: 'text', text: said }) },
])('[H2] its one part is empty when it begins and whole when it ends', ({ format, part }) => {
  const said = events(utterance(format).due(Infinity))
  const of = (type: string): unknown => said.find((event) => event.type === type)
  expect(of('response.output_item.added')).toMatchObject({ item: { content: [] } })
  expect(of('response.content_part.added')).toMatchObject({ part: part('') })
  expect(of('response.content_part.done')).toMatchObject({ part: part(text) })
})

test('[H2] at whatever time it is asked and cut: valid frames, one beginning, one end, words and sound as far as it came', () => {
  printSeed('cuts')
  fc.assert(
    fc.property(
      fc.constantFrom(...formats, undefined),
      fc.integer({ min: 1, max: 3_000 }),
      fc.array(fc.nat(900), { maxLength: 8 }),
      (format, ms, steps) => {
        const reply = utterance(format, ms)
        let now = 0
        const frames = steps.flatMap((step) => reply.due((now += step)))
        const said = events([...frames, ...reply.cut('broker')])
        expect(said.flatMap(faultsOf)).toEqual([])
        const begun = said.filter(({ type }) => type === 'response.created').length
        expect(begun).toBe(steps.length === 0 ? 0 : 1)
        expect(said.filter(({ type }) => type === 'response.done')).toHaveLength(begun)
        const deltas = said.filter(({ type }) => /(transcript|text)\.delta$/.test(type)).map(({ delta }) => delta)
        expect(reply.item.text).toBe(deltas.join(''))
        expect(text.startsWith(reply.item.text)).toBe(true)
      },
    ),
    { seed, numRuns: 300 },
  )
})
