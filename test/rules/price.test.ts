// What a report costs, against figures that were worked out by hand from the provider's price page.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { shippedPrices } from '../../src/price-table.ts'
import { price, priceOfTime } from '../../src/price.ts'
import { readUsage, type Usage } from '../../src/realtime/usage.ts'
import { seed } from '../contract/seed.ts'

const fallback = 64
const cost = (model: string, usage: Usage, rate = fallback) => price(shippedPrices, model, usage, rate)
const byTime = (model: string, usage: Usage) => price(shippedPrices, model, usage, fallback, 'seconds')
const total = (model: string, ms: number) => priceOfTime(shippedPrices, model, ms, fallback).microUsd
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
  ['gpt-4o-mini-realtime-preview', 'text', 0.6, 0.3, 2.4],
  ['gpt-4o-mini-realtime-preview', 'audio', 10, 0.3, 20],
  // Images are published as input alone: as output they cost as text.
  ['gpt-realtime-2.1', 'image', 5, 0.5, 24],
  ['gpt-realtime-2', 'image', 5, 0.5, 24],
  ['gpt-realtime-1.5', 'image', 5, 0.5, 16],
  ['gpt-realtime', 'image', 5, 0.5, 16],
  ['gpt-realtime-2.1-mini', 'image', 0.8, 0.08, 2.4],
] as const)(
  '[L3] a million tokens of %s %s cost $%d, cached $%d, out $%d',
  (model, modality, input, cached, output) => {
    const million = { [modality]: 1_000_000 }
    const paid = (usage: Partial<Usage>) => cost(model, { ...nothing, ...usage })
    expect(paid({ input: million })).toEqual({ microUsd: input * 1e6, unpriced: false })
    expect(paid({ input: million, cached: million })).toEqual({ microUsd: cached * 1e6, unpriced: false })
    expect(paid({ output: million })).toEqual({ microUsd: output * 1e6, unpriced: false })
  },
)

test('[L2] cached is part of input, never on top, also when more is said to be cached than was read', () => {
  const usage = { ...nothing, input: { audio: 10 }, cached: { audio: 25 } }
  expect(cost('gpt-realtime-2.1', usage).microUsd).toBe(4) // 10 × 0.40
})

test('[L2] cached tokens of one modality make no other cheaper', () => {
  const usage = { ...nothing, input: { text: 10, audio: 10 }, cached: { text: 10 } }
  expect(cost('gpt-realtime-2.1', usage).microUsd).toBe(324) // 10 × 0.40 + 10 × 32
})

test('[L2] tokens whose modality was not reported cost as audio, and cached ones that were not split as not cached', () => {
  const usage = { ...nothing, input: { unknown: 10 }, cached: { unknown: 10 }, output: { unknown: 2 } }
  expect(cost('gpt-realtime-2.1', usage)).toEqual({ microUsd: 10 * 32 + 2 * 64, unpriced: false })
})

test('[L2] as many tokens out as in are debited both ways', () => {
  expect(cost('gpt-realtime-2.1', { ...nothing, input: { audio: 5 }, output: { audio: 5 } }).microUsd).toBe(5 * 96)
})

test('[L3] a model without a price is debited at the fallback rate, and says so', () => {
  expect(cost('gpt-next', example)).toEqual({ microUsd: (132 + 121) * fallback, unpriced: true })
  expect(cost('gpt-next', nothing)).toEqual({ microUsd: 0, unpriced: true })
})

test('[L3] names of the table of objects are no models', () => {
  for (const model of ['constructor', '__proto__', 'toString'])
    expect(cost(model, example, 1)).toEqual({ microUsd: 253, unpriced: true })
})

test('[L3] a modality that a model has no price for is debited at the fallback rate, and says so', () => {
  const usage = { ...nothing, input: { text: 1_000_000, image: 5 } }
  expect(cost('gpt-4o-mini-realtime-preview', usage)).toEqual({
    microUsd: 600_000 + 5 * fallback,
    unpriced: true,
  })
})

test('[L3] output alone, or input alone, of an unpriced modality is debited too', () => {
  expect(cost('gpt-4o-mini-realtime-preview', { ...nothing, output: { image: 3 } })).toEqual({
    microUsd: 3 * fallback,
    unpriced: true,
  })
  expect(cost('gpt-4o-mini-realtime-preview', { ...nothing, input: { image: 3 } })).toEqual({
    microUsd: 3 * fallback,
    unpriced: true,
  })
  const again = { ...nothing, input: { image: 3 }, cached: { image: 3 } }
  expect(cost('gpt-4o-mini-realtime-preview', again)).toEqual({ microUsd: 3 * fallback, unpriced: true })
})

test('[L3] a modality of which nothing was used needs no price', () => {
  const usage = { ...nothing, input: { text: 1_000_000, image: 0 }, output: { image: 0 } }
  expect(cost('gpt-4o-mini-realtime-preview', usage)).toEqual({ microUsd: 600_000, unpriced: false })
})

test('[L2] transcription by the second is debited at its own price', () => {
  expect(cost('whisper-1', { ...nothing, seconds: 10 })).toEqual({ microUsd: 1_000, unpriced: false })
  expect(cost('gpt-realtime-whisper', { ...nothing, seconds: 60 })).toEqual({ microUsd: 17_000, unpriced: false })
})

test('[L3] seconds of a model that is priced by token are debited at the fallback rate, and say so', () => {
  expect(cost('gpt-realtime-2.1', { ...nothing, seconds: 2 })).toEqual({ microUsd: 128, unpriced: true })
  expect(cost('unknown', { ...nothing, seconds: 2 })).toEqual({ microUsd: 128, unpriced: true })
})

test('[L3] a snapshot costs as its alias, a dated name of nothing as nothing', () => {
  expect(cost('gpt-realtime-2.1-2026-09-01', example)).toEqual({ microUsd: 7_206, unpriced: false })
  expect(cost('gpt-next-2026-09-01', example).unpriced).toBe(true)
})

test('[L3] a snapshot with a price of its own costs that', () => {
  const table = new Map([
    ['m', { text: { input: 1, cached: 1, output: 1 } }],
    ['m-2026-09-01', { text: { input: 2, cached: 2, output: 2 } }],
  ])
  const usage = { ...nothing, input: { text: 10 } }
  const costs = ['m', 'm-2026-09-01', 'm-2026-09-02'].map((model) => price(table, model, usage, fallback).microUsd)
  expect(costs).toEqual([10, 20, 10])
})

test('[L3] is rounded once a report, to whole micro-dollars', () => {
  expect(cost('gpt-realtime-2.1', { ...nothing, input: { text: 1 }, cached: { text: 1 } }).microUsd).toBe(0)
  expect(cost('gpt-realtime-2.1', { ...nothing, input: { text: 2 }, cached: { text: 2 } }).microUsd).toBe(1)
})

test('[L3] a half is rounded up, whatever binary fractions make of its parts', () => {
  // 5 × 0.06 + 3 × 2.4 and 0.09 × 283.333… come to a little less as floating-point sums.
  const usage = { ...nothing, input: { text: 5 }, cached: { text: 5 }, output: { text: 3 } }
  expect(cost('gpt-realtime-2.1-mini', usage).microUsd).toBe(8) // 7.5
  expect(cost('gpt-realtime-whisper', { ...nothing, seconds: 0.09 }).microUsd).toBe(26) // 25.5
})

test('[L3] where the time of the session is billed its tokens cost nothing, and what has a price of its own costs that', () => {
  expect(byTime('grok-voice-latest', example)).toEqual({ microUsd: 0, unpriced: false })
  expect(byTime('voice-next', { ...nothing, seconds: 9 })).toEqual({ microUsd: 0, unpriced: false })
  expect(byTime('whisper-1', { ...nothing, seconds: 9 })).toEqual({ microUsd: 900, unpriced: false })
  expect(byTime('gpt-realtime-2.1', example)).toEqual({ microUsd: 7_206, unpriced: false })
})

test('[L3] a model of which the time is billed has no price by token, unless its upstream says so', () => {
  expect(cost('grok-voice-latest', example)).toEqual({ microUsd: (132 + 121) * fallback, unpriced: true })
})

test.each([
  ['gpt-live-1', 60_000, 50_000], // $0.05 a minute
  ['gpt-live-1', 3_600_000, 3_000_000],
  ['grok-voice-think-fast-1.0', 60_000, 50_000],
  ['grok-voice-think-fast-2.0', 60_000, 80_000], // $0.08 a minute
  ['grok-voice-latest', 60_000, 80_000],
  ['grok-voice-latest', 1_000, 1_333], // 1,333.33
  ['grok-voice-latest', 1, 1], // 1.33
  ['gpt-live-1', 3, 3], // 2.5, rounded up
  ['gpt-live-1', 0, 0],
] as const)('[L3] %s for %d ms of session time costs %d micro-dollars', (model, ms, microUsd) => {
  expect(priceOfTime(shippedPrices, model, ms, fallback)).toEqual({ microUsd, unpriced: false })
})

test('[L3] session time without a price is debited as speech at the fallback rate, and says so', () => {
  // 20 tokens a second
  expect(priceOfTime(shippedPrices, 'gpt-realtime-2.1', 1_500, fallback)).toEqual({ microUsd: 1_920, unpriced: true })
  expect(priceOfTime(shippedPrices, 'voice-next', 1_000, fallback)).toEqual({ microUsd: 1_280, unpriced: true })
})

test('[L3] however a session is cut into pieces, the debits of growing totals sum to the price of the whole', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20_000), { maxLength: 50 }), (pieces) => {
      let [ms, debited] = [0, 0]
      for (const piece of pieces) {
        ms += piece
        const due = total('grok-voice-latest', ms) - debited
        expect(due).toBeGreaterThanOrEqual(0)
        debited += due
      }
      expect(debited).toBe(Math.round((ms * 4) / 3)) // $0.08 a minute are 4 micro-dollars in 3 ms
    }),
    { seed },
  )
})
