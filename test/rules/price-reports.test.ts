// Reports as providers write them, each column of the table at the price that was worked out by hand; and random ones beside another
// reckoner of the same prices.
import { readFileSync } from 'node:fs'
import { findProvider, type ModelInfo } from '@pydantic/genai-prices'
import * as fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { shippedPrices } from '../../src/price-table.ts'
import { price, priceOfTime } from '../../src/price.ts'
import { readUsage, type Usage } from '../../src/realtime/usage.ts'
import { printSeed, seed } from '../contract/seed.ts'
import { reckoned } from '../support/reckoner.ts'

interface Fixture {
  model: string
  column: string
  arithmetic: string
  microUsd: number
  report: object
}

const fallback = 64
const lines = readFileSync(new URL('../data/usage/reports.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
const fixtures = lines.map((line) => JSON.parse(line) as Fixture)
/** "(2 × 3 + 4 × 5) / 10", in whole numbers, rounded half up. */
function workedOut(arithmetic: string): number {
  const [products = '', over = '1'] = arithmetic.replaceAll(/[()]/g, '').split(' / ')
  const terms = products.split(' + ').map((product) => product.split(' × ').map(BigInt))
  const sum = terms.map((factors) => factors.reduce((a, b) => a * b, 1n)).reduce((a, b) => a + b, 0n)
  return Number((2n * sum + BigInt(over)) / (2n * BigInt(over)))
}

test.each(fixtures)(
  '[L3] $model, $column: $arithmetic is $microUsd micro-dollars',
  ({ model, arithmetic, microUsd, report }) => {
    expect(workedOut(arithmetic)).toBe(microUsd)
    const usage = readUsage(report) as Usage
    expect([usage.partial, usage.odd]).toEqual([false, undefined])
    expect(price(shippedPrices, model, usage, fallback)).toEqual({ microUsd, unpriced: false })
  },
)

/** What a provider reports of it; a transcription is nothing cached, and written text alone. */
function columnsOf(model: string): string[] {
  const { text, audio, image, secondMicroUsd } = shippedPrices.get(model) ?? {}
  if (model.includes('transcribe') && text !== undefined) return ['text in', 'audio in', 'text out']
  const modalities = Object.entries({ text, audio, image }).filter(([, rate]) => rate !== undefined)
  const byToken = modalities.flatMap(([modality]) => ['in', 'cached', 'out'].map((way) => `${modality} ${way}`))
  return secondMicroUsd === undefined ? byToken : [...byToken, 'seconds']
}

test('[L3] every column of the table by which a report can be priced has a report', () => {
  const wanted = [...shippedPrices.keys()].flatMap((model) => columnsOf(model).map((column) => `${model}: ${column}`))
  const there = new Set(fixtures.map(({ model, column }) => `${model}: ${column}`))
  expect(wanted.filter((column) => !there.has(column))).toEqual([])
  expect(wanted.length).toBeGreaterThan(70)
})

const tokens = fc.nat(60_000)
const side = fc.record({ text: tokens, audio: tokens, image: tokens })
const randomUsage = fc.record({ input: side, cached: side, output: side }).map(({ input, cached, output }): Usage => {
  const within = (modality: keyof typeof input): number => Math.min(cached[modality], input[modality])
  return {
    input,
    cached: { text: within('text'), audio: within('audio'), image: within('image') },
    output,
    partial: false,
  }
})

function sum(parts: Usage['input']): number {
  return Object.values(parts).reduce((a, b) => a + b, 0)
}

/** A report in the package's words: totals, and what of them is not text. */
function inItsWords({ input, cached, output }: Usage): Record<string, number> {
  return {
    input_tokens: sum(input),
    input_audio_tokens: input.audio ?? 0,
    input_image_tokens: input.image ?? 0,
    cache_read_tokens: sum(cached),
    cache_audio_read_tokens: cached.audio ?? 0,
    cache_image_read_tokens: cached.image ?? 0,
    output_tokens: sum(output),
    output_audio_tokens: output.audio ?? 0,
    output_image_tokens: output.image ?? 0,
  }
}

function near(theirs: number, ours: number): void {
  expect(Math.abs(theirs - ours), `${theirs} and ${ours}`).toBeLessThanOrEqual(0.5 + 1e-6) // theirs is not rounded
}

/** By each name that it goes by. */
function namesOf({ id, match }: ModelInfo): string[] {
  const exact = 'or' in match ? match.or.flatMap((one) => ('equals' in one ? one.equals : [])) : []
  return [id, ...exact.filter((name) => name !== id)]
}

const known = (findProvider({ providerId: 'openai' })?.models ?? [])
  .filter(({ id }) => /realtime|transcribe|whisper/.test(id))
  .flatMap(namesOf)
const byToken = known.filter((model) => !/^(whisper-1|gpt-transcribe)$/.test(model))
const readsNoImages = (model: string): boolean => model.startsWith('gpt-4o')

beforeAll(() => printSeed('prices'))

test('[L3] the other reckoner knows all that the table has by token, and the snapshots', () => {
  const ours = [...shippedPrices].filter(([, { text }]) => text !== undefined).map(([model]) => model)
  expect(ours.filter((model) => !byToken.includes(model))).toEqual([])
  expect(byToken).toEqual(expect.arrayContaining(['gpt-realtime-2025-08-28', 'gpt-realtime-mini-2025-12-15']))
})

test.each(byToken)('[L3] %s: any report costs what @pydantic/genai-prices comes to, to the micro-dollar', (model) => {
  fc.assert(
    fc.property(randomUsage, (usage) => {
      if (readsNoImages(model)) for (const parts of [usage.input, usage.cached, usage.output]) parts.image = 0
      const { microUsd, unpriced } = price(shippedPrices, model, usage, fallback)
      expect(unpriced).toBe(false)
      near(reckoned(inItsWords(usage), model), microUsd)
    }),
    { seed },
  )
})

test('[L3] images of a model that is sold without are unpriced here; the package takes them for text', () => {
  for (const model of byToken.filter(readsNoImages)) {
    const usage: Usage = { input: { image: 1_000 }, cached: { image: 0 }, output: {}, partial: false }
    expect(price(shippedPrices, model, usage, fallback)).toEqual({ microUsd: 64_000, unpriced: true })
    near(reckoned(inItsWords(usage), model), 1_000 * (shippedPrices.get(model)?.text?.input ?? 0))
  }
})

test.each(['whisper-1', 'gpt-transcribe'])('[L3] %s: any duration costs what the package comes to', (model) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3_600_000 }), (ms) => {
      const usage: Usage = { input: {}, cached: {}, output: {}, seconds: ms / 1000, partial: false }
      near(reckoned({ audio_seconds: ms / 1000 }, model), price(shippedPrices, model, usage, fallback).microUsd)
    }),
    { seed },
  )
})

test.each(['grok-voice-latest', 'grok-voice-think-fast-1.0', 'grok-voice-think-fast-2.0'])(
  '[L3] %s: any time of a session costs what the package comes to',
  (model) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7_200_000 }), (ms) => {
        const { microUsd } = priceOfTime(shippedPrices, model, ms, fallback)
        near(reckoned({ audio_seconds: ms / 1000 }, model, 'x-ai'), microUsd)
      }),
      { seed },
    )
  },
)
