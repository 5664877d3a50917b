// What a live call's app is told of its tenant's budgets: an event of ours beside the provider's. Knows no call and no budget. Rule L6.
import { useOf, type BudgetUse, type Limit } from './budget.ts'

export interface BudgetNotice extends BudgetUse {
  type: 'trunkline.budget.warning'
}

export function budgetNotice(limit: Limit, used: number, ends: number): BudgetNotice {
  return { type: 'trunkline.budget.warning', ...useOf(limit, used, ends) }
}
