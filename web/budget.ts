// What is left of a tenant's budgets, as `GET /v1/me` says it, and the sentences about it. Knows no markup. Rules L6, L9.
import { amount, dollars, duration } from './sentences.ts'
import { pickFlag, pickList, pickNumber, pickText } from './wire-event.ts'

export interface Budget {
  /** Such as `Input tokens this hour`. */
  readonly name: string
  /** What was used of it: 1 is all. */
  readonly share: number
  readonly state: 'ok' | 'warned' | 'spent'
  /** Such as `1,800 of 50,000 left`. */
  readonly left: string
  /** When its window ends, ISO 8601. */
  readonly resetsAt: string
  /** It is only tried: nobody is refused because of it. */
  readonly shadow: boolean
}

const windows: Readonly<Record<string, string>> = { hour: 'this hour', day: 'today', month: 'this month' }

/** Those that are told whole; half of one would be a guess. */
export function budgetsOf(body: unknown): readonly Budget[] {
  return pickList(body, 'budgets').flatMap((told) => budgetOf(told) ?? [])
}

function budgetOf(told: unknown): Budget | undefined {
  const [of, window, resetsAt] = [pickText(told, 'of'), pickText(told, 'window'), pickText(told, 'resets_at')]
  const [left, limit, share] = [pickNumber(told, 'left'), pickNumber(told, 'limit'), pickNumber(told, 'share')]
  if (of === undefined || window === undefined || resetsAt === undefined) return undefined
  if (left === undefined || limit === undefined || share === undefined) return undefined
  const said = of === 'US dollars' ? (value: number): string => dollars(value * 1_000_000) : amount
  return {
    name: `${of.charAt(0).toUpperCase()}${of.slice(1)} ${windows[window] ?? `a ${window}`}`,
    share,
    state: stateOf(pickText(told, 'state')),
    left: `${said(left)} of ${said(limit)} left`,
    resetsAt,
    shadow: pickFlag(told, 'shadow'),
  }
}

function stateOf(told: string | undefined): Budget['state'] {
  return told === 'warned' || told === 'spent' ? told : 'ok'
}

/** What its state means for calls; empty while all is well. */
export function stateSentence({ state, share, shadow }: Budget): string {
  if (state === 'ok') return shadow ? 'Only tried: it refuses nobody.' : ''
  if (shadow) return `${percent(share)} used. Only tried: it refuses nobody.`
  return state === 'spent' ? 'Spent: calls wrap up, and new ones are refused.' : `${percent(share)} used.`
}

/** Rounded down: what is not spent must not read as if it were. */
function percent(share: number): string {
  return `${Math.floor(Math.round(share * 10_000) / 100)} %`
}

export function resetSentence({ resetsAt }: Budget, now: number): string {
  const ms = Date.parse(resetsAt) - now
  return ms > 0 ? `Begins anew in ${duration(ms)}.` : 'Begins anew now.'
}
