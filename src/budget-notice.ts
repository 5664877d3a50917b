// What a live call's app is told of its tenant's budgets: an event of ours beside the provider's. Knows no call and no budget. Rule L6.
import { named, unitsOf, type Limit } from './budget.ts'
import { isoOf } from './calendar.ts'

export interface BudgetNotice {
  type: 'trunkline.budget.warning'
  window: Limit['window']
  /** As people say it: `tokens`, `input tokens`, `US dollars`, `live minutes`. */
  of: string
  used: number
  limit: number
  /** When the window ends, ISO 8601, UTC. */
  resets_at: string
}

export function budgetNotice(limit: Limit, used: number, ends: number): BudgetNotice {
  const units = unitsOf(limit)
  const amounts = { used: used / units, limit: limit.amount / units }
  return {
    type: 'trunkline.budget.warning',
    window: limit.window,
    of: named(limit),
    ...amounts,
    resets_at: isoOf(ends),
  }
}
