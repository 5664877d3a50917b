// What is left, budget by budget. What the broker does not tell is not shown.
import type { VNode } from 'preact'
import type { Board } from './board.ts'
import { resetSentence, stateSentence, type Budget } from './budget.ts'

export function BudgetList({ board }: { board: Board }): VNode | null {
  const { budgets = [], suspendedSince } = board.account.value ?? {}
  if (budgets.length === 0 && suspendedSince === undefined) return null
  return (
    <section class="panel budgets" aria-labelledby="budgets">
      <h2 id="budgets">What is left</h2>
      {suspendedSince !== undefined && (
        <p class="suspended" role="status" data-testid="suspended">
          Suspended: its spending rose faster than a trial may. Calls are refused until the operator lifts it.
        </p>
      )}
      <ul data-testid="budgets">
        {budgets.map((budget) => (
          <BudgetRow key={budget.name} budget={budget} now={board.now.value} />
        ))}
      </ul>
    </section>
  )
}

function BudgetRow({ budget, now }: { budget: Budget; now: number }): VNode {
  const { name, share, state, left, resetsAt } = budget
  return (
    <li class="budget" data-testid="budget" data-state={state}>
      <span class="budget-name">{name}</span>
      <meter min={0} max={1} value={Math.min(share, 1)} aria-label={`${name}, used`} />
      <span class="budget-left">{left}</span>
      <p class="hint">
        <b>{stateSentence(budget)}</b> <time dateTime={resetsAt}>{resetSentence(budget, now)}</time>
      </p>
    </li>
  )
}
