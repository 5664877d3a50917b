// What is left of a tenant's bounds, as headers: OpenAI's `x-ratelimit-*` of tokens, and `RateLimit` with its policies
// (draft-ietf-httpapi-ratelimit-headers-10). Knows no store. Rule L9.
import type { BudgetState, WindowName } from '../budget.ts'
import { callsPolicy, policyOf, unitNames } from '../policy.ts'
import type { DeskReading } from '../tenant-desk.ts'

type Headers = Record<string, string>

/** Of each bound that holds: lines, and budgets that are not only tried. */
export function limitHeaders({ lines, budgets }: Pick<DeskReading, 'lines' | 'budgets'>, now: number): Headers {
  const left = Math.max(0, lines.cap - lines.live)
  const calls = {
    policy: `"${callsPolicy}";q=${lines.cap};qu="concurrent-requests"`,
    rate: `"${callsPolicy}";r=${left}`,
  }
  const real = budgets.filter(({ shadow }) => !shadow)
  return { ...tokenHeaders(real, now), ...rateLimit([calls, ...real.map((budget) => itemOf(budget, now))]) }
}

/** Of the one that a refusal is about. */
export function budgetHeaders(budget: BudgetState, now: number): Headers {
  return { ...tokenHeaders([budget], now), ...rateLimit([itemOf(budget, now)]) }
}

/** Of the budget of tokens that leaves the least. */
function tokenHeaders(budgets: readonly BudgetState[], now: number): Headers {
  const [scarcest] = budgets
    .filter(({ account }) => unitNames[account] === 'tokens')
    .toSorted((a, b) => a.left - b.left || b.ends - a.ends)
  if (scarcest === undefined) return {}
  return {
    'x-ratelimit-limit-tokens': `${scarcest.amount}`,
    'x-ratelimit-remaining-tokens': `${scarcest.left}`,
    'x-ratelimit-reset-tokens': duration(scarcest.ends - now),
  }
}

function rateLimit(items: readonly { policy: string; rate: string }[]): Headers {
  return {
    'ratelimit-policy': items.map(({ policy }) => policy).join(', '),
    ratelimit: items.map(({ rate }) => rate).join(', '),
  }
}

/** The largest integer of a structured field (RFC 9651, 3.3.1). */
const integerMost = 999_999_999_999_999

function itemOf(budget: BudgetState, now: number): { policy: string; rate: string } {
  const { account, window, amount, left, ends } = budget
  const name = policyOf(budget)
  return {
    policy: `"${name}";q=${whole(amount)};w=${secondsOf(window, ends)};qu="${unitNames[account]}"`,
    rate: `"${name}";r=${whole(left)};t=${whole((ends - now) / 1000)}`,
  }
}

function whole(value: number): number {
  return Math.min(integerMost, Math.max(0, Math.ceil(value)))
}

const daySeconds = 86_400

/** How long a window is, whatever clocks are put forward or back in it; a month by its days. */
function secondsOf(window: WindowName, ends: number): number {
  if (window !== 'month') return window === 'hour' ? 3_600 : daySeconds
  const last = new Date(ends - daySeconds * 1000) // within it, in any time zone
  return new Date(Date.UTC(last.getUTCFullYear(), last.getUTCMonth() + 1, 0)).getUTCDate() * daySeconds
}

/** As OpenAI writes it: `6m0s`, `1s`, `120ms`. */
function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.ceil(ms))}ms`
  const seconds = Math.ceil(ms / 1000)
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
  if (h > 0) return `${h}h${m}m${s}s`
  return m > 0 ? `${m}m${s}s` : `${s}s`
}
