// What the page says of budgets: whole ones only, in words, never better than it is.
import { expect, test } from 'vitest'
import { budgetsOf, resetSentence, stateSentence, type Budget } from '../../web/budget.ts'

const resetsAt = '2026-11-30T00:00:00.000Z'
const told = {
  window: 'hour',
  of: 'input tokens',
  limit: 50_000,
  used: 48_000,
  held: 200,
  left: 1_800,
  share: 0.96,
  resets_at: resetsAt,
  state: 'warned',
  shadow: false,
}

function only(change: object = {}): Budget {
  return budgetsOf({ budgets: [{ ...told, ...change }] })[0] as Budget
}

test('[L9] what is left is said in the unit in which the budget is set', () => {
  expect(only()).toMatchObject({ name: 'Input tokens this hour', left: '1,800 of 50,000 left' })
  const money = { of: 'US dollars', window: 'month', limit: 5, left: 0.25 }
  expect(only(money)).toMatchObject({ name: 'US dollars this month', left: '$0.2500 of $5.00 left' })
  const minutes = { of: 'live minutes', window: 'day', limit: 60, left: 7.25 }
  expect(only(minutes)).toMatchObject({ name: 'Live minutes today', left: '7.25 of 60 left' })
})

test.each(['window', 'of', 'limit', 'left', 'share', 'resets_at'])('[L9] a budget without %s is not shown', (field) => {
  expect(budgetsOf({ budgets: [{ ...told, [field]: undefined }, told] })).toHaveLength(1)
})

test.each([undefined, null, 'none', { budgets: null }, { budgets: [null, 3, 'x'] }])(
  '[L9] an answer of %o has no budgets',
  (body) => {
    expect(budgetsOf(body)).toEqual([])
  },
)

test.each([
  { change: { state: 'ok', share: 0.5 }, says: '' },
  { change: { state: 'warned', share: 0.8 }, says: '80 % used.' },
  { change: { state: 'warned', share: 0.82 }, says: '82 % used.' },
  { change: { state: 'warned', share: 0.9999 }, says: '99 % used.' },
  { change: { state: 'spent', share: 1 }, says: 'Spent: calls wrap up, and new ones are refused.' },
  { change: { state: 'spent', share: 1.2, shadow: true }, says: '120 % used. Only tried: it refuses nobody.' },
  { change: { state: 'ok', share: 0, shadow: true }, says: 'Only tried: it refuses nobody.' },
  { change: { state: 'unheard of', share: 0 }, says: '' },
])('[L6] a budget with $change is said to be: $says', ({ change, says }) => {
  expect(stateSentence(only(change))).toBe(says)
})

test.each([
  { before: 61_000, says: 'Begins anew in 61 s.' },
  { before: 5 * 60_000, says: 'Begins anew in 5 min.' },
  { before: 3 * 3_600_000, says: 'Begins anew in 3 hours.' },
  { before: 3 * 86_400_000, says: 'Begins anew in 3 days.' },
  { before: 0, says: 'Begins anew now.' },
])('[L9] $before ms before its window ends: $says', ({ before, says }) => {
  expect(resetSentence(only(), Date.parse(resetsAt) - before)).toBe(says)
})
