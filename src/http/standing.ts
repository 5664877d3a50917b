// How a tenant stands, as it and its operator see it: lines, what was used, what is left. Knows no route and no store. Rule L9.
import { named, unitsOf } from '../budget.ts'
import { isoOf } from '../calendar.ts'
import type { BudgetReading } from '../desk-budget.ts'
import type { DeskReading } from '../tenant-desk.ts'
import { levels } from '../threshold.ts'
import { trialEndsAt } from '../trial.ts'

/** One budget, in the unit in which it is set. */
export interface ShownBudget {
  window: BudgetReading['window']
  /** As people say it: `tokens`, `US dollars`, `live minutes`. */
  of: string
  limit: number
  used: number
  held: number
  left: number
  /** What was used of it: 1 is all. */
  share: number
  /** ISO 8601, UTC. */
  resets_at: string
  state: 'ok' | 'warned' | 'spent'
  /** It is only tried. */
  shadow: boolean
}

export interface Standing {
  lines: DeskReading['lines']
  usage: DeskReading['usage']
  budgets: ShownBudget[]
  suspended_since: string | null
  trial_ends_at: string | null
}

export function standingOf({ tenant, lines, usage, budgets, suspended }: DeskReading): Standing {
  return {
    lines,
    usage,
    budgets: budgets.map(shownBudget),
    suspended_since: suspended === null ? null : isoOf(suspended),
    trial_ends_at: trialEndsAt(tenant),
  }
}

export function shownBudget(budget: BudgetReading): ShownBudget {
  const { window, amount, used, held, left, ends, shadow } = budget
  const inUnits = (of: number): number => rounded(of / unitsOf(budget), 6)
  return {
    window,
    of: named(budget),
    limit: inUnits(amount),
    used: inUnits(used),
    held: inUnits(held),
    left: inUnits(left),
    share: amount === 0 ? 1 : rounded(used / amount, 4),
    resets_at: isoOf(ends),
    state: stateOf(budget),
    shadow,
  }
}

function stateOf({ amount, used }: BudgetReading): ShownBudget['state'] {
  const reached = new Set(levels.filter(({ percent }) => used * 100 >= amount * percent).map(({ level }) => level))
  if (reached.has('exhausted')) return 'spent'
  return reached.has('warning') ? 'warned' : 'ok'
}

function rounded(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals
}
