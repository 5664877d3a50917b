// Usage reports as the provider sends them, whole, with parts missing, and broken.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
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
  const usage = readUsage({ ...whole, input_tokens: 140 }) as Usage
  expect(usage.input).toEqual({ text: 119, audio: 13, image: 0, unknown: 8 })
  expect(usage.partial).toBe(true)
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

test('[L2] a missing direction makes the report partial', () => {
  const { output_tokens: _tokens, output_token_details: _details, ...half } = whole
  expect(readUsage(half)).toMatchObject({ input: { text: 119 }, output: {}, partial: true })
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

test('[L2] numbers that are no amounts are as if they were missing', () => {
  for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY, '12', null, {}, []]) {
    expect(readUsage({ input_tokens: bad, output_tokens: 3, output_token_details: { text_tokens: 3 } })).toEqual({
      input: {},
      cached: {},
      output: { text: 3 },
      partial: true,
    })
  }
})

test('[L2] whatever a provider sends, the parts never sum to less than it said, and nothing throws', () => {
  const amount = fc.option(fc.oneof(fc.nat(1_000), fc.constant('x')), { nil: undefined })
  const details = fc.option(fc.record({ text_tokens: amount, audio_tokens: amount, image_tokens: amount }), {
    nil: undefined,
  })
  fc.assert(
    fc.property(
      amount,
      amount,
      details,
      details,
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
