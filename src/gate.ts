// gate.ts: one tenant's leases. Knows no clock, no store, no tenant: all of that is passed in. Rules G1, G2, G5, G8.
import type { Roster } from './roster.ts'

/** What a set of lines belongs to: the tenant itself, one of its keys, one of its agents (G8). */
export type Scope = 'tenant' | 'key' | 'agent'

/** Who is on a call and until when (ms), and how many may be. */
export interface Lines {
  of: Scope
  leases: Roster
  cap: number
}

/** The tenant's lines first; then those of the key and the agent that the call comes with, where they have a cap. */
export type Desk = readonly Lines[]

/** Policy for one decision. Times in milliseconds. */
export interface Terms {
  now: number
  ttlMs: number
}

export type Verdict = { is: 'granted' } | { is: 'full'; of: Scope }

export function admit(desk: Desk, call: string, t: Terms): Verdict {
  sweep(desk, t.now)
  if (holds(desk, call)) return seat(desk, call, t) // G2: asking again gives the same answer
  for (const lines of desk) {
    if (lines.leases.size() >= lines.cap) return { is: 'full', of: lines.of } // G8: nothing was taken from the others
  }
  return seat(desk, call, t)
}

/** Prolongs a lease; takes it anew, also above the cap, when the store had lost it (G5). */
export function renew(desk: Desk, call: string, t: Terms): void {
  sweep(desk, t.now)
  seat(desk, call, t)
}

/** Ends a lease. Releasing what is not there is success (G5). */
export function release(desk: Desk, call: string): void {
  for (const lines of desk) lines.leases.delete(call)
}

/** Live calls of the first lines of the desk, after the sweep (G1). */
export function live(desk: Desk, now: number): number {
  sweep(desk, now)
  return desk[0]?.leases.size() ?? 0
}

function holds(desk: Desk, call: string): boolean {
  return desk[0]?.leases.get(call) !== undefined
}

function seat(desk: Desk, call: string, t: Terms): Verdict {
  for (const lines of desk) lines.leases.set(call, t.now + t.ttlMs)
  return { is: 'granted' }
}

function sweep(desk: Desk, now: number): void {
  for (const lines of desk) lines.leases.purge(now)
}
