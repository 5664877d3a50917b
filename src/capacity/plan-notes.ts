// What is worth knowing of a plan that keeps what it promises too. Rule A6.
import type { Plan } from '../plan-settings.ts'
import type { Rates } from './assumption.ts'
import { amountText, limitText, list, numberText, under, usdText } from './figures.ts'
import { windowMinutes, type Bound } from './fill.ts'
import type { Found } from './plan-findings.ts'
import type { Row } from './plan-rows.ts'
import { isFreeTrial } from './promises.ts'
import { mostOf } from './reach.ts'

/** A budget of a day that lasts for a working day of such hours surprises nobody. */
const workingHours = 8

/** No assumption says what a call takes of it. */
export function uncounted(bounds: readonly Bound[]): Found[] {
  const says = bounds.filter(({ account }) => account === 'tts_characters').map(limitText)
  if (says.length === 0) return []
  return [
    {
      code: 'budget_not_judged',
      severity: 'note',
      says: `${list(says)}: not judged, since these assumptions have none.`,
    },
  ]
}

/** Hours that allow more than their day does. */
export function dayBeyondHours({ lines }: Plan, bounds: readonly Bound[], rates: Rates): Found[] {
  const hours = bounds.filter(({ window }) => window === 'hour')
  return bounds
    .filter(({ window }) => window === 'day')
    .flatMap((day) => {
      const most = mostOf(day.account, 'hour', hours, lines, rates)
      const bounded = most < mostOf(day.account, 'hour', [], lines, rates)
      if (!bounded || day.amount === 0 || day.amount / most >= workingHours) return []
      const says = `${limitText(day)} can be spent in ${numberText(day.amount / most)} hours: each hour allows ${amountText(day.account, most)}.`
      return [{ code: 'day_spent_in_hours', severity: 'note' as const, says }]
    })
}

/** The budgets alone, whatever the calls are like. */
export function dearestMonth(plan: Plan, bounds: readonly Bound[], rates: Rates): Found[] {
  const most = mostOf('micro_usd', 'month', bounds, plan.lines, rates) / 1e6
  if (isFreeTrial(plan) || most <= plan.priceUsd || most === Infinity) return []
  const spend = bounds.filter(({ account }) => account === 'micro_usd')
  const alone = mostOf('micro_usd', 'month', spend, plan.lines, rates) / 1e6
  const only = spend.length === 0 ? '' : ` (${list(spend.map(limitText))} alone: ${usdText(alone)})`
  const says = `Were every token the dearest, its budgets would let a month cost ${usdText(most)}${only}, against a price of ${usdText(plan.priceUsd)}.`
  return [{ code: 'dearest_month_above_price', severity: 'note', says }]
}

export function trialCost(plan: Plan, rows: readonly Row[]): Found[] {
  const { trialDays } = plan
  if (!isFreeTrial(plan) || trialDays === null) return []
  const months = (trialDays * windowMinutes.day) / windowMinutes.month
  const cost = under(rows, ({ money }) => usdText(money.usdPerMonth * months))
  return [
    { code: 'trial_cost', severity: 'note', says: `Free for ${numberText(trialDays)} days, which may cost ${cost}.` },
  ]
}
