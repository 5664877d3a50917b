// A plan that keeps all it promises, to be spoilt in one place at a time, and the terms that plans are judged by in tests.
import { assumptions } from '../../src/capacity/assumption.ts'
import { checkPlans, type Check } from '../../src/capacity/plan-check.ts'
import type { PlanRows, Row, Terms } from '../../src/capacity/plan-rows.ts'
import type { Plan } from '../../src/plan-settings.ts'

/** gpt-realtime-2.1 as of 2026-07-22, micro-dollars per token. */
export const rates: Terms['rates'] = {
  text: { input: 4, cached: 0.4, output: 24 },
  audio: { input: 32, cached: 0.4, output: 64 },
}
export const terms: Terms = { assumptions, rates, cacheShare: 0.9 }

/** Two lines, round the clock, cost less than it sells for. */
export const sound: Plan = {
  priceUsd: 10_000,
  trialDays: null,
  lines: 2,
  budgets: {},
  callBudgets: {},
  suspendUsdPerHour: null,
  poolShare: 'shared',
  threshold: 0.8,
  weight: 1,
  room: 5,
  patienceSeconds: 60,
  longestCallMinutes: 5,
  fallbackMicroUsdPerToken: 64,
}

export function checked(plan: Partial<Plan>): Check {
  return checkPlans({ made: { ...sound, ...plan } }, terms)
}

export function planOf(check: Check, name: string): PlanRows {
  const found = check.plans.find(({ plan }) => plan === name)
  if (found === undefined) throw new Error(`no plan ${name}`)
  return found
}

export function rowOf(check: Check, name: string, assumption: string): Row {
  const row = planOf(check, name).rows.find((one) => one.assumption === assumption)
  if (row === undefined) throw new Error(`no assumption ${assumption}`)
  return row
}
