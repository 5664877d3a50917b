// A desk's queue as people see it: who waits where and since when, who is taken out, who may come back. Seats nobody. Rules G3, G4, G12.
import { isoOf } from './calendar.ts'
import type { Registry, Ticks } from './desk-homes.ts'
import type { DeskBooks } from './desk-books.ts'
import type { DeskRosters } from './desk-rosters.ts'
import { read, release, shortage, turning, type Desk, type Shortage } from './gate.ts'
import { linesOf, roomOf, type Tenant } from './plan.ts'
import type { KeptCall, Records } from './records.ts'
import type { Refusal } from './refusal.ts'
import type { Transact } from './sql.ts'

/** Live calls, waiting ones, the cap, and how many are live above it (G7). */
export interface LinesReading {
  live: number
  waiting: number
  cap: number
  over: number
}

export interface QueueReading {
  /** ISO 8601, UTC. */
  as_of: string
  lines: LinesReading
  /** How many may wait. */
  room: number
  /** null when nobody waits. */
  oldest_wait_ms: number | null
  /** In the order of the queue. */
  data: WaitingCall[]
}

export interface WaitingCall {
  call: string
  /** From 1. What the caller was told may be better: a place that gets worse is not told (H3). */
  position: number
  waited_ms: number
  /** ISO 8601, UTC. With a head start or an old place it stands before callers that came earlier. */
  since: string
  eta_ms: number | null
  /** What it waits for. */
  short: Shortage
  /** The id of its key. */
  key: string
  agent: string | null
  model: string
}

export type Removed = Pick<WaitingCall, 'call' | 'position' | 'waited_ms'>

export class DeskQueue {
  readonly #rosters: DeskRosters
  readonly #registry: Registry
  readonly #records: Records
  readonly #books: DeskBooks
  readonly #ticks: Ticks | undefined
  readonly #transact: Transact

  constructor(
    rosters: DeskRosters,
    registry: Registry,
    records: Records,
    books: DeskBooks,
    ticks: Ticks | undefined,
    transact: Transact,
  ) {
    this.#rosters = rosters
    this.#registry = registry
    this.#records = records
    this.#books = books
    this.#ticks = ticks
    this.#transact = transact
  }

  reading(now: number): QueueReading | undefined {
    const tenant = this.#registry.tenant()
    if (tenant === undefined) return undefined
    const [lines, seats] = [this.lines(tenant, now), this.#books.seats(tenant, now).free]
    const data = this.waiting(tenant, now).map((kept, place): WaitingCall => {
      const { id: call, key, agent, model, began } = kept
      const desk = this.#rosters.gate(tenant, undefined, null, now)
      const short = this.#short(desk, kept, place, seats, now)
      const eta_ms = this.#books.ledger.etaMs(place, turning(desk, short))
      const since = isoOf(began)
      return { call, position: place + 1, waited_ms: now - began, since, eta_ms, short, key, agent, model }
    })
    const as_of = isoOf(now)
    const oldest_wait_ms = data.length === 0 ? null : Math.max(...data.map(({ waited_ms }) => waited_ms))
    return { as_of, lines, room: roomOf(tenant), oldest_wait_ms, data }
  }

  /** The wait at a place (from 0), for the call that has it; `seats`: how many may be seated now. */
  etaMs(tenant: Tenant, kept: KeptCall, place: number, seats: number, now: number): number | null {
    const desk = this.#rosters.gate(tenant, undefined, null, now)
    return this.#books.ledger.etaMs(place, turning(desk, this.#short(desk, kept, place, seats, now)))
  }

  lines(tenant: Tenant, now: number): LinesReading {
    const { live, waiting, over } = read(this.#rosters.gate(tenant, undefined, null, now), now)
    return { live, waiting, cap: linesOf(tenant), over }
  }

  /** Who waits, in order. */
  waiting(tenant: Tenant, now: number): KeptCall[] {
    const queue = this.#rosters.get('queue')
    this.lines(tenant, now) // a ticket that ran out is no place any more
    return queue.first(queue.size()).flatMap((call) => this.#records.get(call) ?? [])
  }

  /** 0 when nobody waits. */
  oldestWaitMs(tenant: Tenant, now: number): number {
    return Math.max(0, ...this.waiting(tenant, now).map(({ began }) => now - began))
  }

  /**
   * Takes a caller out: its place is free at once, and is not remembered. A call that was put through in the meantime stays. What is
   * removed here the desk refuses from now on, so that a call which could not be told learns it when it asks.
   */
  remove(call: string, now: number): Removed | Refusal {
    return this.#transact(() => {
      const [tenant, kept] = [this.#registry.tenant(), this.#records.get(call)]
      if (tenant === undefined || kept === undefined || kept.ended !== null)
        return { why: 'thing_unknown', details: { kind: 'call', id: call.slice(0, 60) } }
      const gate = this.#rosters.gate(tenant, this.#registry.key(kept.key), kept.agent, now)
      read(gate, now)
      const place = gate.queue.rank(call)
      if (place === undefined && kept.admitted === null) return { why: 'caller_left', details: { call } }
      if (place === undefined) return { why: 'caller_through', details: { call } }
      release(gate, call, now)
      this.#ticks?.gaveUp(call, place, now)
      this.#rosters.get('removed').set(call, now)
      return { call, position: place + 1, waited_ms: now - kept.began }
    })
  }

  isRemoved(call: string): boolean {
    return this.#rosters.get('removed').get(call) !== undefined
  }

  #short(desk: Desk, { id: call, pool }: KeptCall, place: number, seats: number, now: number): Shortage {
    const quota = this.#rosters.quota(pool, now)
    return shortage(desk, { call, quota, load: quota.wants.get(call) ?? 0 }, place, seats)
  }
}
