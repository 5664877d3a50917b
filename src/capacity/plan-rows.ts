// What a plan comes to under each assumption of use: which budget is spent first and when, for one line and for all; its cost and its price.
// Numbers only: judges nothing. Rule A6.
import type { BudgetName } from '../budget.ts'
import type { Plan } from '../plan-settings.ts'
import { repliesOf, type Assumption, type Rates } from './assumption.ts'
import { boundsOf, fill, windowMinutes, type Bound, type Busy } from './fill.ts'

export interface Terms {
  assumptions: readonly Assumption[]
  rates: Rates
  /** Of what a call reads again, 0 to 1. */
  cacheShare: number
}

/** How long so many lines last that are busy from the start of a window. */
export interface Lasting {
  /** Until each budget is spent, were it alone; null: not within its window. */
  budgets: { budget: BudgetName; minutes: number | null }[]
  first: BudgetName | null
  firstMinutes: number | null
  fullMinutesPerDay: number
  /** All budgets that stop these lines at some time of a day. */
  stops: BudgetName[]
}

/** One plan under one assumption. */
export interface Row {
  assumption: string
  oneLine: Lasting
  allLines: Lasting
  /** One call alone, by the budgets of its tenant and its own. */
  longestCall: { wantedMinutes: number; minutes: number; endedBy: { budget: BudgetName; of: 'tenant' | 'call' } | null }
  money: Money
}

export interface Money {
  usdPerCallMinute: number
  /** With all lines busy as long as the budgets let them, in a month of 31 days. */
  callMinutesPerMonth: number
  usdPerMonth: number
  /** The plan's price over those call-minutes, and what is left of it; null: no call-minute. */
  priceUsdPerCallMinute: number | null
  marginUsdPerCallMinute: number | null
}

export interface PlanRows {
  plan: string
  priceUsd: number
  lines: number
  longestCallMinutes: number | null
  rows: Row[]
}

/** Where a plan names no longest call, one must last so long. */
const leastCallMinutes = 5

export function rowsOf(name: string, plan: Plan, terms: Terms): PlanRows {
  const { priceUsd, lines, longestCallMinutes } = plan
  const rows = terms.assumptions.map((assumed) => rowOf(plan, assumed, terms))
  return { plan: name, priceUsd, lines, longestCallMinutes, rows }
}

function rowOf(plan: Plan, assumed: Assumption, terms: Terms): Row {
  const bounds = boundsOf(plan.budgets)
  const callMinutes = Math.min(assumed.callMinutes, plan.longestCallMinutes ?? Infinity)
  const all = busy(assumed, callMinutes, plan.lines, terms)
  return {
    assumption: assumed.name,
    oneLine: lasting(bounds, { ...all, lines: 1 }),
    allLines: lasting(bounds, all),
    longestCall: longestCall(plan, assumed, terms),
    money: money(plan.priceUsd, bounds, all),
  }
}

export function busy(assumed: Assumption, callMinutes: number, lines: number, { rates, cacheShare }: Terms): Busy {
  const replies = repliesOf(assumed, callMinutes, rates, cacheShare)
  return { replies, repeats: true, repliesPerMinute: assumed.repliesPerMinute, lines }
}

function lasting(bounds: readonly Bound[], lines: Busy): Lasting {
  const budgets = bounds.map((bound) => {
    const { minutes, stops } = fill([bound], lines, windowMinutes[bound.window])
    return { budget: bound.budget, minutes: stops.length > 0 ? minutes : null }
  })
  const [first] = budgets
    .flatMap(({ budget, minutes }) => (minutes === null ? [] : [{ budget, minutes }]))
    .toSorted((a, b) => a.minutes - b.minutes)
  const day = fill(bounds, lines, windowMinutes.day)
  return {
    budgets,
    first: first?.budget ?? null,
    firstMinutes: first?.minutes ?? null,
    fullMinutesPerDay: day.minutes,
    stops: day.stops,
  }
}

function longestCall(plan: Plan, assumed: Assumption, terms: Terms): Row['longestCall'] {
  const wantedMinutes = plan.longestCallMinutes ?? leastCallMinutes
  const call = { ...busy(assumed, wantedMinutes, 1, terms), repeats: false }
  const ofTenant = fill(boundsOf(plan.budgets), call, wantedMinutes)
  const ofCall = fill(boundsOf(plan.callBudgets), call, wantedMinutes)
  const [of, ended] = ofCall.minutes < ofTenant.minutes ? (['call', ofCall] as const) : (['tenant', ofTenant] as const)
  const [budget] = ended.stops
  return { wantedMinutes, minutes: ended.minutes, endedBy: budget === undefined ? null : { budget, of } }
}

function money(priceUsd: number, bounds: readonly Bound[], lines: Busy): Money {
  const { minutes, microUsd } = month(bounds, lines)
  const callMinutesPerMonth = minutes * lines.lines
  const usdPerMonth = microUsd / 1e6
  const each = (usd: number): number | null => (callMinutesPerMonth === 0 ? null : usd / callMinutesPerMonth)
  return {
    usdPerCallMinute: usdPerMinute(lines),
    callMinutesPerMonth,
    usdPerMonth,
    priceUsdPerCallMinute: each(priceUsd),
    marginUsdPerCallMinute: each(priceUsd - usdPerMonth),
  }
}

/** Its days are alike unless a budget of the month stops them. */
function month(bounds: readonly Bound[], lines: Busy): { minutes: number; microUsd: number } {
  const alike = !bounds.some(({ window }) => window === 'month')
  const { minutes, used } = fill(bounds, lines, windowMinutes[alike ? 'day' : 'month'])
  const times = alike ? windowMinutes.month / windowMinutes.day : 1
  return { minutes: minutes * times, microUsd: used.microUsd * times }
}

export function usdPerMinute({ replies, repliesPerMinute }: Busy): number {
  const microUsd = replies.reduce((sum, reply) => sum + reply.microUsd, 0)
  return ((microUsd / replies.length) * repliesPerMinute) / 1e6
}
