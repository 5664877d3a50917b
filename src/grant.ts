// grant.ts: what a desk holds of its pools, and when it may use it. Knows no call, no clock and no pool's rule. Rules P2, P9, P10.
import type { Roster } from './roster.ts'

/** What a pool gives a desk. A desk takes no older version. */
export interface Grant {
  amount: number
  version: number
}

/** Unit of a pool → number, for each. */
export interface Holding {
  amounts: Roster
  untils: Roster
  versions: Roster
  /** Until when the desk awaits an answer (ms). */
  asked: Roster
}

/** What the desk may use of it now. */
export function held(holding: Holding, of: string, now: number): number {
  return (holding.untils.get(of) ?? 0) > now ? (holding.amounts.get(of) ?? 0) : 0
}

/** Before it asks, the desk lets go of what its calls do not have: what it said it had stays true until the pool has heard it. */
export function ask(holding: Holding, of: string, has: number, t: { now: number; answerMs: number }): void {
  holding.amounts.set(of, Math.min(held(holding, of, t.now), has))
  holding.asked.set(of, t.now + t.answerMs)
}

/**
 * The pool's answer; or, unasked, its word that the grant rose. It holds until then (ms), by the desk's own clock. False when it is an older one
 * and nothing changed.
 */
export function take(
  holding: Holding,
  of: string,
  grant: Grant,
  as: 'answer' | 'word',
  t: { now: number; until: number },
): boolean {
  // What was said before the pool heard the ask would give back what the desk has let go.
  if (as === 'word' && (holding.asked.get(of) ?? 0) > t.now) return false
  if (as === 'answer') holding.asked.delete(of)
  if (grant.version <= (holding.versions.get(of) ?? 0)) return false
  holding.amounts.set(of, grant.amount)
  holding.untils.set(of, t.until)
  holding.versions.set(of, grant.version)
  return true
}

/** No answer comes: from now on the pool's word counts again. */
export function unanswered(holding: Holding, of: string): void {
  holding.asked.delete(of)
}
