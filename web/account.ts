// What `GET /v1/me` says of the tenant behind a key. Every field may be missing; then it is not shown.
import { budgetsOf, type Budget } from './budget.ts'
import { pick, pickNumber, pickText } from './wire-event.ts'

export interface Account {
  readonly name: string | undefined
  readonly plan: string | undefined
  readonly live: number | undefined
  readonly waiting: number | undefined
  readonly cap: number | undefined
  readonly tokensToday: number | undefined
  readonly microUsdToday: number | undefined
  readonly budgets: readonly Budget[]
  /** ISO 8601. */
  readonly suspendedSince: string | undefined
  /** ISO 8601. */
  readonly trialEndsAt: string | undefined
}

export function accountOf(body: unknown): Account {
  const today = pick(body, 'usage', 'day')
  return {
    name: pickText(body, 'tenant', 'name') ?? pickText(body, 'tenant', 'id'),
    plan: pickText(body, 'tenant', 'plan'),
    live: pickNumber(body, 'lines', 'live'),
    waiting: pickNumber(body, 'lines', 'waiting'),
    cap: pickNumber(body, 'lines', 'cap'),
    tokensToday: tokensIn(today),
    microUsdToday: pickNumber(today, 'micro_usd'),
    budgets: budgetsOf(body),
    suspendedSince: pickText(body, 'suspended_since'),
    trialEndsAt: pickText(body, 'trial_ends_at'),
  }
}

/** Input and output of every modality. What was cached is part of the input, so it is not added again. */
function tokensIn(balances: unknown): number | undefined {
  if (typeof balances !== 'object' || balances === null) return undefined
  const counted = Object.entries(balances).filter(([name]) => /^(input|output)_/.test(name))
  if (counted.length === 0) return undefined
  return counted.reduce((sum, [, value]) => sum + (typeof value === 'number' ? value : 0), 0)
}
