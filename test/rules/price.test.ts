// What a report costs, against figures that were worked out by hand from the provider's price page.
import { expect, test } from 'vitest'
import { price, pricesAsOf } from '../../src/price.ts'
import { readUsage, type Usage } from '../../src/realtime/usage.ts'

const fallback = 64
const nothing: Usage = { input: {}, cached: {}, output: {}, partial: false }

/** The `response.done` example of the published schema. */
const example = readUsage({
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
}) as Usage

test('[L3] the example of the published schema costs $0.0072056 on gpt-realtime-2.1', () => {
  // (119 - 64) × 4 + 64 × 0.4 + 13 × 32 + 30 × 24 + 91 × 64 = 7,205.6 micro-dollars
  expect(price('gpt-realtime-2.1', example, fallback)).toEqual({ microUsd: 7_206, unpriced: false })
})

test('[L3] the example of the published schema costs $0.00205884 on gpt-realtime-2.1-mini', () => {
  // 55 × 0.6 + 64 × 0.06 + 13 × 10 + 30 × 2.4 + 91 × 20 = 2,058.84 micro-dollars
  expect(price('gpt-realtime-2.1-mini', example, fallback)).toEqual({ microUsd: 2_059, unpriced: false })
})

test.each([
  ['gpt-realtime-2.1', 'text', 4, 0.4, 24],
  ['gpt-realtime-2.1', 'audio', 32, 0.4, 64],
  ['gpt-realtime-2', 'text', 4, 0.4, 24],
  ['gpt-realtime-2', 'audio', 32, 0.4, 64],
  ['gpt-realtime-1.5', 'text', 4, 0.4, 16],
  ['gpt-realtime-1.5', 'audio', 32, 0.4, 64],
  ['gpt-realtime', 'text', 4, 0.4, 16],
  ['gpt-realtime', 'audio', 32, 0.4, 64],
  ['gpt-realtime-2.1-mini', 'text', 0.6, 0.06, 2.4],
  ['gpt-realtime-2.1-mini', 'audio', 10, 0.3, 20],
  ['gpt-realtime-mini', 'text', 0.6, 0.06, 2.4],
  ['gpt-realtime-mini', 'audio', 10, 0.3, 20],
] as const)(
  '[L3] a million tokens of %s %s cost $%d, cached $%d, out $%d',
  (model, modality, input, cached, output) => {
    const million = { [modality]: 1_000_000 }
    const cost = (usage: Partial<Usage>) => price(model, { ...nothing, ...usage }, fallback)
    expect(cost({ input: million })).toEqual({ microUsd: input * 1e6, unpriced: false })
    expect(cost({ input: million, cached: million })).toEqual({ microUsd: cached * 1e6, unpriced: false })
    expect(cost({ output: million })).toEqual({ microUsd: output * 1e6, unpriced: false })
  },
)

test('[L2] cached is part of input, never on top, also when more is said to be cached than was read', () => {
  const usage = { ...nothing, input: { audio: 10 }, cached: { audio: 25 } }
  expect(price('gpt-realtime-2.1', usage, fallback).microUsd).toBe(4) // 10 × 0.40
})

test('[L2] cached tokens of one modality make no other cheaper', () => {
  const usage = { ...nothing, input: { text: 10, audio: 10 }, cached: { text: 10 } }
  expect(price('gpt-realtime-2.1', usage, fallback).microUsd).toBe(324) // 10 × 0.40 + 10 × 32
})

test('[L2] tokens whose modality was not reported cost as audio, and cached ones that were not split as not cached', () => {
  const usage = { ...nothing, input: { unknown: 10 }, cached: { unknown: 10 }, output: { unknown: 2 } }
  expect(price('gpt-realtime-2.1', usage, fallback)).toEqual({ microUsd: 10 * 32 + 2 * 64, unpriced: false })
})

test('[L2] as many tokens out as in are debited both ways', () => {
  expect(price('gpt-realtime-2.1', { ...nothing, input: { audio: 5 }, output: { audio: 5 } }, fallback).microUsd).toBe(
    5 * 96,
  )
})

test('[L3] a model without a price is debited at the fallback rate, and says so', () => {
  expect(price('gpt-next', example, fallback)).toEqual({ microUsd: (132 + 121) * fallback, unpriced: true })
  expect(price('gpt-next', nothing, fallback)).toEqual({ microUsd: 0, unpriced: true })
})

test('[L3] names of the table of objects are no models', () => {
  for (const model of ['constructor', '__proto__', 'toString'])
    expect(price(model, example, 1)).toEqual({ microUsd: 253, unpriced: true })
})

test('[L3] a modality that a model has no price for is debited at the fallback rate, and says so', () => {
  const usage = { ...nothing, input: { text: 1_000_000, image: 5 } }
  expect(price('gpt-4o-mini-realtime-preview', usage, fallback)).toEqual({
    microUsd: 600_000 + 5 * fallback,
    unpriced: true,
  })
})

test('[L3] output alone, or input alone, of an unpriced modality is debited too', () => {
  expect(price('gpt-4o-mini-realtime-preview', { ...nothing, output: { image: 3 } }, fallback)).toEqual({
    microUsd: 3 * fallback,
    unpriced: true,
  })
  expect(price('gpt-4o-mini-realtime-preview', { ...nothing, input: { image: 3 } }, fallback)).toEqual({
    microUsd: 3 * fallback,
    unpriced: true,
  })
})

test('[L3] a modality of which nothing was used needs no price', () => {
  const usage = { ...nothing, input: { text: 1_000_000, image: 0 }, output: { image: 0 } }
  expect(price('gpt-4o-mini-realtime-preview', usage, fallback)).toEqual({ microUsd: 600_000, unpriced: false })
})

test('[L2] transcription by the second is debited at its own price', () => {
  expect(price('whisper-1', { ...nothing, seconds: 10 }, fallback)).toEqual({ microUsd: 1_000, unpriced: false })
  expect(price('gpt-realtime-whisper', { ...nothing, seconds: 60 }, fallback)).toEqual({
    microUsd: 16_980,
    unpriced: false,
  })
})

test('[L3] seconds of a model that is priced by token are debited at the fallback rate, and say so', () => {
  expect(price('gpt-realtime-2.1', { ...nothing, seconds: 2 }, fallback)).toEqual({ microUsd: 128, unpriced: true })
  expect(price('unknown', { ...nothing, seconds: 2 }, fallback)).toEqual({ microUsd: 128, unpriced: true })
})

test('[L3] a snapshot costs as its alias, a dated name of nothing as nothing', () => {
  expect(price('gpt-realtime-2.1-2026-09-01', example, fallback)).toEqual({ microUsd: 7_206, unpriced: false })
  expect(price('gpt-next-2026-09-01', example, fallback).unpriced).toBe(true)
})

test('[L3] is rounded once a report, to whole micro-dollars', () => {
  expect(price('gpt-realtime-2.1', { ...nothing, input: { text: 1 }, cached: { text: 1 } }, fallback).microUsd).toBe(0)
  expect(price('gpt-realtime-2.1', { ...nothing, input: { text: 2 }, cached: { text: 2 } }, fallback).microUsd).toBe(1)
})

test('[L3] the table says when it was taken', () => expect(pricesAsOf).toMatch(/^20\d\d-\d\d-\d\d$/))
