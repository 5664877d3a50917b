// Made-up plans with one flaw each: just that is said of them, and whether they keep what they promise.
import { expect, test } from 'vitest'
import { assumptions, repliesOf } from '../../src/capacity/assumption.ts'
import { boundsOf, fill } from '../../src/capacity/fill.ts'
import type { Plan } from '../../src/plan-settings.ts'
import { checked, planOf, rates, rowOf } from './made-plan.ts'

interface Flaw {
  what: string
  plan: Partial<Plan>
  /** Severity and code. */
  finds: string[]
  says?: string
}

// Five minutes of a growing call use 87,750 tokens, of these 83,750 read, and $0.53.
const flaws: Flaw[] = [
  { what: 'none', plan: {}, finds: [] },
  {
    what: 'a longest call beyond the hour’s tokens',
    plan: { longestCallMinutes: 30, budgets: { tokensPerHour: 150_000 } },
    // 150,000 ÷ 6,000; ÷ 16,000; 1,637.5 n + 137.5 n² after n replies: 27 of them use 144,450 and the 28th 9,200
    finds: ['contradiction longest_call_unreachable'],
    says: "A call may last 30 min, yet cannot: even a tenant's only call is over after 25 min (voice minute), 9.4 min (burst) and 6.9 min (growing call), when 150,000 tokens an hour are spent.",
  },
  {
    what: 'a longest call beyond its own budget',
    plan: { longestCallMinutes: 30, callBudgets: { liveMinutesPerHour: 20 } },
    finds: ['contradiction longest_call_unreachable'],
    says: "A call may last 30 min, yet cannot: even a tenant's only call is over after 20 min, when 20 live minutes an hour of one call are spent.",
  },
  {
    what: 'calls of any length that end before five minutes',
    plan: { longestCallMinutes: null, budgets: { liveMinutesPerDay: 4 } },
    finds: ['contradiction longest_call_unreachable'],
    says: "A call may be of any length, yet not even 5 min can be had: even a tenant's only call is over after 4 min, when 4 live minutes a day are spent.",
  },
  {
    what: 'more lines than a minute a day',
    plan: { lines: 20, budgets: { liveMinutesPerDay: 19 } },
    finds: ['contradiction lines_never_full'],
    says: 'All 20 lines together can be busy for 57 s a day: 19 live minutes a day are spent after 19 call-minutes.',
  },
  {
    what: 'lines that are full for just a minute a day',
    plan: { lines: 20, budgets: { liveMinutesPerDay: 20 } },
    finds: [],
  },
  {
    what: 'a price below cost within budgets',
    plan: { priceUsd: 10, budgets: { liveMinutesPerDay: 10 } },
    // 310 call-minutes × 0.0807, 0.1021 and 0.0855 (each line’s call ends at its budget, before it grows old)
    finds: ['below_cost price_below_cost'],
  },
  {
    what: 'a price of nothing, for ever',
    plan: { priceUsd: 0, budgets: { liveMinutesPerDay: 10 } },
    finds: ['below_cost price_below_cost'],
  },
  {
    what: 'a price of nothing for a while',
    // 2 × 60 × 24 × 14 = 40,320 call-minutes × 0.0807, 0.1021 and 0.1059
    plan: { priceUsd: 0, trialDays: 14 },
    finds: ['note trial_cost'],
    says: 'Free for 14 days, which may cost 3,255 USD (voice minute), 4,116 USD (burst) and 4,271 USD (growing call).',
  },
  { what: 'a price for a while', plan: { trialDays: 14 }, finds: [] },
  {
    what: 'a day’s budget above what its hours allow',
    plan: { budgets: { tokensPerHour: 100_000, tokensPerDay: 2_400_001 } },
    finds: ['never_trips budget_never_reached'],
    says: '2,400,001 tokens a day can never be reached: lines and other budgets allow 2,400,000 tokens at most in that time.',
  },
  {
    what: 'a day’s budget that its hours just allow',
    plan: { budgets: { tokensPerHour: 100_000, tokensPerDay: 2_400_000 } },
    finds: ['note budget_never_first'],
  },
  {
    what: 'a budget of minutes above what two lines can talk',
    plan: { budgets: { liveMinutesPerHour: 121 } },
    finds: ['never_trips budget_never_reached'],
    says: '121 live minutes an hour can never be reached: lines and other budgets allow 120 live minutes at most in that time.',
  },
  {
    what: 'a call’s budget that is the tenant’s too',
    plan: { budgets: { tokensPerHour: 100_000 }, callBudgets: { tokensPerHour: 100_000 } },
    finds: ['never_trips call_budget_never_first'],
    says: '100,000 tokens an hour of one call never ends it: all calls together may use no more.',
  },
  {
    what: 'a suspension beyond two hours’ dollars',
    plan: { suspendUsdPerHour: 50, budgets: { spendUsdPerHour: 4 } },
    finds: ['never_trips suspend_never_reached'],
    says: 'Suspended at 50 USD an hour over ten minutes, that is 8.33 USD in ten minutes: never reached. Its budgets end at 4 USD an hour, so at 8 USD in the ten minutes around the turn of an hour.',
  },
  {
    what: 'a suspension that dollars alone would just let through',
    // Tokens end at 50,000 × 64 = 3.20 USD an hour.
    plan: { suspendUsdPerHour: 60, longestCallMinutes: 1, budgets: { tokensPerHour: 50_000, spendUsdPerHour: 5 } },
    finds: ['never_trips budget_never_reached', 'never_trips suspend_never_reached'],
    says: 'Suspended at 60 USD an hour over ten minutes, that is 10 USD in ten minutes: never reached. Its budgets end at 3.20 USD an hour, so at 6.40 USD in the ten minutes around the turn of an hour (5 USD an hour alone would let 10 USD through).',
  },
  {
    what: 'a suspension beyond two hours’ tokens',
    plan: { suspendUsdPerHour: 60, longestCallMinutes: 1, budgets: { tokensPerHour: 50_000 } },
    finds: ['never_trips suspend_never_reached'],
    says: 'Suspended at 60 USD an hour over ten minutes, that is 10 USD in ten minutes: never reached. Its budgets end at 3.20 USD an hour, so at 6.40 USD in the ten minutes around the turn of an hour.',
  },
  {
    what: 'a suspension that two hours’ dollars just reach',
    plan: { lines: 20, suspendUsdPerHour: 48, budgets: { spendUsdPerHour: 4 } },
    finds: ['note suspend_by_burst'],
  },
  {
    what: 'a suspension beyond what its lines can use',
    // 2 × 10 × 0.105923, the growing call’s mean
    plan: { suspendUsdPerHour: 50, budgets: { spendUsdPerHour: 5 } },
    finds: ['never_trips suspend_never_reached'],
    says: 'Suspended at 50 USD an hour over ten minutes, that is 8.33 USD in ten minutes: never reached. All 2 lines use at most 2.12 USD in that time under these assumptions.',
  },
  {
    what: 'a suspension that a burst alone reaches',
    plan: { lines: 20, suspendUsdPerHour: 50, budgets: { spendUsdPerHour: 5 } },
    finds: ['note suspend_by_burst'],
    says: 'Suspended at 50 USD an hour over ten minutes, that is 8.33 USD in ten minutes: reached by a burst alone. Its budgets end at 5 USD an hour, but let through 10 USD in the ten minutes around the turn of an hour.',
  },
  {
    what: 'a suspension that an hour reaches too',
    plan: { lines: 20, priceUsd: 100_000, suspendUsdPerHour: 50, budgets: { spendUsdPerHour: 50 } },
    finds: [],
  },
  {
    what: 'a budget that another is always spent before',
    plan: { budgets: { inputTokensPerHour: 100_000, outputTokensPerHour: 50_000 } },
    finds: ['note budget_never_first'],
    says: '50,000 output tokens an hour is never what stops a call under these assumptions: 100,000 input tokens an hour are spent before.',
  },
  {
    what: 'characters, of which no assumption has any',
    plan: { budgets: { ttsCharactersPerHour: 50_000 } },
    finds: ['note budget_not_judged'],
    says: '50,000 TTS characters an hour: not judged, since these assumptions have none.',
  },
  {
    what: 'a day that a few hours spend',
    plan: { budgets: { tokensPerHour: 100_000, tokensPerDay: 799_999 } },
    finds: ['note day_spent_in_hours'],
    says: '799,999 tokens a day can be spent in 8 hours: each hour allows 100,000 tokens.',
  },
  {
    what: 'a day that lasts for eight hours',
    plan: { budgets: { tokensPerHour: 100_000, tokensPerDay: 800_000 } },
    finds: [],
  },
  {
    what: 'budgets that a dear month could put above the price',
    // 100,000 × 31 × 64 = 198.40 USD
    plan: { priceUsd: 198, budgets: { tokensPerDay: 100_000 } },
    finds: ['note dearest_month_above_price'],
    says: 'Were every token the dearest, its budgets would let a month cost 198.40 USD, against a price of 198 USD.',
  },
  {
    what: 'the price of the dearest month',
    // 125,000 × 31 × 64
    plan: { priceUsd: 248, budgets: { tokensPerDay: 125_000 } },
    finds: [],
  },
  { what: 'no lines', plan: { lines: 0, priceUsd: 0, budgets: { tokensPerDay: 1 } }, finds: ['note no_lines'] },
]

test.each(flaws)('[A6] of a plan with $what is said just that', ({ plan, finds, says }) => {
  const { findings, keeps } = checked(plan)
  expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual(finds)
  if (says !== undefined) expect(findings.map((finding) => finding.says)).toContain(says)
  expect(findings.every((finding) => finding.plan === 'made')).toBe(true)
  expect(keeps).toBe(!finds.some((found) => /^contradiction|^below_cost/.test(found)))
})

test('[A6] after a budget of the hour is spent there is silence until the next hour', () => {
  // 60,000 an hour ÷ 12,000 a minute = 5 min of each of 24 hours
  const { allLines } = rowOf(checked({ budgets: { tokensPerHour: 60_000 } }), 'made', 'voice minute')
  expect(allLines.fullMinutesPerDay).toBeCloseTo(120, 9)
  expect(allLines.firstMinutes).toBeCloseTo(5, 9)
  expect(allLines.stops).toEqual(['tokensPerHour'])
})

test('[A6] after the silence calls are new, and as short of context as in their first minute', () => {
  // 8,750 tokens are the first minute of a growing call, in each of 24 hours. An hour is no whole number of calls of 7 minutes.
  const growing = assumptions.find(({ name }) => name === 'growing call')
  if (growing === undefined) throw new Error('no assumption')
  const replies = repliesOf(growing, 7, rates, 0.9)
  const line = { replies, repeats: true, repliesPerMinute: growing.repliesPerMinute, lines: 1 }
  expect(fill(boundsOf({ tokensPerHour: 8_750 }), line, 1_440).minutes).toBeCloseTo(24, 9)
})

test('[A6] the budget that is spent first is named, whatever its window', () => {
  const day = rowOf(checked({ budgets: { tokensPerHour: 120_000, tokensPerDay: 60_000 } }), 'made', 'voice minute')
  expect(day.allLines).toMatchObject({ first: 'tokensPerDay', firstMinutes: 5 })
})

test('[A6] what busy lines use is added up over all of them', () => {
  const [voice] = assumptions
  if (voice === undefined) throw new Error('no assumption')
  const replies = repliesOf(voice, 5, rates, 0.9)
  const lines = { replies, repeats: true, repliesPerMinute: voice.repliesPerMinute, lines: 3 }
  const { minutes, used } = fill([], lines, 60)
  expect(minutes).toBe(60)
  expect(used).toMatchObject({ input: 5_200 * 60 * 3, output: 800 * 60 * 3 })
  expect(used.microUsd).toBeCloseTo(replies.reduce((sum, { microUsd }) => sum + microUsd, 0) * 12 * 3, 3)
})

test('[A6] of two budgets that are spent at once the shorter window is named; without any, none', () => {
  const both = rowOf(checked({ budgets: { tokensPerHour: 60_000, tokensPerDay: 60_000 } }), 'made', 'voice minute')
  expect(both.allLines).toMatchObject({ first: 'tokensPerHour', firstMinutes: 5 })
  expect(rowOf(checked({}), 'made', 'voice minute').allLines).toEqual({
    budgets: [],
    first: null,
    firstMinutes: null,
    fullMinutesPerDay: 1_440,
    stops: [],
  })
})

test('[A6] a budget of the month bounds the month, and no day before it is spent', () => {
  // 600,000 ÷ 12,000 = 50 min on the first day, and nothing more
  const row = rowOf(checked({ budgets: { tokensPerMonth: 600_000 } }), 'made', 'voice minute')
  expect(row.money.callMinutesPerMonth).toBeCloseTo(100, 9)
  expect(row.money.usdPerMonth).toBeCloseTo(100 * row.money.usdPerCallMinute, 9)
  expect(row.allLines.fullMinutesPerDay).toBeCloseTo(50, 9)
})

test('[A6] a budget of nothing lets nobody talk, and no money is divided by no minutes', () => {
  const row = rowOf(checked({ budgets: { tokensPerDay: 0 } }), 'made', 'burst')
  expect(row.allLines).toMatchObject({ first: 'tokensPerDay', firstMinutes: 0, fullMinutesPerDay: 0 })
  expect(row.money).toMatchObject({ callMinutesPerMonth: 0, priceUsdPerCallMinute: null, marginUsdPerCallMinute: null })
})

test('[A6] a call of several hours has the budgets of each hour anew', () => {
  const twoHours = { longestCallMinutes: 120, budgets: { tokensPerHour: 360_000 } } // 60 × 6,000
  expect(rowOf(checked(twoHours), 'made', 'voice minute').longestCall).toEqual({
    wantedMinutes: 120,
    minutes: expect.closeTo(120, 6),
    endedBy: null,
  })
  expect(rowOf(checked(twoHours), 'made', 'burst').longestCall).toEqual({
    wantedMinutes: 120,
    minutes: 22.5,
    endedBy: { budget: 'tokensPerHour', of: 'tenant' },
  })
})

test('[A6] lines are filled by calls no longer than the plan lets them be', () => {
  const short = planOf(checked({ longestCallMinutes: 1 }), 'made').rows.map(({ money }) => money.usdPerCallMinute)
  const long = planOf(checked({}), 'made').rows.map(({ money }) => money.usdPerCallMinute)
  expect(short.slice(0, 2)).toEqual(long.slice(0, 2).map((usd) => expect.closeTo(usd, 9)))
  expect(short[2]).toBeLessThan(long[2] ?? 0)
})
