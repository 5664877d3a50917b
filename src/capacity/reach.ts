// The most that an account can come to in a window while all budgets hold, whatever the calls are like: what lies above can never be reached.
// Knows no assumption of use. Rules L5, L6.
import type { BoundedAccount, Limit, WindowName } from '../budget.ts'
import type { Rate } from '../price.ts'
import type { Rates } from './assumption.ts'
import { windowMinutes } from './fill.ts'

/** input × tokens in + output × tokens out ≤ most. */
interface Edge {
  input: number
  output: number
  most: number
}

/** No budget comes to this: the bound of what has none. */
const boundless = 1e20

/** In the account's own unit; Infinity where nothing bounds it. */
export function mostOf(
  account: BoundedAccount,
  window: WindowName,
  limits: readonly Limit[],
  lines: number,
  rates: Rates,
): number {
  const same = limits.filter((limit) => limit.account === account).map((limit) => within(limit, window))
  if (account === 'live_ms') return Math.min(...same, lines * windowMinutes[window] * 60_000)
  const aim = weight(account, rates, 'dearest')
  if (aim === undefined) return Math.min(...same)
  const edges = limits.flatMap((limit) => {
    const side = weight(limit.account, rates, 'cheapest')
    return side === undefined ? [] : [{ ...side, most: within(limit, window) }]
  })
  return Math.min(...same, corner(aim, edges))
}

/** What a limit allows in another window: an hour's 24 times in a day, a day's no more often in each of its hours. */
function within(limit: Limit, window: WindowName): number {
  return limit.amount * Math.max(1, windowMinutes[window] / windowMinutes[limit.window])
}

/** What a token in and a token out weigh in this account; undefined where it does not count tokens. */
function weight(
  account: BoundedAccount,
  { text, audio }: Rates,
  as: 'cheapest' | 'dearest',
): { input: number; output: number } | undefined {
  const of = as === 'cheapest' ? Math.min : Math.max
  const read = ({ input, cached }: Rate): number => of(input, cached)
  switch (account) {
    case 'tokens':
      return { input: 1, output: 1 }
    case 'input':
      return { input: 1, output: 0 }
    case 'output':
      return { input: 0, output: 1 }
    case 'micro_usd':
      return { input: of(read(text), read(audio)), output: of(text.output, audio.output) }
    default:
      return undefined
  }
}

/** The most of a sum of tokens in and out is at a corner of what the edges leave. Parallels meet at none: NaN, or Infinity. */
function corner(aim: { input: number; output: number }, limits: readonly Edge[]): number {
  const edges: Edge[] = [
    ...limits,
    { input: 1, output: 0, most: boundless },
    { input: 0, output: 1, most: boundless },
    { input: -1, output: 0, most: 0 },
    { input: 0, output: -1, most: 0 },
  ]
  let most = 0
  for (const a of edges) {
    for (const b of edges) {
      const across = a.input * b.output - b.input * a.output
      const input = (a.most * b.output - b.most * a.output) / across
      const output = (a.input * b.most - b.input * a.most) / across
      if (!edges.every((edge) => leaves(edge, input, output))) continue
      most = Math.max(most, aim.input * input + aim.output * output)
    }
  }
  return most >= boundless / 1e3 ? Infinity : most
}

/** Corners are computed in floating point. */
function leaves(edge: Edge, input: number, output: number): boolean {
  return edge.input * input + edge.output * output <= edge.most + 1e-9 * Math.max(1, edge.most)
}
