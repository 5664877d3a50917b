// What may be used in a window of time: the names of budgets, and the limits that follow from them. Plain data. Knows no store and no
// clock. Rules L5, L6.
import { isoOf } from './calendar.ts'

/** What is bounded, as it is set: the account that it bounds, how many of the account's units one is, and what one is called. */
export const bounded = [
  { what: 'tokens', account: 'tokens', units: 1, name: 'tokens' },
  { what: 'inputTokens', account: 'input', units: 1, name: 'input tokens' },
  { what: 'outputTokens', account: 'output', units: 1, name: 'output tokens' },
  { what: 'spendUsd', account: 'micro_usd', units: 1_000_000, name: 'US dollars' },
  { what: 'liveMinutes', account: 'live_ms', units: 60_000, name: 'live minutes' },
  { what: 'ttsCharacters', account: 'tts_characters', units: 1, name: 'TTS characters' },
] as const
export type Bounded = (typeof bounded)[number]['what']
export type BoundedAccount = (typeof bounded)[number]['account']

export const windowNames = ['hour', 'day', 'month'] as const
export type WindowName = (typeof windowNames)[number]

/** Such as `tokensPerDay`. */
export type BudgetName = `${Bounded}Per${Capitalize<WindowName>}`

/** One budget by its name. What is not there, or null, has no bound, or that of what it stands over. */
export type Budgets = Readonly<Partial<Record<BudgetName, number | null>>>

/** A budget as it is kept: `account` may come to less than `amount` in a window; at `amount` it is spent. */
export interface Limit {
  window: WindowName
  account: BoundedAccount
  amount: number
}

/** How one stands: what is left of it, and when its window ends (ms since 1970). */
export interface BudgetState extends Limit {
  left: number
  ends: number
}

/** How much of one is used, as programs are told wherever it is told: in the unit in which it is set. */
export interface BudgetUse {
  window: WindowName
  /** As people say it: `tokens`, `input tokens`, `US dollars`, `live minutes`. */
  of: string
  used: number
  limit: number
  /** What was used of it: 1 is all. */
  share: number
  /** When its window ends, ISO 8601, UTC. */
  resets_at: string
}

/** Every budget there is, in the order in which they are shown. */
export const budgetNames: readonly BudgetName[] = windowNames.flatMap((window) =>
  bounded.map(({ what }) => budgetName(what, window)),
)

/** The limits of `own` budgets over those of a plan. */
export function limitsOf(own: Budgets, plans: Budgets): Limit[] {
  const limits: Limit[] = []
  for (const window of windowNames) {
    for (const { what, account, units } of bounded) {
      const name = budgetName(what, window)
      const amount = own[name] ?? plans[name] ?? undefined
      if (amount !== undefined) limits.push({ window, account, amount: Math.round(amount * units) })
    }
  }
  return limits
}

/** What it bounds, as people say it: in the unit in which it is set. */
export function named({ account }: Pick<Limit, 'account'>): string {
  return bounded.find((one) => one.account === account)?.name ?? account
}

/** How many of the account's units one is of those in which it is set. */
export function unitsOf({ account }: Pick<Limit, 'account'>): number {
  return bounded.find((one) => one.account === account)?.units ?? 1
}

/** An amount of the account in the unit in which the limit is set. */
export function inUnits(limit: Limit, amount: number): number {
  return rounded(amount / unitsOf(limit), 1_000_000)
}

export function useOf(limit: Limit, used: number, ends: number): BudgetUse {
  const { window, amount } = limit
  const share = amount === 0 ? 1 : rounded(used / amount, 10_000)
  const amounts = { used: inUnits(limit, used), limit: inUnits(limit, amount) }
  return { window, of: named(limit), ...amounts, share, resets_at: isoOf(ends) }
}

/** To so many parts of one. */
function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts
}

function budgetName(what: Bounded, window: WindowName): BudgetName {
  return `${what}Per${window === 'hour' ? 'Hour' : window === 'day' ? 'Day' : 'Month'}`
}
