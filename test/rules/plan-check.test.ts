// What is said of the shipped catalogue, against figures worked out by hand, and of made-up plans with one flaw each.
import { expect, test } from 'vitest'
import { assumptions, repliesOf, type Assumption } from '../../src/capacity/assumption.ts'
import { minutesText, numberText, usdText } from '../../src/capacity/figures.ts'
import { checkPlans } from '../../src/capacity/plan-check.ts'
import { plans } from '../../src/plan.ts'
import { planOf, rates, rowOf, terms } from './made-plan.ts'

const shipped = checkPlans(plans, terms)
const said = (plan: string, code: string): string | undefined =>
  shipped.findings.find((finding) => finding.plan === plan && finding.code === code)?.says
const assumed = (name: string): Assumption => assumptions.find((one) => one.name === name) as Assumption

// ---- What calls are assumed to use

test('[A6] a voice minute is 6,000 tokens and a burst 16,000, of each 800 said', () => {
  // said: 600 of audio and 200 of transcript a minute, whatever is read
  for (const [name, tokens] of [
    ['voice minute', 6_000],
    ['burst', 16_000],
  ] as const) {
    const replies = repliesOf(assumed(name), 1, rates, 0.9)
    expect(replies).toHaveLength(4)
    for (const reply of replies) expect(reply).toMatchObject({ input: tokens / 4 - 200, output: 200 })
  }
})

test('[A6] a growing call uses 8,750 tokens in its first minute, 26,350 in its fifth, 48,350 in its tenth', () => {
  // 4 × (1,500 + 1,100 × (m − 0.5)) + 550
  const replies = repliesOf(assumed('growing call'), 10, rates, 0.9)
  const minute = (m: number): number =>
    replies.slice(4 * m - 4, 4 * m).reduce((sum, { input, output }) => sum + input + output, 0)
  expect([1, 5, 10].map(minute)).toEqual([8_750, 26_350, 48_350])
})

test('[A6] a growing call grows no further than the model’s context of 128,000 tokens', () => {
  const replies = repliesOf(assumed('growing call'), 300, rates, 0.9)
  // 128,000 read again, 200 of the last answer, 75 heard
  expect(replies.at(-1)?.input).toBe(128_275)
  expect(Math.max(...replies.map(({ input }) => input))).toBe(128_275)
})

test('[A6] a voice minute costs $0.0807 where 90 % of what is read again is cached', () => {
  // A reply: new 225 audio × 32 + 50 text × 4 = 7,400; said 150 × 64 + 50 × 24 = 10,800; read again 500 + 525 × 2/11 text
  // at 0.9 × 0.4 + 0.1 × 4 = 0.76, 525 × 9/11 audio at 0.9 × 0.4 + 0.1 × 32 = 3.56.
  const microUsd = 4 * (7_400 + 10_800 + (500 + 1_050 / 11) * 0.76 + (4_725 / 11) * 3.56)
  expect(microUsd).toBeCloseTo(80_727, 0)
  const [voice] = shipped.assumptions
  expect(voice).toMatchObject({ name: 'voice minute', usdPerCallMinute: expect.closeTo(microUsd / 1e6, 9) })
})

test('[A6] the first minute of a growing call costs $0.07062 where all that is read again is cached', () => {
  // heard 4 × 75 × 32 = 9,600; three answers before 3 × (150 × 32 + 50 × 4) = 15,000; said 4 × 10,800 = 43,200;
  // read again 4 × 1,500 + (75 + 350 + 625) = 7,050 at 0.4 = 2,820
  const microUsd = repliesOf(assumed('growing call'), 1, rates, 1).reduce((sum, reply) => sum + reply.microUsd, 0)
  expect(microUsd).toBeCloseTo(9_600 + 15_000 + 43_200 + 2_820, 6)
})

test('[A6] a growing call of five minutes costs $0.5296 where 90 % of what is read again is cached', () => {
  // 20 replies: heard 75 × 32 = 2,400, said 10,800; 19 answers before, 150 × 32 + 50 × 4 = 5,000 each; 1,500 of instructions each time
  // at 0.76; of the talk 275 × (0 + 1 + … + 19) − 19 × 200 = 48,450 are read again, 2/11 text at 0.76 and 9/11 audio at 3.56.
  const again = 20 * 1_500 * 0.76 + 48_450 * ((2 / 11) * 0.76 + (9 / 11) * 3.56)
  const microUsd = 20 * (2_400 + 10_800) + 19 * 5_000 + again
  expect(microUsd).toBeCloseTo(529_616.5, 1)
  const [, , growing] = shipped.assumptions
  expect(growing).toMatchObject({ name: 'growing call', usdPerCallMinute: expect.closeTo(microUsd / 5 / 1e6, 9) })
})

test('[A6] every assumption says its name, its source and its date', () => {
  expect(shipped.assumptions.map(({ name }) => name)).toEqual(['voice minute', 'burst', 'growing call'])
  for (const { source, asOf, says } of shipped.assumptions) {
    expect(source.length).toBeGreaterThan(10)
    expect(says.length).toBeGreaterThan(10)
    expect(asOf).toMatch(/^20\d\d-\d\d-\d\d$/)
  }
})

test.each([
  [minutesText, 0.99, '59.4 s'],
  [minutesText, 1, '1 min'],
  [minutesText, 119, '119 min'],
  [minutesText, 120, '2 h'],
  [minutesText, 5_760, '96 h'],
  [numberText, 99.94, '99.9'],
  [numberText, 100.4, '100'],
  [numberText, 12_345.6, '12,346'],
  [usdText, 3, '3 USD'],
  [usdText, 0.5, '0.5000 USD'],
  [usdText, -0.08073, '-0.0807 USD'],
  [usdText, 1.004, '1.00 USD'],
  [usdText, 1, '1 USD'],
  [usdText, 999.99, '999.99 USD'],
  [usdText, 1_000.4, '1,000 USD'],
] as const)(
  '[A6] figures are shown with their unit, and no more digits than matter: %o of %d is %s',
  (text, value, shown) => {
    expect(text(value)).toBe(shown)
  },
)

// ---- The shipped catalogue

test('[A6] a starter’s 50 lines can be full for 20 seconds a day, which is 16.7 call-minutes', () => {
  const { oneLine, allLines } = rowOf(shipped, 'starter', 'voice minute')
  // 100,000 ÷ 6,000 = 16.67 min on one line, ÷ 50 = 20 s on all.
  expect(oneLine.budgets).toContainEqual({ budget: 'tokensPerDay', minutes: expect.closeTo(100 / 6, 9) })
  expect(allLines.budgets).toContainEqual({ budget: 'tokensPerDay', minutes: expect.closeTo(1 / 3, 9) })
  expect(allLines.fullMinutesPerDay).toBeCloseTo(1 / 3, 9)
  expect(said('starter', 'lines_never_full')).toBe(
    'All 50 lines together can be busy for 20 s (voice minute), 7.5 s (burst) and 16.9 s (growing call) a day: 50,000 input tokens ' +
      'an hour and 100,000 tokens a day are spent after 16.7 (voice minute), 6.3 (burst) and 14.1 (growing call) call-minutes.',
  )
})

test('[A6] of a starter the input tokens of the hour are spent first: after 9.6 min on one line, 11.5 s on all', () => {
  const { oneLine, allLines } = rowOf(shipped, 'starter', 'voice minute')
  // 6,000 − 800 said = 5,200 read; 50,000 ÷ 5,200 = 9.615 min; 25,000 ÷ 800 = 31.25 min; 5 ÷ 0.0807 = 61.9 min is beyond the hour
  expect(oneLine).toMatchObject({ first: 'inputTokensPerHour', firstMinutes: expect.closeTo(9.615_385, 6) })
  expect(allLines).toMatchObject({ first: 'inputTokensPerHour', firstMinutes: expect.closeTo(0.192_308, 6) })
  expect(oneLine.budgets).toEqual([
    { budget: 'inputTokensPerHour', minutes: expect.closeTo(9.615_385, 6) },
    { budget: 'outputTokensPerHour', minutes: 31.25 },
    { budget: 'spendUsdPerHour', minutes: null },
    { budget: 'ttsCharactersPerHour', minutes: null },
    { budget: 'tokensPerDay', minutes: expect.closeTo(16.666_667, 6) },
  ])
  expect(allLines.stops).toEqual(['inputTokensPerHour', 'tokensPerDay'])
})

test('[A6] a burst spends a starter’s hour of input in 3.3 min and its day in 6.25 call-minutes', () => {
  const { oneLine, allLines } = rowOf(shipped, 'starter', 'burst')
  expect(oneLine.firstMinutes).toBeCloseTo(50_000 / 15_200, 9)
  expect(allLines.fullMinutesPerDay).toBeCloseTo(100_000 / 16_000 / 50, 9)
})

function ends(plan: string): number[] {
  return planOf(shipped, plan).rows.map(({ longestCall }) => longestCall.minutes)
}

test('[A6] no shipped plan can have its longest call under each assumption, but scale', () => {
  // The nth reply of a growing call reads 1,575 + 275 × (n − 1), so n replies read 1,437.5 n + 137.5 n²: 14 read 47,075 and the
  // 15th 5,425; 55 read 495,000 and the 56th 16,700.
  const growing = { trial: (14 + 2_925 / 5_425) / 4, growth: (55 + 5_000 / 16_700) / 4 }
  expect(ends('trial')).toEqual([50 / 5.2, 50 / 15.2, growing.trial].map((minutes) => expect.closeTo(minutes, 9)))
  expect(ends('starter')).toEqual(ends('trial'))
  expect(ends('growth')).toEqual([60, 500 / 15.2, growing.growth].map((minutes) => expect.closeTo(minutes, 9)))
  expect(ends('scale')).toEqual([5, 5, 5])
  expect(said('growth', 'longest_call_unreachable')).toBe(
    "A call may last 60 min, yet cannot: even a tenant's only call is over after 32.9 min (burst) and 13.8 min (growing call), " +
      'when 500,000 input tokens an hour are spent.',
  )
})

test('[A6] trial fills its five lines for minutes a day, growth its 200 for less than one', () => {
  // 100,000 ÷ 6,000 ÷ 5 = 3.33 min; 1,000,000 ÷ 6,000 ÷ 200 = 0.83 min = 50 s
  expect(rowOf(shipped, 'trial', 'voice minute').allLines.fullMinutesPerDay).toBeCloseTo(10 / 3, 9)
  expect(rowOf(shipped, 'growth', 'voice minute').allLines.fullMinutesPerDay).toBeCloseTo(5 / 6, 9)
  expect(said('trial', 'lines_never_full')).toBeUndefined()
  expect(said('growth', 'lines_never_full')).toMatch(/^All 200 lines together can be busy for 50 s \(voice minute\)/)
})

test('[A6] a month of a starter: 516.7 call-minutes, $41.71, $0.2077 of the price left a minute', () => {
  // 100,000 tokens a day × 31 ÷ 6,000 = 516.67; × 0.080727 = 41.71; 149 ÷ 516.67 = 0.28839
  expect(rowOf(shipped, 'starter', 'voice minute').money).toEqual({
    usdPerCallMinute: expect.closeTo(0.080_727, 6),
    callMinutesPerMonth: expect.closeTo(516.667, 3),
    usdPerMonth: expect.closeTo(41.709, 3),
    priceUsdPerCallMinute: expect.closeTo(0.288_387, 6),
    marginUsdPerCallMinute: expect.closeTo(0.207_660, 6),
  })
})

test('[A6] scale has no budgets: 1,000 lines round the clock cost millions, and $1,499 pays for 18,569 minutes', () => {
  // 1,000 × 1,440 × 31 = 44,640,000 call-minutes × 0.080727 = 3,603,6xx USD; 1,499 ÷ 0.080727 = 18,569
  expect(rowOf(shipped, 'scale', 'voice minute').money.callMinutesPerMonth).toBeCloseTo(44_640_000, 3)
  expect(said('scale', 'price_below_cost')).toBe(
    'It sells for 1,499 USD a month, and without budgets a month of busy lines can cost 3,603,649 USD (voice minute), 4,556,510 USD ' +
      '(burst) and 4,728,417 USD (growing call): 44,640,000 call-minutes, of which the price pays 18,569 (voice minute), 14,686 (burst) ' +
      'and 14,152 (growing call).',
  )
})

test('[A6] the 5 USD an hour of trial and starter are never reached, nor trial’s suspension', () => {
  // 50,000 × 32 + 25,000 × 64 = 3,200,000 micro-dollars; twice that around the turn of an hour; 50 USD an hour for ten minutes is 8.33
  expect(said('starter', 'budget_never_reached')).toBe(
    '5 USD an hour can never be reached: lines and other budgets allow 3.20 USD at most in that time.',
  )
  expect(said('trial', 'suspend_never_reached')).toBe(
    'Suspended at 50 USD an hour over ten minutes, that is 8.33 USD in ten minutes: never reached. Its budgets end at 3.20 USD an hour, ' +
      'so at 6.40 USD in the ten minutes around the turn of an hour (5 USD an hour alone would let 10 USD through).',
  )
  expect(said('growth', 'budget_never_reached')).toMatch(/^50 USD an hour .* 32 USD at most/)
})

test('[A6] a starter’s budgets alone let a month cost $198.40, its dollars alone $3,720', () => {
  // 100,000 tokens a day, all said as audio: × 64 × 31; 5 USD × 24 × 31
  expect(said('starter', 'dearest_month_above_price')).toBe(
    'Were every token the dearest, its budgets would let a month cost 198.40 USD (5 USD an hour alone: 3,720 USD), against a price of 149 USD.',
  )
})

test('[A6] 100,000 tokens a day are 1.3 hours of 50,000 in and 25,000 out', () => {
  expect(said('trial', 'day_spent_in_hours')).toBe(
    '100,000 tokens a day can be spent in 1.3 hours: each hour allows 75,000 tokens.',
  )
})

test('[A6] the shipped catalogue cannot keep what it promises, and each plan is told why', () => {
  expect(shipped.keeps).toBe(false)
  const codes = (plan: string): string[] =>
    shipped.findings.filter((finding) => finding.plan === plan).map(({ severity, code }) => `${severity} ${code}`)
  const common = ['never_trips budget_never_reached', 'never_trips call_budget_never_first']
  const notes = ['note budget_never_first', 'note budget_not_judged', 'note day_spent_in_hours']
  expect(codes('trial')).toEqual([
    'contradiction longest_call_unreachable',
    ...common,
    'never_trips suspend_never_reached',
    ...notes,
    'note trial_cost',
  ])
  const paid = [
    'contradiction longest_call_unreachable',
    'contradiction lines_never_full',
    ...common,
    ...notes,
    'note dearest_month_above_price',
  ]
  expect(codes('starter')).toEqual(paid)
  expect(codes('growth')).toEqual(paid)
  expect(codes('scale')).toEqual(['below_cost price_below_cost'])
})
