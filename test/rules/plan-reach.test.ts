// The most that budgets let an account come to, against figures by hand. Rates: text 4, cached 0.4, out 24; audio 32, cached 0.4, out 64.
import { expect, test } from 'vitest'
import type { BoundedAccount, Budgets, WindowName } from '../../src/budget.ts'
import { boundsOf } from '../../src/capacity/fill.ts'
import { mostOf } from '../../src/capacity/reach.ts'
import { rates } from './made-plan.ts'

interface Reach {
  budgets: Budgets
  account: BoundedAccount
  window: WindowName
  most: number
}

const reaches: Reach[] = [
  { budgets: {}, account: 'tokens', window: 'day', most: Infinity },
  { budgets: {}, account: 'tts_characters', window: 'day', most: Infinity },
  { budgets: { ttsCharactersPerHour: 7 }, account: 'tts_characters', window: 'day', most: 24 * 7 },
  { budgets: { ttsCharactersPerHour: 7 }, account: 'tokens', window: 'day', most: Infinity },
  { budgets: { inputTokensPerHour: 100 }, account: 'tokens', window: 'hour', most: Infinity },
  { budgets: { inputTokensPerHour: 100 }, account: 'input', window: 'day', most: 2_400 },
  { budgets: { inputTokensPerHour: 100 }, account: 'input', window: 'month', most: 74_400 },
  { budgets: { inputTokensPerDay: 100 }, account: 'input', window: 'hour', most: 100 },
  { budgets: { tokensPerDay: 100 }, account: 'output', window: 'hour', most: 100 },
  // 75 of 100 are read where 25 are said: 75 × 32 + 25 × 64
  { budgets: { tokensPerHour: 100, outputTokensPerHour: 25 }, account: 'micro_usd', window: 'hour', most: 4_000 },
  // 60 of 100 are said where 40 are read at most, but all might be said
  { budgets: { tokensPerHour: 100, inputTokensPerHour: 40 }, account: 'micro_usd', window: 'hour', most: 6_400 },
  {
    budgets: { tokensPerDay: 90, inputTokensPerHour: 2, outputTokensPerHour: 1 },
    account: 'tokens',
    window: 'day',
    most: 72,
  },
  {
    budgets: { tokensPerDay: 70, inputTokensPerHour: 2, outputTokensPerHour: 1 },
    account: 'tokens',
    window: 'day',
    most: 70,
  },
  // $0.000024 buys 60 tokens that are read from the cache, or one that is written as text
  { budgets: { spendUsdPerHour: 0.000_024 }, account: 'input', window: 'hour', most: 60 },
  { budgets: { spendUsdPerHour: 0.000_024 }, account: 'output', window: 'hour', most: 1 },
  { budgets: { spendUsdPerHour: 0.000_024 }, account: 'micro_usd', window: 'day', most: 576 },
  // 30 read from the cache for 12 micro-dollars, and half a token written for 12
  { budgets: { spendUsdPerHour: 0.000_024, inputTokensPerDay: 30 }, account: 'tokens', window: 'hour', most: 30.5 },
  { budgets: { liveMinutesPerHour: 10 }, account: 'live_ms', window: 'day', most: 240 * 60_000 },
  { budgets: { liveMinutesPerHour: 500 }, account: 'live_ms', window: 'hour', most: 180 * 60_000 },
  { budgets: { tokensPerHour: 0 }, account: 'micro_usd', window: 'month', most: 0 },
]

test.each(reaches)(
  '[A6] within $budgets at most $most of $account a $window on three lines',
  ({ budgets, account, window, most }) => {
    const found = mostOf(account, window, boundsOf(budgets), 3, rates)
    expect(found).toEqual(most === Infinity ? Infinity : expect.closeTo(most, 6))
  },
)
