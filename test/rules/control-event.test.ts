// Control events of a caller, within bounds: depth, keys, no key twice, whatever it is written with.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { eventDepth, eventKeys } from '../../src/limits.ts'
import { readEvent } from '../../src/realtime/control-event.ts'
import { seed } from '../contract/seed.ts'

/** `event`, or why it was refused. */
function read(frame: string): string {
  const reading = readEvent(frame)
  return reading.is === 'event' ? 'event' : reading.refusal.why
}

function nested(depth: number, [open, close]: [string, string]): string {
  return `{"type":"x","a":${open.repeat(depth - 1)}1${close.repeat(depth - 1)}}`
}

test('[R2] an event is read as it is', () => {
  const reading = readEvent('{"type":"session.update","event_id":"e","session":{"type":"realtime"}}')
  expect(reading).toEqual({
    is: 'event',
    event: { type: 'session.update', event_id: 'e', session: { type: 'realtime' } },
  })
})

test.each([
  ['', 'it is not valid JSON'],
  ['{', 'it is not valid JSON'],
  ['\uFEFF{"type":"x"}', 'it is not valid JSON'],
  ['{"type":"x"}}', 'it is not valid JSON'],
  ['{"type":"x\u0000"}', 'it is not valid JSON'],
  ["{'type':'x'}", 'it is not valid JSON'],
  ['"unclosed', 'it is not valid JSON'],
  ['{"type":"x","a":"\\', 'it is not valid JSON'],
  ['null', 'it is not a JSON object'],
  ['[{"type":"x"}]', 'it is not a JSON object'],
  ['"type"', 'it is not a JSON object'],
  ['7', 'it is not a JSON object'],
  ['{}', 'it has no "type"'],
  ['{"type":7}', 'it has no "type"'],
  ['{"type":null}', 'it has no "type"'],
  ['{"Type":"x"}', 'it has no "type"'],
  ['{"__proto__":{"type":"x"}}', 'it has no "type"'],
])('[R3] %j is no event: %s', (frame, problem) => {
  expect(readEvent(frame)).toEqual({ is: 'bad', refusal: { why: 'event_malformed', details: { problem } } })
})

test.each([
  ['at the top', '{"type":"a","type":"b"}', 'type'],
  ['the same value', '{"type":"a","type":"a"}', 'type'],
  ['further down', '{"type":"a","session":{"model":"x","voice":"v","model":"y"}}', 'model'],
  ['in an object of a list', '{"type":"a","l":[1,{"k":1},{"k":1,"k":2}]}', 'k'],
  ['after a nested object', '{"type":"a","s":{"type":"n"},"type":"b"}', 'type'],
  ['after a nested list', '{"type":"a","s":[{"type":"n"},[]],"type":"b"}', 'type'],
  ['one of them escaped', '{"type":"a","\\u0074ype":"b"}', 'type'],
  ['both escaped', '{"\\u0074ype":"a","t\\u0079pe":"b"}', 'type'],
  ['escaped deep down', '{"type":"a","session":{"model":"x","mod\\u0065l":"y"}}', 'model'],
  ['escaped slashes', '{"type":"a","a/b":1,"a\\/b":2}', 'a/b'],
  ['the key is empty', '{"type":"a","":1,"":2}', ''],
  ['the key is __proto__', '{"type":"a","__proto__":1,"__proto__":2}', '__proto__'],
  ['the key has a quote', '{"type":"a","\\"":1,"\\u0022":2}', '"'],
  ['with space between', '{ "type" : "a" ,\n\t"type" : "b" }', 'type'],
])('[R2] a key twice is refused: %s', (_where, frame, key) => {
  expect(readEvent(frame)).toEqual({ is: 'bad', refusal: { why: 'event_twofold', details: { key } } })
})

test.each([
  '{"type":"x","a":{"type":"y"},"b":{"type":"z"}}',
  '{"type":"x","a":[{"k":1},{"k":1}]}',
  '{"type":"x","a":"type","b":"type"}',
  '{"type":"x","Type":1,"TYPE":2}',
  '{"type":"x","a":["k","k","k"]}',
  '{"type":"x","constructor":1,"toString":2,"hasOwnProperty":3,"__proto__":4}',
  '{"type":"x","a":"}{\\",\\"type\\":\\"y"}',
  '{"type":"x","a":"\\\\","b":"\\\\\\""}',
])('[R2] the same key in other objects, and what only looks like a key, is fine: %s', (frame) => {
  expect(read(frame)).toBe('event')
})

test('[R2] a long key is not repeated in full', () => {
  const key = 'k'.repeat(1_000)
  expect(readEvent(`{"type":"a","${key}":1,"${key}":2}`)).toMatchObject({
    refusal: { details: { key: 'k'.repeat(64) } },
  })
})

test.each([[['[', ']']], [['{"k":', '}']]] as [[string, string]][])(
  '[R3] nests so deep with %j, and not one deeper',
  (brackets) => {
    expect(read(nested(eventDepth, brackets))).toBe('event')
    expect(read(nested(eventDepth + 1, brackets))).toBe('event_deep')
  },
)

test('[R3] a bomb of brackets is refused before it is parsed, closed or not', () => {
  for (const bomb of [
    '['.repeat(4_500),
    '{"a":'.repeat(4_500),
    `{"type":"x","a":${'['.repeat(1e6)}${']'.repeat(1e6)}}`,
  ])
    expect(read(bomb)).toBe('event_deep')
})

test('[R3] depth is what is open at once: many lists side by side are no depth', () => {
  expect(read(`{"type":"x","a":[${Array.from({ length: 1_000 }, () => '[]').join()}]}`)).toBe('event')
  expect(read(`{"type":"x","a":[${Array.from({ length: 1_000 }, () => '{}').join()}]}`)).toBe('event')
})

function keys(count: number): string {
  return Array.from({ length: count }, (_, i) => `"k${i}":1`).join()
}

test('[R3] has so many keys, over all its objects, and not one more', () => {
  expect(read(`{"type":"x",${keys(eventKeys - 1)}}`)).toBe('event')
  expect(read(`{"type":"x",${keys(eventKeys)}}`)).toBe('event_deep')
  const spread = Array.from({ length: eventKeys }, () => '{"k":1}').join()
  expect(read(`{"type":"x","a":[${spread}]}`)).toBe('event_deep')
})

test('[R3] brackets and commas within strings count for nothing', () => {
  expect(read(`{"type":"x","a":"${'[{'.repeat(10_000)}"}`)).toBe('event')
  expect(read(`{"type":"x","a":"${',\\"k\\":'.repeat(20_000)}"}`)).toBe('event')
})

test('[R2] any event without a key twice is read as JSON.parse reads it, however it is written', () => {
  const json = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 }))
  fc.assert(
    fc.property(json, fc.constantFrom(undefined, 1, '\t'), (members, indent) => {
      const text = JSON.stringify({ ...members, type: 'x' }, null, indent)
      expect(readEvent(text)).toEqual({ is: 'event', event: JSON.parse(text) })
    }),
    { seed, numRuns: 1_000 },
  )
})
