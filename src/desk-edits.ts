// What an admin changes of a tenant and its keys: done at once, or tried and taken back to show what it would do. Knows no route. Rules G7, G8.
import type { DeskQueue } from './desk-queue.ts'
import type { DeskRosters } from './desk-rosters.ts'
import { keyNotes, tenantNotes, type Effect } from './edit-notes.ts'
import { changed, changedKey, roomOf, type Key, type KeyChange, type Tenant, type TenantChange } from './plan.ts'
import type { KeptCall, SqlRecords } from './records-sql.ts'
import type { SqlRegistry } from './registry-sql.ts'
import type { Transact } from './sql.ts'

export interface TenantPreview extends Effect {
  tenant: Tenant
}

export interface KeyPreview extends Effect {
  key: Key
}

/** Seats whose turn has come, by the rosters as they are; names them. */
type Seat = (tenant: Tenant, now: number) => string[]

export class DeskEdits {
  readonly #rosters: DeskRosters
  readonly #registry: SqlRegistry
  readonly #records: SqlRecords
  readonly #queue: DeskQueue
  readonly #seat: Seat
  readonly #transact: Transact

  constructor(
    rosters: DeskRosters,
    registry: SqlRegistry,
    records: SqlRecords,
    queue: DeskQueue,
    seat: Seat,
    transact: Transact,
  ) {
    this.#rosters = rosters
    this.#registry = registry
    this.#records = records
    this.#queue = queue
    this.#seat = seat
    this.#transact = transact
  }

  change(change: TenantChange): Tenant | undefined {
    return this.#transact(() => {
      const before = this.#registry.tenant()
      return before && this.#change(before, change)
    })
  }

  changeKey(id: string, change: KeyChange): Key | undefined {
    return this.#transact(() => {
      const [tenant, before] = [this.#registry.tenant(), this.#registry.key(id)]
      return tenant && before && this.#changeKey(tenant, before, change)
    })
  }

  preview(change: TenantChange, now: number): TenantPreview | undefined {
    return this.#tried(() => {
      const before = this.#registry.tenant()
      if (before === undefined) return undefined
      const waiting = this.#queue.waiting(before, now)
      const after = this.#change(before, change)
      const effect = this.#effect(before, after, waiting, now)
      const agents = countBy(this.#holding(), ({ agent }) => agent)
      const notes = tenantNotes(before, after, { ...effect, waiting: waiting.length, agents })
      return { tenant: after, ...effect, notes }
    })
  }

  previewKey(id: string, change: KeyChange, now: number): KeyPreview | undefined {
    return this.#tried(() => {
      const [tenant, before] = [this.#registry.tenant(), this.#registry.key(id)]
      if (tenant === undefined || before === undefined) return undefined
      const waiting = this.#queue.waiting(tenant, now)
      const after = this.#changeKey(tenant, before, change)
      const calls = countBy(this.#holding(), ({ key }) => key).get(id) ?? 0
      return { key: after, ...this.#effect(tenant, tenant, waiting, now), notes: keyNotes(before, after, calls) }
    })
  }

  #change(before: Tenant, change: TenantChange): Tenant {
    const after = changed(before, change)
    this.#registry.putTenant(after)
    if (change.caps?.agents !== undefined) this.#holdNarrow(after)
    return after
  }

  #changeKey(tenant: Tenant, before: Key, change: KeyChange): Key {
    const after = changedKey(before, change)
    this.#registry.changeKey(after)
    if (change.lines !== undefined) this.#holdNarrow(tenant)
    return after
  }

  /** Calls that came before their key or agent had a cap hold its lines from now on: the cap is in force at once (G8). */
  #holdNarrow(tenant: Tenant): void {
    for (const { id, key, agent } of this.#holding()) {
      const { lines, tickets } = this.#rosters.gate(tenant, this.#registry.key(key), agent)
      const [own, ...narrow] = lines
      const until = own.leases.get(id) ?? tickets.get(id)
      if (until !== undefined) for (const { leases } of narrow) leases.set(id, until)
    }
  }

  /** Calls that have a line or a place. */
  #holding(): KeptCall[] {
    const [leases, queue] = [this.#rosters.get('leases'), this.#rosters.get('queue')]
    return this.#records.openCalls().filter(({ id }) => leases.get(id) !== undefined || queue.get(id) !== undefined)
  }

  #effect(before: Tenant, after: Tenant, waiting: readonly KeptCall[], now: number): Omit<Effect, 'notes'> {
    const seated = new Set(this.#seat(after, now))
    const away = waiting.filter(({ id, model }) => !seated.has(id) && after.models?.includes(model) === false)
    return {
      lines: this.#queue.lines(after, now),
      room: { now: roomOf(before), after: roomOf(after) },
      put_through: seated.size,
      turned_away: away.length,
      ends: 0,
    }
  }

  /** What the work gives, and no trace of it: numbers that cannot differ from those of the edit itself. */
  #tried<T>(work: () => T): T {
    const tried: { result?: T } = {}
    const takenBack = new Error('taken back')
    try {
      this.#transact(() => {
        tried.result = work()
        throw takenBack
      })
    } catch (error) {
      if (error !== takenBack) throw error
    }
    return tried.result as T
  }
}

function countBy(calls: readonly KeptCall[], of: (call: KeptCall) => string | null): Map<string, number> {
  const counts = new Map<string, number>()
  for (const call of calls) {
    const name = of(call)
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}
