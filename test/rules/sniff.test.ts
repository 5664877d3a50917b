// The type of a frame without parsing it: right, or not said at all.
import { readdirSync, readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { audioDelta, isAudioDelta, sniff } from '../../src/realtime/sniff.ts'
import { seed } from '../contract/seed.ts'

const append = 'input_audio_buffer.append'

test.each([
  `{"type":"${append}","audio":"AAAA"}`,
  `{"type":"${append}","audio":""}`,
  `{"audio":"AAAA","type":"${append}"}`,
  `{ "type" : "${append}" ,\n"audio":\t"AAAA" }\r\n`,
  `{"event_id":"e1","type":"${append}","audio":"AAAA"}`,
  `{"type":"${append}","audio":"AAAA","event_id":"e1"}`,
  `{"type":"${append}","n":-1.5e+3,"t":true,"f":false,"z":null,"audio":"AAAA"}`,
])('[R2] finds an append in %s', (frame) => expect(sniff(frame)).toBe(append))

test.each([
  '',
  '{',
  '{}',
  'null',
  '[]',
  '"type"',
  '{"type":7}',
  '{"type":null}',
  '{"type":"x",}',
  '{"type":"x"',
  '{"type":"x"}}',
  '{"type":"x"} {"type":"y"}',
  '{"type":"x"}x',
  '{"type" "x"}',
  '{"type":"x" "a":1}',
  '{type:"x"}',
  '["type":"x"}',
  'x"type":"x"}',
  '{\'type":"x"}',
  '{"type"="x"}',
  '{"type";"x"}',
  "{'type':'x'}",
  '{"a":"b"}',
  '{"type":"x","type":"y"}',
  '{"a":1,"type":"x","a":2}',
  '{"type":"x","a":{}}',
  '{"type":"x","a":[]}',
  '{"type":"x","a":{"type":"y"}}',
  '{"a":{"type":"y"},"type":"x"}',
  '{"type":"x","a":nul}',
  '{"type":"x","a":01}',
  '{"type":"x","a":+1}',
  '{"type":"x","a":1.}',
  '{"type":"x","a":.5}',
  '{"type":"x","a":1e}',
  '{"type":"x","a":-}',
  '{"type":"x","a":NaN}',
  '{"type":"x","a":truetrue}',
  '{"type":"x","a":}',
  '{"type":"x","a":"unclosed}',
  '{"type":"x","a',
  '{"type":"x","a\\u0062":1}',
  '{"t\\u0079pe":"x"}',
  '{"type":"\\u0078"}',
  '\uFEFF{"type":"x"}',
  '\u00A0{"type":"x"}',
  `{"type":"${append}","audio":"AAAA","audio":"BBBB"}`,
  `{"type":"${append}","audio":"AA","type":"session.update"}`,
  `{"type":"${append}","audio":"AA"},"b":"c"}`,
  `{"type":"${append}","audio":"AA\\"}`,
  `{"type":"${append}","audio":"AAAA`,
  `{"type":"${append}","audio":"`,
  `{"type":"${append}","audio":"}`,
  `{"type":"${append}","audio":"AAAA"]`,
])('[R2] says nothing of %s', (frame) => expect(sniff(frame)).toBeUndefined())

const delta = `{"type":"${audioDelta}","event_id":"e","output_index":0,"delta":"AAAA"}`

test.each([delta, `{"type":"${audioDelta}","delta":""}`])('[R2] takes %s for audio', (frame) =>
  expect(isAudioDelta(frame)).toBe(true),
)

test.each([
  `{"type":"${audioDelta}"}`,
  `{"type":"${audioDelta}.x","delta":"AAAA"}`,
  `{"delta":"AAAA","type":"${audioDelta}"}`,
  delta.replace('"e"', '"\\u0065"'),
  delta.replace('event_id', 'type'),
  delta.replace('event_id', '\\u0074ype'),
  delta.replace('event_id', 't\\u0079pe'),
  ` ${delta}`,
])('[R2] does not take %s for audio by its head', (frame) => expect(isAudioDelta(frame)).toBe(false))

function members(count: number): string {
  return Array.from({ length: count }, (_, i) => `"k${i}":1`).join()
}

test('[R2] reads up to sixteen members, and no more', () => {
  expect(sniff(`{"type":"x",${members(15)}}`)).toBe('x')
  expect(sniff(`{"type":"x",${members(16)}}`)).toBeUndefined()
})

test('[R2] reads numbers of up to 32 characters, and no longer', () => {
  expect(sniff(`{"type":"x","a":${'1'.repeat(32)}}`)).toBe('x')
  expect(sniff(`{"type":"x","a":${'1'.repeat(33)}}`)).toBeUndefined()
})

const folder = new URL('../data/realtime/examples/', import.meta.url)

test.each(readdirSync(folder))('[R2] says the type of the published example %s, or leaves it to be parsed', (file) => {
  const event = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Record<string, unknown>
  const flat = Object.values(event).every((value) => typeof value !== 'object' || value === null)
  const said = sniff(JSON.stringify(event))
  expect(said).toBe(flat && !JSON.stringify(event).includes('\\') ? event['type'] : undefined)
})

/** Pieces of JSON, right and wrong, put together at random. */
const pieces = [
  '{ } [ ] : , " \\ null true 1 - 1e5 0 . e \u0000 \uD800 \uFEFF "type" "type": "type":"x" "a":1 "audio":"AA" "}'.split(
    ' ',
  ),
  [',', ',', '"type":"x"', '"type":"x"', '"a":1,', '"b":"",', '{"type":"y",'],
  [' ', '\n', '"t\\u0079pe":"y"', `{"type":"${append}","audio":"`],
].flat()
const piece = fc.constantFrom(...pieces)

test('[R2] where a type is said and the frame is JSON, it is that object’s own, and no key is there twice', () => {
  let said = 0
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, wrapped) => {
      const frame = wrapped ? `{${pieces.join('')}}` : pieces.join('')
      const type = sniff(frame)
      if (type === undefined) return
      said++
      let event: unknown
      try {
        event = JSON.parse(frame)
      } catch {
        return // a raw control character in a string: no reader of JSON takes it
      }
      expect(Object.hasOwn(event as object, 'type')).toBe(true)
      expect((event as { type: unknown }).type).toBe(type)
      const keys = [...frame.matchAll(/"([^"]*)"\s*:/g)].map(([, key]) => key)
      expect(new Set(keys).size).toBe(keys.length)
      expect(Object.keys(event as object)).toHaveLength(keys.length)
    }),
    { seed, numRuns: 50_000 },
  )
  expect(said).toBeGreaterThan(100)
})

test('[R2] what is taken for audio and is JSON is audio for whoever reads it, the first of two keys or the last', () => {
  const more = fc.array(
    fc.constantFrom(...pieces, ...pieces.filter((one) => one.startsWith('"')).map((one) => `,${one}`)),
    {
      maxLength: 8,
    },
  )
  let taken = 0
  fc.assert(
    fc.property(more, (more) => {
      const frame = `{"type":"${audioDelta}","delta":"AA"${more.join('')}}`
      if (!isAudioDelta(frame)) return
      taken++
      expect([...frame.matchAll(/"([^"]*)"\s*:/g)].filter(([, key]) => key === 'type')).toHaveLength(1)
      try {
        expect((JSON.parse(frame) as { type: unknown }).type).toBe(audioDelta)
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError)
      }
    }),
    { seed, numRuns: 20_000 },
  )
  expect(taken).toBeGreaterThan(1_000)
})
