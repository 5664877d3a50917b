// All that is to be said of a plan that was computed. Knows no figure itself. Rule A6.
import type { Plan } from '../plan-settings.ts'
import type { Rates } from './assumption.ts'
import { boundsOf } from './fill.ts'
import { callBudgetsIdle, neverFirst, neverReached, suspension } from './idle-budgets.ts'
import type { PlanRows } from './plan-rows.ts'
import { dayBeyondHours, dearestMonth, trialCost, uncounted } from './plan-notes.ts'
import { allLines, longestCall, price } from './promises.ts'

/** `contradiction` and `below_cost`: the plan promises what it cannot keep. The others are worth knowing. */
export type Severity = 'contradiction' | 'below_cost' | 'never_trips' | 'note'

export interface Finding {
  /** Stable, for programs. */
  code: string
  plan: string
  severity: Severity
  says: string
}

export type Found = Omit<Finding, 'plan'>

export function findingsOf(plan: Plan, { plan: name, rows }: PlanRows, rates: Rates): Finding[] {
  const bounds = boundsOf(plan.budgets)
  const found =
    plan.lines === 0
      ? [
          {
            code: 'no_lines',
            severity: 'note' as const,
            says: 'It has no lines: nobody can call, and nothing else was judged.',
          },
        ]
      : [
          ...longestCall(plan, rows),
          ...allLines(plan, rows, bounds),
          ...price(plan, rows),
          ...neverReached(plan, bounds, rates),
          ...callBudgetsIdle(plan, bounds, rates),
          ...suspension(plan, rows, bounds, rates),
          ...neverFirst(plan, rows, bounds, rates),
          ...uncounted(bounds),
          ...dayBeyondHours(plan, bounds, rates),
          ...dearestMonth(plan, bounds, rates),
          ...trialCost(plan, rows),
        ]
  return found.map(({ code, severity, says }) => ({ code, plan: name, severity, says }))
}
