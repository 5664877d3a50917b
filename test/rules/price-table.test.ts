// The prices in force: the shipped table, what an operator lays over it, and which models have none.
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { readPrices, shippedPrices, unpricedOf } from '../../src/price-table.ts'
import { priceOf, type PriceTable } from '../../src/price.ts'
import shipped from '../../src/prices.json' with { type: 'json' }
import { upstreamsOf, type UpstreamSpec } from '../../src/upstream.ts'

const rate = { input: 1, cached: 0.5, output: 2 }
const [openai] = upstreamsOf(undefined, undefined) as [UpstreamSpec]

function tableOf(own: object): PriceTable {
  const read = readPrices(JSON.stringify(own))
  if ('unfit' in read) throw new Error(read.unfit.join('\n'))
  return read.table
}

function unfit(own: unknown): string[] {
  const read = readPrices(typeof own === 'string' ? own : JSON.stringify(own))
  if ('table' in read) throw new Error('it was taken')
  return read.unfit
}

test('[L3] the shipped table says when it was taken, and from which version of its source', () => {
  expect(shipped.asOf).toMatch(/^20\d\d-\d\d-\d\d$/)
  // Raised with the package: `node tools/prices.ts` wants the day on which the new version came out.
  expect(shipped.version).toBe(manifest.devDependencies['@pydantic/genai-prices'])
})

test('[L3] without a word of the operator the shipped table is in force', () => {
  for (const none of [undefined, '', '{}']) expect(readPrices(none)).toEqual({ table: shippedPrices })
})

test('[L3] what an operator says of a column stands over the shipped one, and the other columns stay', () => {
  const table = tableOf({ 'gpt-realtime-2.1': { text: rate }, 'voice-next': { audio: rate } })
  const { audio, image } = shippedPrices.get('gpt-realtime-2.1') ?? {}
  expect(table.get('gpt-realtime-2.1')).toEqual({ text: rate, audio, image })
  expect(table.get('voice-next')).toEqual({ audio: rate })
  expect(table.get('gpt-realtime-2')).toEqual(shippedPrices.get('gpt-realtime-2'))
  expect(shippedPrices.get('gpt-realtime-2.1')?.text).not.toEqual(rate)
})

test('[L3] snapshots cost what an operator says of their alias, unless they are named themselves', () => {
  const table = tableOf({ 'gpt-realtime': { text: rate } })
  expect(priceOf(table, 'gpt-realtime-2025-08-28')).toEqual(table.get('gpt-realtime'))
  const { audio } = shippedPrices.get('gpt-realtime-mini') ?? {}
  const named = tableOf({ 'gpt-realtime-mini-2025-12-15': { text: rate } })
  expect(priceOf(named, 'gpt-realtime-mini-2025-12-15')).toMatchObject({ text: rate, audio })
  expect(priceOf(named, 'gpt-realtime-mini-2025-10-06')).toEqual(shippedPrices.get('gpt-realtime-mini'))
})

test('[L3] a snapshot that is named stands over what is said of its alias, whichever comes first', () => {
  const [alias, snapshot] = [{ text: rate }, { image: rate }]
  const one = tableOf({ 'voice-2026-09-01': snapshot, voice: alias })
  const other = tableOf({ voice: alias, 'voice-2026-09-01': snapshot })
  for (const table of [one, other]) expect(table.get('voice-2026-09-01')).toEqual({ text: rate, image: rate })
})

test('[L3] times may be priced too, with a fraction, and a price may be 0', () => {
  const own = { secondMicroUsd: 0, sessionSecondMicroUsd: 833.3333 }
  expect(tableOf({ own }).get('own')).toEqual(own)
})

const give = 'give micro-dollars a token (which is US dollars a million tokens), a number from 0 to 10,000'

test.each([
  ['a hole in a rate', { m: { text: { input: 4, output: 16 } } }, `"m" text.cached is missing: ${give}`],
  ['a text', { 'm-1.5': { audio: { ...rate, input: '4' } } }, `"m-1.5" audio.input is "4": ${give}`],
  ['an amount below 0', { m: { image: { ...rate, output: -1 } } }, `"m" image.output is -1: ${give}`],
  ['an amount that nothing costs', { m: { text: { ...rate, input: 4e6 } } }, `"m" text.input is 4000000: ${give}`],
  ['null', { m: { text: { ...rate, input: null } } }, `"m" text.input is null: ${give}`],
  [
    'a rate that is a number',
    { m: { text: 4 } },
    '"m" text is no price: give { "input", "cached", "output" }, each in micro-dollars a token',
  ],
  [
    'a second that is a text',
    { m: { secondMicroUsd: 'x' } },
    '"m" secondMicroUsd is "x": give micro-dollars a second, a number from 0 to 10,000',
  ],
  [
    'a column that there is not',
    { m: { text: rate, video: rate } },
    '"m" has "video": the columns are text, audio, image, secondMicroUsd, sessionSecondMicroUsd',
  ],
  [
    'a rate with a word too many',
    { m: { text: { ...rate, in: 1, out: 2 } } },
    '"m" text has "in", "out": the columns are input, cached, output',
  ],
  [
    'a model without a column',
    { m: {} },
    '"m" has no column: give at least one of text, audio, image, secondMicroUsd, sessionSecondMicroUsd',
  ],
  ['a model that is a number', { m: 4 }, '"m" is no price: give { "text": { "input", "cached", "output" } } and such'],
  ['a list', [], 'is no table: give { "<model>": { "text": { "input", "cached", "output" } } } and such'],
  ['a text', '"x"', 'is no table: give { "<model>": { "text": { "input", "cached", "output" } } } and such'],
] as const)('[L3] prices with %s are not taken, and it is said where', (_what, own, says) => {
  expect(unfit(own)).toEqual([says])
})

test('[L3] prices that are no JSON are not taken, and all that is wrong is said at once', () => {
  expect(unfit('{')).toEqual([expect.stringMatching(/^is not valid JSON \(.+\)$/)])
  expect(unfit({ a: { text: { input: -1 } }, b: {} })).toHaveLength(4)
})

test('[L3] every model that the shipped upstream serves has a price', () => {
  expect(unpricedOf(shippedPrices, [openai])).toEqual([])
})

test('[L3] models that are served and have no price are named, with what they lack', () => {
  const own: UpstreamSpec = { ...openai, id: 'own', models: ['voice-next', 'gpt-realtime', 'text-only', 'gpt-live-1'] }
  const clock: UpstreamSpec = { ...own, id: 'clock', models: ['gpt-live-1', 'grok-voice-latest', 'gpt-realtime-2'] }
  const timed: UpstreamSpec = { ...clock, billing: 'seconds' }
  const table = tableOf({ 'text-only': { text: rate } })
  expect(unpricedOf(table, [own, timed])).toEqual([
    { model: 'voice-next', upstream: 'own', lacks: ['text', 'audio'] },
    { model: 'text-only', upstream: 'own', lacks: ['audio'] },
    { model: 'gpt-live-1', upstream: 'own', lacks: ['text', 'audio'] }, // the first that serves it bills tokens
    { model: 'gpt-realtime-2', upstream: 'clock', lacks: ['sessionSecondMicroUsd'] },
  ])
})
