// gate.ts: one tenant's leases, loads and queue. Knows no clock, no store, no tenant: all of that is passed in. Rules G1–G8, G12.
import type { Roster } from './roster.ts'

/** What a set of lines belongs to: the tenant itself, one of its keys, one of its agents (G8). */
export type Scope = 'tenant' | 'key' | 'agent'

/** Who is on a call and until when (ms), and how many may be. */
export interface Lines {
  of: Scope
  leases: Roster
  cap: number
}

export interface Desk {
  /** The tenant's lines first; then those of the key and the agent that the call comes with, where they have a cap. */
  lines: readonly [Lines, ...Lines[]]
  /** Live call → its load: the tokens a minute that it is predicted to take. */
  loads: Roster
  /** Waiting call → when it came (ms); one with a head start stands as if it had come earlier. */
  queue: Roster
  /** Waiting call → the load that it would bring. */
  wants: Roster
  /** Waiting call → until when its place is kept (ms). */
  tickets: Roster
  /** Caller that left the queue → the arrival it had, and until when that is remembered (ms). */
  places: Roster
  memory: Roster
}

/** A call's wish. `caller` is who calls, where the tenant knows it; `headStartMs` puts the urgent ahead. */
export interface Ask {
  call: string
  load: number
  caller?: string
  headStartMs?: number
}

/** Policy for one decision. Times in milliseconds; `grant` in tokens a minute, `room` in waiting callers. */
export interface Terms {
  now: number
  ttlMs: number
  grant: number
  room: number
}

/** What a waiting call waits for. */
export type Shortage = 'lines' | 'tokens'

export type Verdict =
  | { is: 'granted' }
  | { is: 'queued'; place: number; short: Shortage }
  | { is: 'full'; of: Scope | 'room'; short: Shortage }

/** How long a caller that dropped out of the queue may take to come back to its place (G12). */
export const rememberedMs = 60_000

export function admit(desk: Desk, ask: Ask, t: Terms): Verdict {
  sweep(desk, t.now)
  const [tenant, ...narrow] = desk.lines
  if (tenant.leases.get(ask.call) !== undefined) return seat(desk, ask, t) // G2: asking again gives the same answer
  const waits = desk.queue.get(ask.call) !== undefined
  if (!waits) {
    const taken = narrow.find((lines) => lines.leases.size() >= lines.cap)
    if (taken !== undefined) return { is: 'full', of: taken.of, short: 'lines' } // G8: nothing was taken from the others
  }
  const fit = fits(desk, ask.load, t)
  const waiting = desk.queue.size()
  if (!waits && !(fit && waiting === 0)) {
    if (waiting >= t.room) return { is: 'full', of: 'room', short: shortage(desk, waiting, t) }
    desk.queue.set(ask.call, arrival(desk, ask, t.now))
  }
  const place = desk.queue.rank(ask.call) ?? 0
  if (fit && place === 0) return seat(desk, ask, t) // G3: a newcomer passes the queue by its head start or its old place alone
  desk.wants.set(ask.call, ask.load)
  desk.tickets.set(ask.call, t.now + t.ttlMs)
  for (const lines of narrow) lines.leases.set(ask.call, t.now + t.ttlMs) // its key's line is its own while it waits
  return { is: 'queued', place, short: shortage(desk, place, t) }
}

/** Seats those who wait, in order, for as long as the next one fits; returns the calls seated (G6). */
export function advance(desk: Desk, t: Terms): string[] {
  sweep(desk, t.now)
  const ofTenant: Desk = { ...desk, lines: [desk.lines[0]] } // its key's and agent's lines it holds since it came
  const seated: string[] = []
  for (;;) {
    const [call] = desk.queue.first(1)
    if (call === undefined) return seated
    const load = desk.wants.get(call) ?? 0
    if (!fits(desk, load, t)) return seated
    seat(ofTenant, { call, load }, t)
    seated.push(call)
  }
}

/** Prolongs a lease and tells the call's load now; takes it anew, also above the cap, when the store had lost it (G5). */
export function renew(desk: Desk, call: string, load: number, t: Terms): void {
  sweep(desk, t.now)
  seat(desk, { call, load }, t)
}

/** Ends a lease or a wait. Releasing what is not there is success (G5). A caller that waited is remembered (G12). */
export function release(desk: Desk, call: string, now: number, caller?: string): void {
  sweep(desk, now)
  const place = desk.queue.get(call)
  if (place !== undefined && caller !== undefined) {
    desk.places.set(caller, place)
    desk.memory.set(caller, now + rememberedMs)
  }
  for (const lines of desk.lines) lines.leases.delete(call)
  for (const roster of [desk.loads, desk.queue, desk.wants, desk.tickets]) roster.delete(call)
}

export interface Reading {
  live: number
  waiting: number
  /** Live calls above the cap, after it was lowered (G7). */
  over: number
  /** Load of the live calls, and of those and the waiting ones together. */
  has: number
  wants: number
}

export function read(desk: Desk, now: number): Reading {
  sweep(desk, now)
  const [{ leases, cap }] = desk.lines
  const [live, has] = [leases.size(), desk.loads.sum()]
  return { live, waiting: desk.queue.size(), over: Math.max(0, live - cap), has, wants: has + desk.wants.sum() }
}

function seat(desk: Desk, { call, load }: Ask, t: Terms): Verdict {
  for (const roster of [desk.queue, desk.wants, desk.tickets]) roster.delete(call)
  for (const lines of desk.lines) lines.leases.set(call, t.now + t.ttlMs)
  desk.loads.set(call, load)
  return { is: 'granted' }
}

function fits(desk: Desk, load: number, t: Terms): boolean {
  const [{ leases, cap }] = desk.lines
  return leases.size() < cap && desk.loads.sum() + load <= t.grant
}

function shortage(desk: Desk, ahead: number, t: Terms): Shortage {
  const [{ leases, cap }] = desk.lines
  return leases.size() + ahead < cap && t.grant < Infinity ? 'tokens' : 'lines'
}

function arrival(desk: Desk, { caller, headStartMs = 0 }: Ask, now: number): number {
  const remembered = caller === undefined ? undefined : desk.places.get(caller)
  return remembered ?? now - headStartMs
}

function sweep(desk: Desk, now: number): void {
  const [tenant, ...narrow] = desk.lines
  for (const lost of tenant.leases.purge(now)) desk.loads.delete(lost)
  for (const lines of narrow) lines.leases.purge(now)
  for (const late of desk.tickets.purge(now)) {
    desk.queue.delete(late)
    desk.wants.delete(late)
  }
  for (const forgotten of desk.memory.purge(now)) desk.places.delete(forgotten)
}
