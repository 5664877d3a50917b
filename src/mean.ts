// A mean over the latest calls, in a roster of its own: how long a call is, what it takes in its first minute. Knows no call. Rules H3, P3.
import { meanCalls } from './limits.ts'
import type { Roster } from './roster.ts'

export interface Learned {
  mean: number
  /** How many have shown it, ever. */
  calls: number
}

/** Each counts alike until so many have shown it; from then on the old weigh less with each new one. */
export function learn(roster: Roster, value: number): void {
  const calls = roster.add('calls', 1)
  const mean = roster.get('mean') ?? 0
  roster.set('mean', Math.round(mean + (value - mean) / Math.min(calls, meanCalls)))
}

export function learned(roster: Roster): Learned {
  return { mean: roster.get('mean') ?? 0, calls: roster.get('calls') ?? 0 }
}
