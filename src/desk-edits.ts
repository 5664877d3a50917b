// What an admin changes of a tenant and its keys: done at once, or tried and taken back to show what it would do. Knows no route. Rules G7, G8.
import { holding, holdNarrow, type Holding } from './desk-holding.ts'
import type { DeskQueue } from './desk-queue.ts'
import type { DeskRosters } from './desk-rosters.ts'
import { keyNotes, tenantNotes, type Effect } from './edit-notes.ts'
import { advance, type Quota } from './gate.ts'
import { settingsProblem } from './settings-check.ts'
import { leaseTtlMs } from './limits.ts'
import type { KeyChange, TenantChange } from './plan-settings.ts'
import { changed, changedKey, roomOf, type Key, type Tenant } from './plan.ts'
import type { KeptCall } from './records.ts'
import type { SqlRecords } from './records-sql.ts'
import type { Refusal } from './refusal.ts'
import type { SqlRegistry } from './registry-sql.ts'
import type { SqlSounds } from './sounds-sql.ts'
import type { Transact } from './sql.ts'

export interface TenantPreview extends Effect {
  tenant: Tenant
}

export interface KeyPreview extends Effect {
  key: Key
}

export class DeskEdits {
  readonly #rosters: DeskRosters
  readonly #registry: SqlRegistry
  readonly #records: SqlRecords
  readonly #queue: DeskQueue
  readonly #sounds: SqlSounds
  readonly #transact: Transact

  constructor(
    rosters: DeskRosters,
    registry: SqlRegistry,
    records: SqlRecords,
    queue: DeskQueue,
    sounds: SqlSounds,
    transact: Transact,
  ) {
    this.#rosters = rosters
    this.#registry = registry
    this.#records = records
    this.#queue = queue
    this.#sounds = sounds
    this.#transact = transact
  }

  /** A refusal where the change does not fit the tenant's plan or its uploads (H4). */
  change(change: TenantChange): Tenant | Refusal | undefined {
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

  preview(change: TenantChange, now: number): TenantPreview | Refusal | undefined {
    return this.#tried(() => {
      const before = this.#registry.tenant()
      if (before === undefined) return undefined
      const waiting = this.#queue.waiting(before, now)
      const after = this.#change(before, change)
      if ('why' in after) return after
      const effect = this.#effect(before, after, waiting, now)
      const agents = countBy(holding(this.#rosters, this.#records), ({ agent }) => agent)
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
      const calls = countBy(holding(this.#rosters, this.#records), ({ key }) => key).get(id) ?? 0
      return { key: after, ...this.#effect(tenant, tenant, waiting, now), notes: keyNotes(before, after, calls) }
    })
  }

  #change(before: Tenant, change: TenantChange): Tenant | Refusal {
    const after = changed(before, change)
    const uploads = this.#sounds.list().map(({ id }) => id)
    const refusal = settingsProblem(after, uploads)
    if (refusal !== undefined) return refusal
    this.#registry.putTenant(after)
    holdNarrow(this.#rosters, this.#registry, this.#records, after)
    return after
  }

  #changeKey(tenant: Tenant, before: Key, change: KeyChange): Key {
    const after = changedKey(before, change)
    this.#registry.changeKey(after)
    holdNarrow(this.#rosters, this.#registry, this.#records, tenant)
    return after
  }

  #effect(before: Tenant, after: Tenant, waiting: readonly KeptCall[], now: number): Omit<Effect, 'notes'> {
    const seated = new Set(this.#seatable(after, now))
    const away = waiting.filter(({ id, model }) => !seated.has(id) && after.models?.includes(model) === false)
    return {
      lines: this.#queue.lines(after, now),
      room: { now: roomOf(before), after: roomOf(after) },
      put_through: seated.size,
      turned_away: away.length,
      ends: 0,
    }
  }

  /** Seats whose turn would come, if their pools give what they want: how much they have left is theirs to say. */
  #seatable(tenant: Tenant, now: number): string[] {
    const desk = this.#rosters.gate(tenant, undefined, null, now)
    const [first, ...more] = desk.quotas
    return advance({ ...desk, quotas: [ample(first), ...more.map(ample)] }, { now, ttlMs: leaseTtlMs, room: 0 })
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

function countBy<Name>(calls: readonly Holding[], of: (call: Holding) => Name): Map<Name, number> {
  const counts = new Map<Name, number>()
  for (const call of calls) counts.set(of(call), (counts.get(of(call)) ?? 0) + 1)
  return counts
}

function ample(quota: Quota): Quota {
  return { ...quota, tokens: Infinity, sessions: Infinity }
}
