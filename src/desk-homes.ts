// What a desk is kept in: each home brings these, and its steps need no more. They are compiled for homes that are not JavaScript
// (tools/lua): there `null` and `undefined` are one, and an object's members have no order. Knows no home.
import type { HookState, KeptHook } from './hook.ts'
import type { AuditEntry } from './audit.ts'
import type { Series } from './metrics.ts'
import type { Key, Tenant } from './plan.ts'
import type { Records } from './records.ts'
import type { Rosters } from './roster.ts'
import type { Transact } from './sql.ts'
import type { Message } from './webhook-events.ts'
import type { Zone } from './zone.ts'

/** The documents of one tenant, as its steps read them. */
export interface Registry {
  tenant(): Tenant | undefined
  key(id: string): Key | undefined
  /** The key with this SHA-256. */
  keyByHash(hash: string): Key | undefined
  keys(): Key[]
  /** The tenant's clock, around a moment (L5). */
  zone(tenant: Tenant, now: number): Zone
}

/** Sums by pool and series. */
export interface Counts {
  add(pool: string, series: string, by: number): void
  /** Pools of which something was counted, in the order of their names. */
  pools(): string[]
  series(pool: string): Series
}

/** What was done to the tenant. */
export interface Audit {
  add(entry: AuditEntry, now: number): void
  /** Those of this moment (ms) and before. */
  forget(until: number): void
}

/** Told who comes to wait, is seated and leaves, in a home that ticks its waiting calls (src/desk-ticks.ts). */
export interface Ticks {
  joined(call: string, patienceMs: number, now: number): void
  seated(call: string, now: number): void
  left(call: string): void
  gaveUp(call: string, place: number, now: number): void
  forward(place: number, now: number): void
}

/** The webhook endpoints of the tenant. */
export interface Hooks {
  /** In the order of their ids. */
  list(): KeptHook[]
  get(id: string): KeptHook | undefined
  /** What its latest attempts came to. */
  note(id: string, state: HookState): void
}

/** Messages for webhooks, from when they are put until every hook was told, and their ids for longer. */
export interface Messages {
  /** False where one with this id was put before. */
  put(message: Message): boolean
  /** undefined once it is done. */
  get(id: string): Message | undefined
  /** Nobody waits for it any more: of it only the id stays. */
  done(id: string): void
  /** Deletes what was put by then. */
  forget(putBy: number): void
}

/** Told that a message waits, and is due after so long (ms). */
export type Waits = (afterMs: number) => void

export interface DeskHomes {
  rosters: Rosters
  registry: Registry
  records: Records
  counts: Counts
  hooks: Hooks
  messages: Messages
  waits: Waits
  audit: Audit
  /** Several hosts may ask a pool for this desk at once. */
  shared: boolean
  /** Waiting calls that have timers of their own need none. */
  ticks?: Ticks
  /** Until when nothing new is granted, because the store was lost (ms); 0 where that cannot be. */
  learningUntil(): number
  transact: Transact
}
