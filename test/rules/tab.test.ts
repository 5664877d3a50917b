// What one call has used: sums for its record, and reports until the desk has confirmed them.
import { expect, test } from 'vitest'
import { unpostedReports } from '../../src/limits.ts'
import { shippedPrices } from '../../src/price-table.ts'
import { readUsage, type Usage } from '../../src/realtime/usage.ts'
import { Tab } from '../../src/tab.ts'

const fallback = 64
const model = 'gpt-realtime-2.1'

function used(input: number, output: number): Usage {
  return { input: { audio: input }, cached: {}, output: { audio: output }, partial: false }
}

test('[L1] a reply is one entry, by the id of its response', () => {
  const tab = new Tab(shippedPrices, fallback)
  tab.reply('resp_1', model, { ...used(10, 2), cached: { audio: 5 } }, 0)
  expect(tab.unposted()).toEqual([
    { id: 'reply:resp_1', amounts: { replies: 1, input_audio: 10, cached_audio: 5, output_audio: 2, micro_usd: 290 } },
  ])
})

test('[C1] sums tokens, cost and replies, and keeps the largest context', () => {
  const tab = new Tab(shippedPrices, fallback)
  tab.reply('a', model, used(100, 10), 0)
  tab.reply('b', model, used(300, 20), 0)
  tab.reply('c', model, used(200, 30), 0)
  expect([tab.tokens, tab.replies, tab.peakContextTokens]).toEqual([660, 3, 300])
  expect(tab.microUsd).toBe(600 * 32 + 60 * 64)
})

test('[L2] a reply without a report is counted as unreported, not as 0', () => {
  const tab = new Tab(shippedPrices, fallback)
  tab.reply('a', model, undefined, 0)
  expect(tab.unposted()).toEqual([{ id: 'reply:a', amounts: { replies: 1, unreported: 1 } }])
  expect([tab.replies, tab.tokens, tab.microUsd, tab.peakContextTokens]).toEqual([1, 0, 0, 0])
})

test('[L2] a report with something missing is marked partial, a whole one is not', () => {
  const tab = new Tab(shippedPrices, fallback)
  tab.reply('a', model, { ...used(1, 0), partial: true }, 0)
  tab.reply('b', model, used(1, 0), 0)
  expect(tab.unposted().map(({ amounts }) => amounts['partial'])).toEqual([1, undefined])
})

test('[L2] what cannot be so is marked odd, and characters are counted', () => {
  const tab = new Tab(shippedPrices, fallback)
  tab.reply('a', model, { ...used(1, 0), characters: 40, odd: true }, 0)
  tab.reply('b', model, used(1, 0), 0)
  const [odd, plain] = tab.unposted()
  expect(odd?.amounts).toMatchObject({ odd: 1, tts_characters: 40, micro_usd: 32 })
  expect(Object.keys(plain?.amounts ?? {})).toEqual(['replies', 'input_audio', 'output_audio', 'micro_usd'])
})

test('[L3] is priced by the table that it is given', () => {
  const tab = new Tab(new Map([[model, { audio: { input: 1, cached: 1, output: 3 } }]]), fallback)
  tab.reply('a', model, used(10, 2), 0)
  expect(tab.unposted()[0]?.amounts).toMatchObject({ micro_usd: 16 })
})

test('[L3] a model without a price is debited at the fallback rate and marked', () => {
  const tab = new Tab(shippedPrices, fallback)
  tab.reply('a', 'gpt-next', used(10, 2), 0)
  tab.reply('b', model, used(10, 2), 0)
  expect(tab.unposted().map(({ amounts }) => [amounts['unpriced'], amounts['micro_usd']])).toEqual([
    [1, 12 * fallback],
    [undefined, 448],
  ])
})

test('[L2] a transcription is debited at its own price and is no reply', () => {
  const tab = new Tab(shippedPrices, fallback)
  tab.transcription('item_1/0', 'whisper-1', { input: {}, cached: {}, output: {}, seconds: 1.2345, partial: false })
  tab.transcription(
    'item_2/0',
    'gpt-4o-transcribe',
    readUsage({ type: 'tokens', input_tokens: 10, output_tokens: 2, input_token_details: { audio_tokens: 10 } }),
  )
  expect(tab.unposted()).toMatchObject([
    { id: 'transcript:item_1/0', amounts: { transcribed_ms: 1_235, micro_usd: 123 } },
    { id: 'transcript:item_2/0', amounts: { input_audio: 10, output_text: 2 } },
  ])
  expect(tab.unposted()[0]?.amounts).not.toHaveProperty('replies')
  expect(tab.unposted()[1]?.amounts).not.toHaveProperty('transcribed_ms')
  expect([tab.replies, tab.tokens, tab.peakContextTokens]).toEqual([0, 12, 0])
})

test('[L2] a transcription without a report leaves nothing', () => {
  const tab = new Tab(shippedPrices, fallback)
  tab.transcription('item_1/0', 'whisper-1', undefined)
  expect(tab.unposted()).toEqual([])
})

test('[L1] a reply and a transcription of one id are two entries', () => {
  const tab = new Tab(shippedPrices, fallback)
  tab.reply('x', model, used(1, 1), 0)
  tab.transcription('x', model, used(1, 1))
  expect(tab.unposted().map(({ id }) => id)).toEqual(['reply:x', 'transcript:x'])
})

test('[L1] what was not confirmed stays, in order; what was, goes', () => {
  const tab = new Tab(shippedPrices, fallback)
  tab.reply('a', model, used(1, 1), 0)
  tab.reply('b', model, used(1, 1), 0)
  const first = tab.unposted()
  tab.reply('c', model, used(1, 1), 0)
  tab.posted(first)
  expect(tab.unposted().map(({ id }) => id)).toEqual(['reply:c'])
  tab.posted(first)
  tab.posted([])
  expect(tab.unposted().map(({ id }) => id)).toEqual(['reply:c'])
})

test('[L1] keeps so many reports for a desk that does not answer, and goes on summing', () => {
  const tab = new Tab(shippedPrices, fallback)
  for (let i = 0; i < unpostedReports + 5; i++) tab.reply(`r${i}`, model, used(1, 0), 0)
  expect(tab.unposted()).toHaveLength(unpostedReports)
  expect([tab.tokens, tab.replies]).toEqual([unpostedReports + 5, unpostedReports + 5])
})

test('[P3] [P4] from when it is live its replies tell what it takes, and its record what its first minute took', () => {
  const tab = new Tab(shippedPrices, fallback)
  tab.reply('early', model, used(900, 100), 0)
  expect([tab.load(120_000), tab.figures.firstMinuteTokens]).toEqual([null, null])
  tab.live(0)
  expect(tab.figures.firstMinuteTokens).toBe(0)
  tab.reply('a', model, used(900, 100), 30_000)
  expect([tab.load(59_999), tab.load(60_000)]).toEqual([null, 1_100])
  expect(tab.figures).toMatchObject({ firstMinuteTokens: 1_000, replies: 2, peakContextTokens: 900 })
})
