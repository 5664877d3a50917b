// gate.ts: one tenant's leases, loads and queue. Knows no clock, no store, no tenant and no budget: all of that is passed in. Rules G1–G8,
// G10, G12, L4.
import type { Roster } from './roster.ts'

/** What a set of lines belongs to: the tenant itself, one of its keys, one of its agents (G8). */
export type Scope = 'tenant' | 'key' | 'agent'

/** Who is on a call and until when (ms), and how many may be. */
export interface Lines {
  of: Scope
  leases: Roster
  cap: number
}

/** One upstream quota as this desk knows it: its calls there, and what the pool has granted for them. */
export interface Quota {
  /** Live call → its load: the tokens a minute that it is predicted to take. */
  loads: Roster
  /** Waiting call → the load that it would bring. */
  wants: Roster
  /** The grant, in tokens a minute and in live sessions. */
  tokens: number
  sessions: number
}

export interface Desk {
  /** The tenant's lines first; then those of the key and the agent that the call comes with, where they have a cap. */
  lines: readonly [Lines, ...Lines[]]
  /** Every quota that a call of this desk draws from; each call is in one. */
  quotas: readonly [Quota, ...Quota[]]
  /** Waiting call → when it came (ms); one with a head start stands as if it had come earlier. */
  queue: Roster
  /** Waiting call → until when its place is kept (ms). */
  tickets: Roster
  /** Caller that left the queue → the arrival it had, and until when that is remembered (ms). */
  places: Roster
  memory: Roster
}

/** A call's wish. `quota` is one of the desk's. `caller` is who calls, where the tenant knows it; `headStartMs` puts the urgent ahead. */
export interface Ask {
  call: string
  quota: Quota
  load: number
  caller?: string
  headStartMs?: number
}

/** Policy for one decision. Times in milliseconds; `room` in waiting callers. */
export interface Terms {
  now: number
  ttlMs: number
  room: number
  /** How many more may have a line, beside what is held of budgets (L4); any number where it is not given. */
  seats?: number
  /** The desk's store was lost: nothing new is granted until the live calls have said that they are there (G10). */
  learning?: boolean
}

/** What a waiting call waits for: a line of its tenant, what is held of a budget, or more of the upstream quota. */
export type Shortage = 'lines' | 'budget' | 'tokens' | 'sessions'

export type Verdict =
  | { is: 'granted' }
  | { is: 'queued'; place: number; short: Shortage }
  | { is: 'full'; of: Scope | 'room'; short: Shortage }

/** How long a caller that dropped out of the queue may take to come back to its place (G12). */
export const rememberedMs = 60_000

export function admit(desk: Desk, ask: Ask, t: Terms): Verdict {
  sweep(desk, t.now)
  const comes = desk.lines[0].leases.get(ask.call) === undefined && desk.queue.get(ask.call) === undefined
  const verdict = decide(desk, ask, t)
  if (comes && verdict.is !== 'full') takeUp(desk, ask)
  return verdict
}

function decide(desk: Desk, ask: Ask, t: Terms): Verdict {
  const [tenant, ...narrow] = desk.lines
  if (tenant.leases.get(ask.call) !== undefined) return seat(desk, ask, t) // G2: asking again gives the same answer
  const waits = desk.queue.get(ask.call) !== undefined
  if (!waits) {
    const taken = narrow.find((lines) => lines.leases.size() >= lines.cap)
    if (taken !== undefined) return { is: 'full', of: taken.of, short: 'lines' } // G8: nothing was taken from the others
  }
  const fit = fits(desk, ask.quota, ask.load, t)
  const waiting = desk.queue.size()
  if (!waits && !(fit && waiting === 0)) {
    if (waiting >= t.room) return { is: 'full', of: 'room', short: shortage(desk, ask, waiting, t.seats) }
    desk.queue.set(ask.call, arrival(desk, ask, t.now))
  }
  const place = desk.queue.rank(ask.call) ?? 0
  if (fit && place === 0) return seat(desk, ask, t) // G3: a newcomer passes the queue by its head start or its old place alone
  ask.quota.wants.set(ask.call, ask.load)
  keep(desk, ask.call, t)
  return { is: 'queued', place, short: shortage(desk, ask, place, t.seats) }
}

/** Who waits is still there: its place, and the lines of its key and agent, are its own for a TTL more (G4, G8). */
export function keep(desk: Desk, call: string, t: Terms): void {
  const [, ...narrow] = desk.lines
  desk.tickets.set(call, t.now + t.ttlMs)
  for (const lines of narrow) lines.leases.set(call, t.now + t.ttlMs)
}

/**
 * A newcomer's first try. Undefined where lines are free and only the grant is short: the pool is to be asked, and until then the call
 * has a ticket, whatever the room; `conclude` says what came of it.
 */
export function consider(desk: Desk, ask: Ask, t: Terms): Verdict | undefined {
  sweep(desk, t.now)
  const [{ leases, cap }] = desk.lines
  if (leases.size() >= cap) return admit(desk, ask, t)
  const verdict = decide(desk, ask, { ...t, room: Infinity })
  if (verdict.is === 'queued') return undefined
  if (verdict.is === 'granted') takeUp(desk, ask)
  return verdict
}

/** The pool was asked: the newcomer is granted, has its place, or finds that there is none. */
export function conclude(desk: Desk, ask: Ask, t: Terms): Verdict {
  sweep(desk, t.now)
  const verdict = decide(desk, ask, t)
  if (verdict.is === 'queued' && verdict.place >= t.room) {
    release(desk, ask.call, t.now)
    return { is: 'full', of: 'room', short: verdict.short }
  }
  if (verdict.is !== 'full') takeUp(desk, ask)
  return verdict
}

/** Seats those who wait, in order, for as long as the next one fits; returns the calls seated (G6). */
export function advance(desk: Desk, t: Terms): string[] {
  sweep(desk, t.now)
  const ofTenant: Desk = { ...desk, lines: [desk.lines[0]] } // its key's and agent's lines it holds since it came
  const seated: string[] = []
  for (;;) {
    const [call] = desk.queue.first(1)
    if (call === undefined) return seated
    const quota = desk.quotas.find(({ wants }) => wants.get(call) !== undefined) ?? desk.quotas[0]
    const load = quota.wants.get(call) ?? 0
    if (!fits(desk, quota, load, t, seated.length)) return seated
    seat(ofTenant, { call, quota, load }, t)
    seated.push(call)
  }
}

/** Prolongs a lease and tells the call's load now; takes it anew, also above the cap, when the store had lost it (G5). */
export function renew(desk: Desk, { call, quota, load }: Ask, t: Terms): void {
  sweep(desk, t.now)
  seat(desk, { call, quota, load }, t)
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
  for (const { loads, wants } of desk.quotas) for (const roster of [loads, wants]) roster.delete(call)
  for (const roster of [desk.queue, desk.tickets]) roster.delete(call)
}

export interface Reading {
  live: number
  waiting: number
  /** Live calls above the cap, after it was lowered (G7). */
  over: number
}

export function read(desk: Desk, now: number): Reading {
  sweep(desk, now)
  const [{ leases, cap }] = desk.lines
  const live = leases.size()
  return { live, waiting: desk.queue.size(), over: Math.max(0, live - cap) }
}

/** What a quota's calls have, and what those have and want who would find a line and a seat: in tokens a minute, and in sessions. */
export interface Needs {
  tokens: { has: number; wants: number }
  sessions: { has: number; wants: number }
}

export function needs(desk: Desk, quota: Quota, now: number, seats = Infinity): Needs {
  sweep(desk, now)
  const [{ leases, cap }] = desk.lines
  const tokens = { has: quota.loads.sum(), wants: quota.loads.sum() }
  const sessions = { has: quota.loads.size(), wants: quota.loads.size() }
  // Who waits for a line, or for a budget, would only keep from others what it cannot use.
  for (const call of desk.queue.first(Math.max(0, Math.min(seats, cap - leases.size())))) {
    const load = quota.wants.get(call)
    if (load === undefined) continue
    tokens.wants += load
    sessions.wants += 1
  }
  return { tokens, sessions }
}

/** What is short where the call would stand behind so many: its own line first, then its budgets, then what its pool has granted. */
export function shortage(
  desk: Desk,
  { quota: { loads, tokens, sessions }, load }: Ask,
  ahead: number,
  seats = Infinity,
): Shortage {
  const [{ leases, cap }] = desk.lines
  if (leases.size() + ahead >= cap) return 'lines'
  if (ahead >= seats) return 'budget'
  if (loads.size() >= sessions && loads.sum() + load <= tokens) return 'sessions'
  return tokens < Infinity ? 'tokens' : 'lines'
}

/** The lines that free one after another for those who wait: all of them, or, where budget or pool is short, those in use. */
export function turning({ lines: [{ leases, cap }] }: Desk, short: Shortage): number {
  return short === 'lines' ? cap : Math.max(1, Math.min(cap, leases.size()))
}

function seat(desk: Desk, { call, quota, load }: Ask, t: Terms): Verdict {
  for (const roster of [desk.queue, quota.wants, desk.tickets]) roster.delete(call)
  for (const lines of desk.lines) lines.leases.set(call, t.now + t.ttlMs)
  quota.loads.set(call, load)
  return { is: 'granted' }
}

/** `taken`: of the seats, in this very step. */
function fits(desk: Desk, { loads, tokens, sessions }: Quota, load: number, t: Terms, taken = 0): boolean {
  const { learning = false, seats = Infinity } = t
  if (learning || taken >= seats) return false
  const [{ leases, cap }] = desk.lines
  return leases.size() < cap && loads.size() < sessions && loads.sum() + load <= tokens
}

/** A place that is remembered is taken up once: of two callers with one id the second is a stranger (G12). */
function takeUp(desk: Desk, { caller }: Ask): void {
  for (const roster of [desk.places, desk.memory]) if (caller !== undefined) roster.delete(caller)
}

function arrival(desk: Desk, { caller, headStartMs = 0 }: Ask, now: number): number {
  const remembered = caller === undefined ? undefined : desk.places.get(caller)
  return remembered ?? now - headStartMs
}

function sweep(desk: Desk, now: number): void {
  const [tenant, ...narrow] = desk.lines
  for (const lost of tenant.leases.purge(now)) for (const { loads } of desk.quotas) loads.delete(lost)
  for (const lines of narrow) lines.leases.purge(now)
  for (const late of desk.tickets.purge(now)) {
    desk.queue.delete(late)
    for (const { wants } of desk.quotas) wants.delete(late)
  }
  for (const forgotten of desk.memory.purge(now)) desk.places.delete(forgotten)
}
