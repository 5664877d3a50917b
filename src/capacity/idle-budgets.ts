// Budgets and thresholds that nobody will meet, because another is always met before. Rules A6, L6, L7.
import type { Plan } from '../plan-settings.ts'
import type { Rates } from './assumption.ts'
import { amountText, limitText, list, usdText } from './figures.ts'
import { boundsOf, type Bound } from './fill.ts'
import type { Found } from './plan-findings.ts'
import type { Row } from './plan-rows.ts'
import { mostOf } from './reach.ts'

/** The rate of spend is measured over so long (L7). */
const suspendMinutes = 10

/** Whatever the calls are like, others come first. */
export function neverReached(plan: Plan, bounds: readonly Bound[], rates: Rates): Found[] {
  return unreached(plan, bounds, rates).map(({ bound, most }) => ({
    code: 'budget_never_reached',
    severity: 'never_trips',
    says: `${limitText(bound)} can never be reached: lines and other budgets allow ${amountText(bound.account, most)} at most in that time.`,
  }))
}

function unreached({ lines }: Plan, bounds: readonly Bound[], rates: Rates): { bound: Bound; most: number }[] {
  return bounds
    .map((bound) => {
      const others = bounds.filter((other) => other !== bound)
      return { bound, most: mostOf(bound.account, bound.window, others, lines, rates) }
    })
    .filter(({ bound, most }) => most < bound.amount)
}

/** Under none of the assumptions is it what stops anybody. */
export function neverFirst(plan: Plan, rows: readonly Row[], bounds: readonly Bound[], rates: Rates): Found[] {
  const stops = new Set(rows.flatMap(({ oneLine, allLines }) => [...oneLine.stops, ...allLines.stops]))
  const known = new Set(unreached(plan, bounds, rates).map(({ bound }) => bound))
  const idle = bounds.filter(
    (bound) =>
      !stops.has(bound.budget) && !known.has(bound) && bound.window !== 'month' && bound.account !== 'tts_characters',
  )
  if (idle.length === 0 || stops.size === 0) return []
  const before = list(bounds.filter(({ budget }) => stops.has(budget)).map(limitText))
  const says = `${list(idle.map(limitText))} ${idle.length === 1 ? 'is' : 'are'} never what stops a call under these assumptions: ${before} are spent before.`
  return [{ code: 'budget_never_first', severity: 'note', says }]
}

/** A call cannot use more than its tenant may. */
export function callBudgetsIdle(plan: Plan, bounds: readonly Bound[], rates: Rates): Found[] {
  const idle = boundsOf(plan.callBudgets).filter(
    (bound) => mostOf(bound.account, bound.window, bounds, 1, rates) <= bound.amount,
  )
  if (idle.length === 0) return []
  const says = `${list(idle.map(limitText))} of one call never ${idle.length === 1 ? 'ends' : 'end'} it: all calls together may use no more.`
  return [{ code: 'call_budget_never_first', severity: 'never_trips', says }]
}

export function suspension(plan: Plan, rows: readonly Row[], bounds: readonly Bound[], rates: Rates): Found[] {
  const { suspendUsdPerHour: rate, lines } = plan
  if (rate === null) return []
  const needs = (rate * suspendMinutes) / 60
  const hour = mostOf('micro_usd', 'hour', bounds, lines, rates) / 1e6
  const busiest = Math.max(0, ...rows.map(({ money }) => money.usdPerCallMinute)) * suspendMinutes * lines
  const intro = `Suspended at ${usdText(rate)} an hour over ten minutes, that is ${usdText(needs)} in ten minutes`
  // Ten minutes may be the last of one hour, day and month, and the first of the next.
  const turn = `${usdText(2 * hour)} in the ten minutes around the turn of an hour`
  if (2 * hour < needs) {
    const says = `${intro}: never reached. Its budgets end at ${usdText(hour)} an hour, so at ${turn}${spendAlone(bounds, needs)}.`
    return [{ code: 'suspend_never_reached', severity: 'never_trips', says }]
  }
  if (busiest < needs) {
    const says = `${intro}: never reached. All ${lines} lines use at most ${usdText(busiest)} in that time under these assumptions.`
    return [{ code: 'suspend_never_reached', severity: 'never_trips', says }]
  }
  if (hour >= rate) return []
  const says = `${intro}: reached by a burst alone. Its budgets end at ${usdText(hour)} an hour, but let through ${turn}.`
  return [{ code: 'suspend_by_burst', severity: 'note', says }]
}

/** What the budget of dollars alone would have let through. */
function spendAlone(bounds: readonly Bound[], needs: number): string {
  const spend = bounds.find(({ budget }) => budget === 'spendUsdPerHour')
  if (spend === undefined) return ''
  const burst = (2 * spend.amount) / 1e6
  return burst < needs ? '' : ` (${limitText(spend)} alone would let ${usdText(burst)} through)`
}
