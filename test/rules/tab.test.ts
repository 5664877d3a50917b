// What one call has used: sums for its record, and reports until the desk has confirmed them.
import { expect, test } from 'vitest'
import { firstReply, knownReports, unpostedReports } from '../../src/limits.ts'
import type { CallTerms } from '../../src/plan.ts'
import type { Brings, CallRecord, Offer, Target } from '../../src/ports.ts'
import { shippedPrices } from '../../src/price-table.ts'
import { readUsage, type Usage } from '../../src/realtime/usage.ts'
import { ratesOf, Tab } from '../../src/tab.ts'
import { noHold } from '../support/words.ts'

const fallback = 64
const model = 'gpt-realtime-2.1'

const rates = { model, prices: shippedPrices, billing: 'tokens', fallbackMicroUsd: fallback } as const

/** As if it had been live for a minute. */
function recordOf(tab: Tab, liveMs = 60_000): CallRecord {
  const outcome = { by: 'caller', why: 'hung_up', code: 1000, reason: '', inReply: false } as const
  return tab.record(outcome, { waitedMs: 0, liveMs, overheadMs: 5, connectMs: 50 }, null)
}

function used(input: number, output: number): Usage {
  return { input: { audio: input }, cached: {}, output: { audio: output }, partial: false }
}

test('[L1] a reply is one entry, by the id of its response', () => {
  const tab = new Tab(rates)
  tab.reply('resp_1', { ...used(10, 2), cached: { audio: 5 } }, 0)
  expect(tab.unposted()).toEqual([
    {
      id: 'reply:resp_1',
      model,
      amounts: { replies: 1, input_audio: 10, cached_audio: 5, output_audio: 2, micro_usd: 290 },
    },
  ])
})

test('[C1] sums tokens, cost and replies, and keeps the largest context', () => {
  const tab = new Tab(rates)
  tab.reply('a', used(100, 10), 0)
  tab.reply('b', used(300, 20), 0)
  tab.reply('c', used(200, 30), 0)
  expect([tab.tokens, tab.replies, tab.peakContextTokens]).toEqual([660, 3, 300])
  expect(recordOf(tab).microUsd).toBe(600 * 32 + 60 * 64)
})

test('[L2] a reply without a report is counted as unreported, not as 0', () => {
  const tab = new Tab(rates)
  tab.reply('a', undefined, 0)
  expect(tab.unposted()).toEqual([{ id: 'reply:a', model, amounts: { replies: 1, unreported: 1 } }])
  expect([tab.replies, tab.tokens, recordOf(tab).microUsd, tab.peakContextTokens]).toEqual([1, 0, 0, 0])
})

test('[L2] a report with something missing is marked partial, a whole one is not', () => {
  const tab = new Tab(rates)
  tab.reply('a', { ...used(1, 0), partial: true }, 0)
  tab.reply('b', used(1, 0), 0)
  expect(tab.unposted().map(({ amounts }) => amounts['partial'])).toEqual([1, undefined])
})

test('[L2] what cannot be so is marked odd, and characters are counted', () => {
  const tab = new Tab(rates)
  tab.reply('a', { ...used(1, 0), characters: 40, odd: true }, 0)
  tab.reply('b', used(1, 0), 0)
  const [odd, plain] = tab.unposted()
  expect(odd?.amounts).toMatchObject({ odd: 1, tts_characters: 40, micro_usd: 32 })
  expect(Object.keys(plain?.amounts ?? {})).toEqual(['replies', 'input_audio', 'output_audio', 'micro_usd'])
})

test('[L3] is priced by the table that it is given', () => {
  const prices = new Map([[model, { audio: { input: 1, cached: 1, output: 3 } }]])
  const tab = new Tab({ ...rates, prices })
  tab.reply('a', used(10, 2), 0)
  expect(tab.unposted()[0]?.amounts).toMatchObject({ micro_usd: 16 })
})

test('[L3] a model without a price is debited at the fallback rate and marked', () => {
  const tab = new Tab(rates)
  const next = new Tab({ ...rates, model: 'gpt-next' })
  next.reply('a', used(10, 2), 0)
  tab.reply('b', used(10, 2), 0)
  expect(
    [...next.unposted(), ...tab.unposted()].map(({ amounts }) => [amounts['unpriced'], amounts['micro_usd']]),
  ).toEqual([
    [1, 12 * fallback],
    [undefined, 448],
  ])
})

test('[L2] a transcription is debited at its own price and is no reply', () => {
  const tab = new Tab(rates)
  tab.transcription('item_1/0', 'whisper-1', { input: {}, cached: {}, output: {}, seconds: 1.2345, partial: false })
  tab.transcription(
    'item_2/0',
    'gpt-4o-transcribe',
    readUsage({ type: 'tokens', input_tokens: 10, output_tokens: 2, input_token_details: { audio_tokens: 10 } }),
  )
  expect(tab.unposted()).toMatchObject([
    { id: 'transcript:item_1/0', model: 'whisper-1', amounts: { transcribed_ms: 1_235, micro_usd: 123 } },
    { id: 'transcript:item_2/0', model: 'gpt-4o-transcribe', amounts: { input_audio: 10, output_text: 2 } },
  ])
  expect(tab.unposted()[0]?.amounts).not.toHaveProperty('replies')
  expect(tab.unposted()[1]?.amounts).not.toHaveProperty('transcribed_ms')
  expect([tab.replies, tab.tokens, tab.peakContextTokens]).toEqual([0, 12, 0])
})

test('[L2] a transcription without a report is counted as unreported, too', () => {
  const tab = new Tab(rates)
  tab.transcription('item_1/0', 'whisper-1', undefined)
  expect(tab.unposted()).toEqual([{ id: 'transcript:item_1/0', model: 'whisper-1', amounts: { unreported: 1 } }])
})

test('[L1] a reply and a transcription of one id are two entries, and each without one is one of its own', () => {
  const tab = new Tab(rates)
  tab.reply('x', used(1, 1), 0)
  tab.transcription('x', model, used(1, 1))
  for (let i = 0; i < 2; i++) tab.transcription('', model, used(1, 1))
  const ids = ['reply:x', 'transcript:x', 'transcript:unnamed-0', 'transcript:unnamed-1']
  expect(tab.unposted().map(({ id }) => id)).toEqual(ids)
})

test('[L1] [C1] a report that comes again is the same one: to the desk, in the record, and in what the call is taken to need', () => {
  const tab = new Tab(rates)
  tab.live(0)
  tab.began('a', undefined)
  for (const tokens of [100, 900]) tab.reply('a', used(tokens, 10), 1_000)
  for (const tokens of [5, 7]) tab.transcription('a', model, used(tokens, 0))
  tab.began('b', undefined)
  expect(tab.unposted().map(({ id }) => id)).toEqual(['reply:a', 'transcript:a'])
  expect(tab.progress(1_000).hold?.input).toBe(110)
  const microUsd = 105 * 32 + 10 * 64
  expect(recordOf(tab)).toMatchObject({
    replies: 1,
    tokens: 115,
    microUsd,
    peakContextTokens: 100,
    firstMinuteTokens: 110,
  })
  tab.posted(tab.unposted())
  tab.began('a', undefined)
  tab.reply('a', used(1, 1), 2_000)
  expect([tab.unposted(), tab.progress(2_000).hold?.input]).toEqual([[], 110])
})

test('[C1] it knows so many reports again, the latest; what comes again after more than that its desk knows', () => {
  const tab = new Tab(rates)
  const says = (report: number) => tab.reply(`r${report}`, used(1, 0), 0)
  for (let report = 0; report < knownReports; report++) says(report)
  says(0)
  expect(tab.replies).toBe(knownReports)
  says(knownReports)
  says(1)
  expect(tab.replies).toBe(knownReports + 1)
  says(0)
  expect(tab.replies).toBe(knownReports + 2)
})

test('[L1] what was not confirmed stays, in order; what was, goes', () => {
  const tab = new Tab(rates)
  tab.reply('a', used(1, 1), 0)
  tab.reply('b', used(1, 1), 0)
  const first = tab.unposted()
  tab.reply('c', used(1, 1), 0)
  tab.posted(first)
  expect(tab.unposted().map(({ id }) => id)).toEqual(['reply:c'])
  tab.posted(first)
  tab.posted([])
  expect(tab.unposted().map(({ id }) => id)).toEqual(['reply:c'])
})

test('[L1] keeps so many reports for a desk that does not answer, and goes on summing', () => {
  const tab = new Tab(rates)
  for (let i = 0; i < unpostedReports + 5; i++) tab.reply(`r${i}`, used(1, 0), 0)
  expect(tab.unposted()).toHaveLength(unpostedReports)
  expect([tab.tokens, tab.replies]).toEqual([unpostedReports + 5, unpostedReports + 5])
})

test('[P3] [P4] from when it is live its replies tell what it takes, and its record what its first minute took', () => {
  const tab = new Tab(rates)
  tab.reply('early', used(900, 100), 0)
  expect([tab.load(120_000), recordOf(tab).firstMinuteTokens]).toEqual([null, null])
  tab.live(0)
  expect(recordOf(tab).firstMinuteTokens).toBe(0)
  tab.reply('a', used(900, 100), 30_000)
  expect([tab.load(59_999), tab.load(60_000)]).toEqual([null, 1_100])
  expect(recordOf(tab)).toMatchObject({ firstMinuteTokens: 1_000, replies: 2, peakContextTokens: 900 })
})

test('[L8] tells how long it has been live: nothing before', () => {
  const tab = new Tab(rates)
  expect(tab.progress(9_000)).toEqual({ metered: { live_ms: 0, micro_usd: 0 } })
  tab.live(10_000)
  expect(tab.progress(70_000).metered).toEqual({ live_ms: 60_000, micro_usd: 0 })
})

test('[L4] holds for a reply what the one before read and said and cost, and lets go when it has ended', () => {
  const tab = new Tab(rates)
  expect(tab.progress(0)).not.toHaveProperty('hold') // what was held when it came goes on
  tab.began('a', undefined)
  expect(tab.progress(0).hold).toEqual(firstReply)
  tab.reply('a', used(1_000, 50), 0)
  expect(tab.progress(0).hold).toEqual(noHold)
  tab.began('b', undefined)
  expect(tab.progress(0).hold).toEqual({ input: 1_050, output: 50, micro_usd: 1_000 * 32 + 50 * 64 })
  tab.reply('b', used(1_100, 40), 0)
  tab.began('c', undefined)
  expect(tab.progress(0).hold?.micro_usd).toBe(1_100 * 32 + 40 * 64)
  const { heldTokens, settledTokens, firstReplyTokens } = recordOf(tab)
  expect([heldTokens, settledTokens, firstReplyTokens]).toEqual([1_000 + 1_100, 1_050 + 1_140, 1_050])
})

test('[C1] its record says tokens a minute and what was cached, where that can be told', () => {
  const tab = new Tab(rates)
  expect(recordOf(tab)).toMatchObject({ tokensPerMinute: 0, cachedShare: null })
  tab.reply('a', { ...used(900, 100), cached: { audio: 200, text: 100 } }, 0)
  tab.reply('b', { ...used(100, 0), cached: { audio: 33 } }, 0)
  expect(recordOf(tab)).toMatchObject({ tokensPerMinute: 1_100, cachedShare: 0.333 })
  expect(recordOf(tab, 90_000).tokensPerMinute).toBe(733)
  expect(recordOf(tab, 0).tokensPerMinute).toBeNull()
})

test('[L3] [L8] of a provider that bills time the call pays for its time, and its tokens come with it', () => {
  const tab = new Tab({ ...rates, model: 'gpt-live-1', billing: 'seconds' })
  tab.live(0)
  expect(tab.unposted()).toEqual([])
  tab.reply('a', used(1_000, 50), 5_000)
  expect(tab.unposted()[0]?.amounts).toMatchObject({ micro_usd: 0, input_audio: 1_000 })
  expect(tab.progress(90_000).metered).toEqual({ live_ms: 90_000, micro_usd: 75_000 }) // $0.05 a minute
  expect(recordOf(tab, 120_000)).toMatchObject({ microUsd: 100_000, timeMicroUsd: 100_000 })
  expect(tab.unposted()[0]?.amounts).not.toHaveProperty('unpriced')
})

test('[L3] time without a price is debited at the fallback rate for what speech has, and marked once, also where nobody spoke', () => {
  const tab = new Tab({ ...rates, model: 'gpt-next', billing: 'seconds' })
  expect(tab.unposted()).toEqual([])
  tab.live(0)
  expect(tab.unposted()).toEqual([{ id: 'time', model: 'gpt-next', amounts: { unpriced: 1 } }])
  tab.reply('a', used(10, 2), 0)
  expect(tab.unposted()[1]?.amounts).toEqual({ replies: 1, input_audio: 10, output_audio: 2, micro_usd: 0 })
  expect(tab.progress(1_000).metered.micro_usd).toBe(20 * fallback)
})

test('[L3] is priced as its provider bills; one that was parked before there was a choice by its tokens', () => {
  const offer = { model: 'm' } as Offer
  const of = (upstream: object) => {
    const target = { upstream, url: '' } as Target
    return ratesOf(offer, target, { fallbackMicroUsd: 64 } as CallTerms, { prices: shippedPrices } as Brings)
  }
  expect(of({ billing: 'seconds' })).toEqual({
    model: 'm',
    prices: shippedPrices,
    billing: 'seconds',
    fallbackMicroUsd: 64,
  })
  expect(of({}).billing).toBe('tokens')
})
