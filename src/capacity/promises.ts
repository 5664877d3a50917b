// What a plan promises, a length of call, lines, a price that covers them, and whether its budgets let it keep that. Rule A6.
import type { Plan } from '../plan-settings.ts'
import { limitText, list, minutesText, numberText, under, usdText } from './figures.ts'
import { boundsOf, type Bound } from './fill.ts'
import type { Found } from './plan-findings.ts'
import type { Row } from './plan-rows.ts'

/** All lines must be busy together for so long on a day. */
const leastFullMinutes = 1

export function longestCall(plan: Plan, rows: readonly Row[]): Found[] {
  const cut = rows.filter(({ longestCall }) => longestCall.endedBy !== null)
  const [first] = cut
  if (first === undefined) return []
  const wanted = minutesText(first.longestCall.wantedMinutes)
  const promise =
    plan.longestCallMinutes === null
      ? `A call may be of any length, yet not even ${wanted} can be had`
      : `A call may last ${wanted}, yet cannot`
  const ends = under(cut, (row) => minutesText(row.longestCall.minutes))
  const by = list(new Set(cut.map(({ longestCall }) => endText(plan, longestCall))))
  const says = `${promise}: even a tenant's only call is over after ${ends}, when ${by} are spent.`
  return [{ code: 'longest_call_unreachable', severity: 'contradiction', says }]
}

function endText(plan: Plan, { endedBy }: Row['longestCall']): string {
  const ofCall = endedBy?.of === 'call'
  const bounds = boundsOf(ofCall ? plan.callBudgets : plan.budgets).filter(({ budget }) => budget === endedBy?.budget)
  return `${list(bounds.map(limitText))}${ofCall ? ' of one call' : ''}`
}

export function allLines({ lines }: Plan, rows: readonly Row[], bounds: readonly Bound[]): Found[] {
  const short = rows.filter((row) => row.allLines.fullMinutesPerDay < leastFullMinutes)
  if (short.length === 0) return []
  const full = under(short, ({ allLines: { fullMinutesPerDay: minutes } }) => minutesText(minutes))
  const calls = under(short, ({ allLines: { fullMinutesPerDay: minutes } }) => numberText(minutes * lines))
  const stops = new Set(short.flatMap((row) => row.allLines.stops))
  const by = list(bounds.filter(({ budget }) => stops.has(budget)).map(limitText))
  const together = lines === 1 ? 'Its one line' : `All ${numberText(lines)} lines together`
  const says = `${together} can be busy for ${full} a day: ${by} are spent after ${calls} call-minutes.`
  return [{ code: 'lines_never_full', severity: 'contradiction', says }]
}

export function price(plan: Plan, rows: readonly Row[]): Found[] {
  const below = isFreeTrial(plan) ? [] : rows.filter(({ money }) => money.usdPerMonth > plan.priceUsd)
  if (below.length === 0) return []
  const cost = under(below, ({ money }) => usdText(money.usdPerMonth))
  const minutes = under(below, ({ money }) => numberText(money.callMinutesPerMonth))
  const pays = under(below, ({ money }) => numberText((plan.priceUsd * money.callMinutesPerMonth) / money.usdPerMonth))
  const budgets = boundsOf(plan.budgets).length === 0 ? 'without budgets' : 'within its budgets'
  const says =
    `It sells for ${usdText(plan.priceUsd)} a month, and ${budgets} a month of busy lines can cost ${cost}: ` +
    `${minutes} call-minutes, of which the price pays ${pays}.`
  return [{ code: 'price_below_cost', severity: 'below_cost', says }]
}

/** Free for a while, and meant to be. */
export function isFreeTrial({ priceUsd, trialDays }: Plan): boolean {
  return priceUsd === 0 && trialDays !== null
}
