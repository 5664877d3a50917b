// How long lines can be busy before their budgets are spent: a day is walked reply by reply. Knows no plan and no price. Rules L5, L6.
import { budgetNames, limitsOf, type BudgetName, type Budgets, type Limit, type WindowName } from '../budget.ts'
import type { Reply } from './assumption.ts'

/** A limit that knows the name it was set by. */
export interface Bound extends Limit {
  budget: BudgetName
}

/** A month of 31 days: what is said of a month is then the most of it. */
export const windowMinutes: Readonly<Record<WindowName, number>> = { hour: 60, day: 1_440, month: 31 * 1_440 }

export interface Busy {
  /** Of one call, in order. */
  replies: readonly Reply[]
  /** Calls follow one another, also after a silence; otherwise all ends with the first that a budget stops. */
  repeats: boolean
  repliesPerMinute: number
  lines: number
}

export interface Filled {
  /** How long all of the lines were busy. */
  minutes: number
  /** Of all lines. */
  used: Reply
  /** The budgets that stopped them, in order, each once. */
  stops: BudgetName[]
}

interface Account {
  bound: Bound
  windowSteps: number
  spent: number
}

export function boundsOf(budgets: Budgets): Bound[] {
  return budgetNames.flatMap((budget) => {
    const [limit] = limitsOf(budgets[budget] === undefined ? {} : { [budget]: budgets[budget] }, {})
    return limit === undefined ? [] : [{ ...limit, budget }]
  })
}

/**
 * All lines begin at the start of a month, a day and an hour, and are busy for `minutes` or until a budget stops them. From then on there is
 * silence until that budget's window ends, and new calls begin. Between two replies use grows evenly: calls are not in step.
 */
export function fill(
  bounds: readonly Bound[],
  { replies, repeats, repliesPerMinute, lines }: Busy,
  minutes: number,
): Filled {
  const accounts = bounds.map((bound): Account => {
    return { bound, windowSteps: windowMinutes[bound.window] * repliesPerMinute, spent: 0 }
  })
  const filled: Filled = { minutes: 0, used: { input: 0, output: 0, microUsd: 0 }, stops: [] }
  const end = Math.round(minutes * repliesPerMinute)
  let inCall = 0
  for (let step = 0; step < end; step++) {
    for (const account of accounts) if (step % account.windowSteps === 0) account.spent = 0
    const reply = replies[inCall % replies.length] as Reply
    const needs = ({ bound }: Account): number => lines * units(bound, reply, repliesPerMinute)
    const { part, by } = fits(accounts, needs)
    for (const account of accounts) account.spent += part * needs(account)
    filled.minutes += part / repliesPerMinute
    filled.used.input += part * lines * reply.input
    filled.used.output += part * lines * reply.output
    filled.used.microUsd += part * lines * reply.microUsd
    inCall++
    if (by === undefined) continue
    if (!filled.stops.includes(by)) filled.stops.push(by)
    if (!repeats) break
    inCall = 0
  }
  return filled
}

/** How much of the next replies there is room for, and the first budget that does not have room for all. */
function fits(accounts: readonly Account[], needs: (account: Account) => number): { part: number; by?: BudgetName } {
  let least: { part: number; by?: BudgetName } = { part: 1 }
  for (const account of accounts) {
    const { bound, spent } = account
    const part = Math.max(0, bound.amount - spent) / needs(account) // of what needs nothing, never the least
    if (part < least.part) least = { part, by: bound.budget }
  }
  return least
}

/** What one reply of one call takes of a budget, in the units of its account. No assumption says anything of TTS characters. */
function units({ account }: Limit, reply: Reply, repliesPerMinute: number): number {
  switch (account) {
    case 'tokens':
      return reply.input + reply.output
    case 'input':
      return reply.input
    case 'output':
      return reply.output
    case 'micro_usd':
      return reply.microUsd
    case 'live_ms':
      return 60_000 / repliesPerMinute
    default:
      return 0
  }
}
