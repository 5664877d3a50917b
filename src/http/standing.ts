// How a tenant stands, as it and its operator see it: lines, what was used, what is left. Knows no route and no store. Rule L9.
import { inUnits, useOf, type BudgetUse } from '../budget.ts'
import { isoOf } from '../calendar.ts'
import type { BudgetReading } from '../desk-budget.ts'
import type { DeskReading } from '../tenant-desk.ts'
import { levels } from '../threshold.ts'
import { trialEndsAt } from '../trial.ts'

/** One budget, in the unit in which it is set. */
export interface ShownBudget extends BudgetUse {
  held: number
  left: number
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
  const { used, held, left, ends, shadow } = budget
  const rest = { held: inUnits(budget, held), left: inUnits(budget, left) }
  return { ...useOf(budget, used, ends), ...rest, state: stateOf(budget), shadow }
}

function stateOf({ amount, used }: BudgetReading): ShownBudget['state'] {
  const reached = new Set(levels.filter(({ percent }) => used * 100 >= amount * percent).map(({ level }) => level))
  if (reached.has('exhausted')) return 'spent'
  return reached.has('warning') ? 'warned' : 'ok'
}
