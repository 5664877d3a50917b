// Usage reports as the provider sends them, whole, with parts missing, and broken.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { reportSeconds, reportTokens } from '../../src/limits.ts'
import { readNotice } from '../../src/realtime/notice.ts'
import { contextTokens, readUsage, totalTokens, type Usage } from '../../src/realtime/usage.ts'
import { seed } from '../contract/seed.ts'

const whole = {
  total_tokens: 253,
  input_tokens: 132,
  output_tokens: 121,
  input_token_details: {
    text_tokens: 119,
    audio_tokens: 13,
    image_tokens: 0,
    cached_tokens: 64,
    cached_tokens_details: { text_tokens: 64, audio_tokens: 0, image_tokens: 0 },
  },
  output_token_details: { text_tokens: 30, audio_tokens: 91 },
}

test('[L2] splits a report by direction, modality and cached', () => {
  expect(readUsage(whole)).toEqual({
    input: { text: 119, audio: 13, image: 0 },
    cached: { text: 64, audio: 0, image: 0 },
    output: { text: 30, audio: 91 },
    partial: false,
  })
})

test('[L2] counts cached as part of input, not on top', () => {
  const usage = readUsage(whole) as Usage
  expect([totalTokens(usage), contextTokens(usage)]).toEqual([253, 132])
})

test.each([undefined, null, 'usage', 7, true])('[L2] %s is no report', (report) =>
  expect(readUsage(report)).toBeUndefined(),
)

test('[L2] a report that says nothing is partial, and has no 0 in it', () => {
  expect(readUsage({})).toEqual({ input: {}, cached: {}, output: {}, partial: true })
})

test('[L2] tokens that are not split are unknown, not 0', () => {
  const usage = readUsage({ input_tokens: 100, output_tokens: 50 }) as Usage
  expect(usage).toEqual({ input: { unknown: 100 }, cached: {}, output: { unknown: 50 }, partial: true })
  expect(totalTokens(usage)).toBe(150)
})

test('[L2] what a split leaves over is unknown', () => {
  const usage = readUsage({ ...whole, input_tokens: 140, total_tokens: 261 }) as Usage
  expect(usage.input).toEqual({ text: 119, audio: 13, image: 0, unknown: 8 })
  expect([usage.partial, usage.odd]).toEqual([true, undefined])
})

test('[L2] a missing modality stays absent', () => {
  const usage = readUsage({
    ...whole,
    input_tokens: 119,
    input_token_details: { text_tokens: 119, cached_tokens: 0 },
  }) as Usage
  expect(usage.input).toEqual({ text: 119 })
  expect(usage.partial).toBe(false)
})

test('[L2] a report that does not say what was cached is partial, not without cache', () => {
  const usage = readUsage({ ...whole, input_tokens: 119, input_token_details: { text_tokens: 119 } }) as Usage
  expect(usage.cached).toEqual({})
  expect(usage.partial).toBe(true)
})

test('[L2] a direction that is missing is what the total leaves for it, without a modality', () => {
  const { output_tokens: _out, output_token_details: _details, ...read } = whole
  expect(readUsage(read)).toMatchObject({ input: { text: 119 }, output: { unknown: 121 }, partial: true })
  const { input_tokens: _in, input_token_details: _inDetails, ...written } = whole
  expect(readUsage(written)).toMatchObject({ input: { unknown: 132 }, output: { text: 30 }, partial: true })
  expect(readUsage({ total_tokens: 253 })).toEqual({ input: { unknown: 253 }, cached: {}, output: {}, partial: true })
  const { total_tokens: _total, ...half } = read
  expect(readUsage(half)).toEqual({
    input: { text: 119, audio: 13, image: 0 },
    cached: { text: 64, audio: 0, image: 0 },
    output: {},
    partial: true,
  })
})

test('[L2] details without a number in them say nothing', () => {
  const empty = { input_token_details: {}, output_token_details: { text_tokens: null } }
  expect(readUsage(empty)).toEqual({ input: {}, cached: {}, output: {}, partial: true })
})

test('[L2] a split without its sum counts as what it says', () => {
  const { input_tokens: _tokens, ...rest } = whole
  expect(readUsage(rest)).toMatchObject({ input: { text: 119, audio: 13, image: 0 }, partial: false })
})

test('[L2] cached tokens that are not split are unknown', () => {
  const details = { text_tokens: 119, audio_tokens: 13, cached_tokens: 64 }
  expect(readUsage({ ...whole, input_token_details: details })).toMatchObject({
    cached: { unknown: 64 },
    partial: true,
  })
})

test('[L2] a transcription by tokens does not split its output: it is text', () => {
  const report = {
    type: 'tokens',
    input_tokens: 14,
    output_tokens: 45,
    total_tokens: 59,
    input_token_details: { text_tokens: 0, audio_tokens: 14 },
  }
  expect(readUsage(report)).toEqual({ input: { text: 0, audio: 14 }, cached: {}, output: { text: 45 }, partial: false })
})

test('[L2] a transcription by duration has seconds and no tokens', () => {
  const usage = readUsage({ type: 'duration', seconds: 2.5 }) as Usage
  expect(usage).toEqual({ input: {}, cached: {}, output: {}, seconds: 2.5, partial: false })
  expect(totalTokens(usage)).toBe(0)
})

test('[L2] a duration that is not told is partial, and has no tokens', () => {
  expect(readUsage({ type: 'duration' })).toEqual({ input: {}, cached: {}, output: {}, partial: true })
  expect(readUsage({ type: 'duration', seconds: null })).not.toHaveProperty('odd')
  expect(readUsage({ type: 'duration', seconds: 0 })).toMatchObject({ seconds: 0, partial: false })
})

test('[L2] seconds are believed without a type, where no tokens are told', () => {
  const { total_tokens: _total, ...rest } = whole
  expect(readUsage({ seconds: 2 })).toMatchObject({ seconds: 2, partial: false })
  expect(readUsage({ seconds: 2, input_tokens: null })).toMatchObject({ seconds: 2 })
  expect(readUsage({ ...rest, seconds: null })).not.toHaveProperty('odd')
})

test('[L2] tokens beside seconds are not debited twice: its type decides, or else the tokens count', () => {
  const both = { seconds: 2, input_tokens: 14, input_token_details: { audio_tokens: 14 }, output_tokens: 3 }
  const byTokens = readUsage({ ...both, type: 'tokens' })
  expect(byTokens).toEqual({ input: { audio: 14 }, cached: {}, output: { text: 3 }, partial: false, odd: true })
  expect(readUsage({ ...both, type: 'duration' })).toMatchObject({ input: {}, output: {}, seconds: 2, odd: true })
  expect(readUsage(both)).toMatchObject({ input: { audio: 14 }, output: { unknown: 3 }, odd: true })
  expect(readUsage(both)).not.toHaveProperty('seconds')
})

test('[L2] characters are counted where they are told, beside whatever else is', () => {
  expect(readUsage({ ...whole, characters: 480 })).toMatchObject({ characters: 480, partial: false })
  expect(readUsage({ characters: 480 })).toEqual({ input: {}, cached: {}, output: {}, characters: 480, partial: true })
  expect(readUsage(whole)).not.toHaveProperty('characters')
  expect(readUsage({ type: 'duration', seconds: 1, characters: '480' })).toMatchObject({ seconds: 1, odd: true })
})

test.each(['completed', 'cancelled', 'failed', 'incomplete'])(
  '[L2] a response that is %s is read as reported',
  (status) => {
    const event = { type: 'response.done', response: { id: 'resp_1', status, usage: whole } }
    expect(readNotice(JSON.stringify(event))).toMatchObject({ reply: 'resp_1', usage: readUsage(whole) })
    const none = { type: 'response.done', response: { id: 'resp_1', status, usage: null } }
    expect(readNotice(JSON.stringify(none))).toHaveProperty('usage', undefined)
  },
)

test('[L2] a failed response of zeros used nothing, and that is not partial', () => {
  const zeros = { text_tokens: 0, audio_tokens: 0 }
  const details = { ...zeros, cached_tokens: 0, cached_tokens_details: zeros }
  const report = { total_tokens: 0, input_tokens: 0, output_tokens: 0, output_token_details: zeros }
  expect(readUsage({ ...report, input_token_details: details })).toEqual({
    input: { text: 0, audio: 0 },
    cached: { text: 0, audio: 0 },
    output: { text: 0, audio: 0 },
    partial: false,
  })
})

test('[L2] what is no amount is as if it were missing, and said to be odd', () => {
  const written = { output_tokens: 3, output_token_details: { text_tokens: 3 } }
  const rest = { cached: {}, output: { text: 3 }, partial: true }
  for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY, reportTokens + 1, '12', true, {}, []])
    expect(readUsage({ input_tokens: bad, ...written })).toEqual({ input: {}, ...rest, odd: true })
  for (const none of [undefined, null])
    expect(readUsage({ input_tokens: none, ...written })).toEqual({ input: {}, ...rest })
})

test('[L2] no amount in one place leaves the others standing', () => {
  const usage = readUsage({ ...whole, output_token_details: { text_tokens: 30, audio_tokens: -91 } })
  expect(usage).toMatchObject({ input: { text: 119 }, output: { text: 30, unknown: 91 }, partial: true, odd: true })
  expect(readUsage({ ...whole, output_token_details: 'none' })).toMatchObject({ output: { unknown: 121 }, odd: true })
})

test('[L2] seconds that are no amount are unknown, never 0', () => {
  for (const bad of [-1, Number.NaN, '2', reportSeconds + 1, []])
    expect(readUsage({ type: 'duration', seconds: bad })).toEqual({
      input: {},
      cached: {},
      output: {},
      partial: true,
      odd: true,
    })
  expect(readUsage({ type: 'duration', seconds: reportSeconds })).toMatchObject({ seconds: reportSeconds })
})

test('[L2] a fraction of a token is a token', () => {
  const usage = readUsage({
    type: 'tokens',
    input_tokens: 9.2,
    output_tokens: 3,
    input_token_details: { audio_tokens: 9.2 },
  })
  expect(usage).toMatchObject({ input: { audio: 10 }, output: { text: 3 }, odd: true })
})

test('[L2] parts that come to more than their total count as they are told, and are odd', () => {
  const usage = readUsage({ ...whole, input_tokens: 100, total_tokens: 221 }) as Usage
  expect(usage).toMatchObject({ input: { text: 119, audio: 13, image: 0 }, partial: false, odd: true })
})

test('[L2] a total that the directions do not come to is odd', () => {
  for (const total_tokens of [252, 254]) {
    expect(readUsage({ ...whole, total_tokens })).toMatchObject({ input: { text: 119 }, partial: false, odd: true })
  }
  expect(readUsage({ ...whole, total_tokens: undefined })).not.toHaveProperty('odd')
})

test('[L2] parts beyond the bound of a report are left out', () => {
  const details = { text_tokens: 1, audio_tokens: reportTokens, image_tokens: 2 }
  expect(readUsage({ input_token_details: details, output_tokens: 0 })).toMatchObject({
    input: { text: 1, image: 2 },
    odd: true,
  })
  expect(readUsage({ output_tokens: reportTokens })).not.toHaveProperty('odd')
})

const cachedOf = (details: object) =>
  readUsage({ ...whole, input_token_details: { text_tokens: 119, audio_tokens: 13, ...details } }) as Usage

test('[L2] more cached of a modality than was read of it is what was read, and odd', () => {
  const { cached, partial, odd } = cachedOf({ cached_tokens: 20, cached_tokens_details: { audio_tokens: 20 } })
  expect({ cached, partial, odd }).toEqual({ cached: { audio: 13, unknown: 7 }, partial: true, odd: true })
})

test('[L2] something cached of a modality that was not read is odd', () => {
  const { cached, odd } = cachedOf({ cached_tokens: 5, cached_tokens_details: { image_tokens: 5 } })
  expect({ cached, odd }).toEqual({ cached: { unknown: 5 }, odd: true })
})

test('[L2] more cached than was read at all is what was read, and odd', () => {
  expect(cachedOf({ cached_tokens: 133 })).toMatchObject({ cached: { unknown: 132 }, odd: true })
  expect(cachedOf({ cached_tokens: 132 })).not.toHaveProperty('odd')
  const both = { text_tokens: 130, audio_tokens: 20 }
  const { cached, odd } = cachedOf({ cached_tokens: 150, cached_tokens_details: both })
  expect({ cached, odd }).toEqual({ cached: { text: 119, audio: 13 }, odd: true })
})

test('[L2] cached parts that come to more than the cached total count as they are told, and are odd', () => {
  const { cached, odd } = cachedOf({ cached_tokens: 60, cached_tokens_details: { text_tokens: 64, audio_tokens: 0 } })
  expect({ cached, odd }).toEqual({ cached: { text: 64, audio: 0 }, odd: true })
})

test('[L2] a cached modality of an input that is not split is cached without a modality', () => {
  const details = { cached_tokens: 64, cached_tokens_details: { text_tokens: 64 } }
  const usage = readUsage({ ...whole, input_token_details: details }) as Usage
  expect(usage).toMatchObject({ input: { unknown: 132 }, cached: { unknown: 64 }, partial: true })
  expect(usage).not.toHaveProperty('odd')
})

const fields = ['type', 'seconds', 'characters', 'total_tokens', 'input_tokens', 'output_tokens']
const details = ['input_token_details', 'output_token_details', 'cached_tokens_details']
const tokens = ['text_tokens', 'audio_tokens', 'image_tokens', 'cached_tokens']

/** Any JSON, and more than JSON has, in the places that are read. */
const anything = fc.oneof(
  { weight: 4, arbitrary: fc.nat(300) },
  { weight: 1, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.maxSafeInteger() },
  {
    weight: 1,
    arbitrary: fc.constantFrom(null, undefined, 'tokens', 'duration', '7', [], reportTokens, reportTokens + 1),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
)
const some = <T>(keys: readonly string[], value: fc.Arbitrary<T>) =>
  fc.dictionary(fc.constantFrom(...keys), value, { noNullPrototype: true })
const nested = some([...tokens, ...details], fc.oneof({ weight: 3, arbitrary: anything }, some(tokens, anything)))
const anyReport = fc.oneof(
  { weight: 1, arbitrary: fc.jsonValue() },
  { weight: 9, arbitrary: some([...fields, ...details, '__proto__'], fc.oneof(anything, nested)) },
)
const sum = (parts: object): number => Object.values(parts).reduce((a: number, b: number) => a + b, 0)

test('[L2] whatever a provider sends: amounts are whole and bounded, cached is part of input, nothing throws', () => {
  fc.assert(
    fc.property(anyReport, (report) => {
      const usage = readUsage(report)
      if (usage === undefined) return
      const { input, cached, output, seconds = 0, characters = 0 } = usage
      for (const side of [input, cached, output]) {
        for (const amount of Object.values(side)) expect(Number.isSafeInteger(amount) && amount >= 0).toBe(true)
        expect(sum(side)).toBeLessThanOrEqual(reportTokens)
      }
      for (const modality of ['text', 'audio', 'image'] as const)
        expect(cached[modality] ?? 0).toBeLessThanOrEqual(input[modality] ?? 0)
      expect(sum(cached)).toBeLessThanOrEqual(sum(input))
      expect(seconds >= 0 && seconds <= reportSeconds).toBe(true)
      expect(Number.isSafeInteger(characters) && characters >= 0).toBe(true)
    }),
    { seed, numRuns: 2_000 },
  )
})

const noAmount = fc.constantFrom(null, undefined, 'x', -1, Number.NaN, 1e9, true, [], {})
const emptyReport = some([...fields.slice(1), ...details], fc.oneof(noAmount, some([...tokens, ...details], noAmount)))

test('[L2] a report without one amount in it is never taken for one of 0', () => {
  fc.assert(
    fc.property(emptyReport, fc.constantFrom(undefined, 'tokens', 'duration'), (report, type) => {
      const usage = readUsage({ ...report, type }) as Usage
      expect({ ...usage, odd: undefined }).toEqual({ input: {}, cached: {}, output: {}, partial: true })
    }),
    { seed, numRuns: 500 },
  )
})

test('[L2] whatever a provider sends, the parts never sum to less than it said within the bound', () => {
  const amount = fc.option(fc.oneof(fc.nat(1_000), fc.constant('x')), { nil: undefined })
  const split = fc.option(fc.record({ text_tokens: amount, audio_tokens: amount, image_tokens: amount }), {
    nil: undefined,
  })
  fc.assert(
    fc.property(
      amount,
      amount,
      split,
      split,
      (input_tokens, output_tokens, input_token_details, output_token_details) => {
        const usage = readUsage({ input_tokens, output_tokens, input_token_details, output_token_details }) as Usage
        expect(contextTokens(usage)).toBeGreaterThanOrEqual(typeof input_tokens === 'number' ? input_tokens : 0)
        const output = totalTokens(usage) - contextTokens(usage)
        expect(output).toBeGreaterThanOrEqual(typeof output_tokens === 'number' ? output_tokens : 0)
      },
    ),
    { seed },
  )
})
