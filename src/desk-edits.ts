// What an admin changes of a tenant and its keys: done at once and noted, or tried and taken back to show what it would do. Knows no route.
// Rules G7, G8, A3.
import { keyEntry, tenantEntry, type AuditEntry } from './audit.ts'
import type { BudgetsSeen } from './budget-notes.ts'
import type { DeskBooks } from './desk-books.ts'
import { holding, holdNarrow, type Holding } from './desk-holding.ts'
import type { Audit } from './desk-homes.ts'
import type { DeskQueue } from './desk-queue.ts'
import type { DeskRosters } from './desk-rosters.ts'
import { keyNotes, tenantNotes, type Effect } from './edit-notes.ts'
import { advance, type Quota } from './gate.ts'
import { settingsProblem } from './settings-check.ts'
import { rotated } from './key-rotation.ts'
import { keysPerTenant, leaseTtlMs } from './limits.ts'
import type { KeyChange, TenantChange } from './plan-settings.ts'
import { changed, changedKey, keyEnded, keyValid, roomOf, type FreshKey, type Key, type Tenant } from './plan.ts'
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

/** What of a desk an edit touches. */
interface Parts {
  rosters: DeskRosters
  registry: SqlRegistry
  records: SqlRecords
  queue: DeskQueue
  books: DeskBooks
  sounds: SqlSounds
  audit: Audit
  transact: Transact
}

export class DeskEdits {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  create(tenant: Tenant, now: number): void {
    const { registry, transact } = this.#parts
    transact(() => {
      registry.putTenant(tenant)
      this.#note(tenantEntry(undefined, tenant), now)
    })
  }

  addKey(key: Key, hash: string, now: number): Refusal | undefined {
    const { registry, transact } = this.#parts
    return transact(() => {
      const valid = registry.keys().filter((one) => keyValid(one, now))
      if (valid.length >= keysPerTenant) return { why: 'keys_enough', details: { most: keysPerTenant } }
      registry.putKey(key, hash)
      this.#note(keyEntry(undefined, key), now)
      return undefined
    })
  }

  endKey(id: string, graceMs: number, now: number): Key | undefined {
    const { registry, transact } = this.#parts
    return transact(() => {
      const before = registry.key(id)
      const ended = before && keyEnded(before, graceMs, now)
      if (ended === undefined) return undefined
      registry.changeKey(ended)
      this.#note(keyEntry(before, ended), now)
      return ended
    })
  }

  /** Another key in the place of this one, which ends now or after the grace: both, or nothing. */
  rotateKey(id: string, fresh: FreshKey, hash: string, graceMs: number, now: number): Key | Refusal {
    const { registry, transact } = this.#parts
    return transact(() => {
      const keys = rotated(registry.keys(), id, fresh, graceMs, now)
      if ('why' in keys) return keys
      registry.putKey(keys.made, hash)
      registry.changeKey(keys.ended)
      this.#note(keyEntry(undefined, keys.made), now)
      this.#note(keyEntry(keys.before, keys.ended), now)
      return keys.made
    })
  }

  /** A refusal where the change does not fit the tenant's plan or its uploads (H4). */
  change(change: TenantChange, now: number): Tenant | Refusal | undefined {
    return this.#parts.transact(() => {
      const before = this.#parts.registry.tenant()
      return before && this.#change(before, change, now)
    })
  }

  changeKey(id: string, change: KeyChange, now: number): Key | undefined {
    return this.#parts.transact(() => {
      const [tenant, before] = [this.#parts.registry.tenant(), this.#parts.registry.key(id)]
      return tenant && before && this.#changeKey(tenant, before, change, now)
    })
  }

  preview(change: TenantChange, now: number): TenantPreview | Refusal | undefined {
    const { registry, queue, rosters, records } = this.#parts
    return this.#tried(() => {
      const before = registry.tenant()
      if (before === undefined) return undefined
      const [waiting, was, ended] = [queue.waiting(before, now), this.#budgets(before, now), this.#ending(before, now)]
      const after = this.#change(before, change, now)
      if ('why' in after) return after
      const [is, ending] = [this.#budgets(after, now), this.#ending(after, now)]
      const ends = ending.filter((call) => !ended.includes(call)).length
      const effect = { ...this.#effect(before, after, waiting, is.refusal, now), ends }
      const agents = countBy(holding(rosters, records), ({ agent }) => agent)
      const notes = tenantNotes(before, after, { ...effect, waiting: waiting.length, agents, was, is })
      return { tenant: after, ...effect, notes }
    })
  }

  previewKey(id: string, change: KeyChange, now: number): KeyPreview | undefined {
    return this.#tried(() => {
      const [tenant, before] = [this.#parts.registry.tenant(), this.#parts.registry.key(id)]
      if (tenant === undefined || before === undefined) return undefined
      const waiting = this.#parts.queue.waiting(tenant, now)
      const after = this.#changeKey(tenant, before, change, now)
      const calls = countBy(holding(this.#parts.rosters, this.#parts.records), ({ key }) => key).get(id) ?? 0
      const { refusal } = this.#budgets(tenant, now)
      const effect = { ...this.#effect(tenant, tenant, waiting, refusal, now), ends: 0 }
      return { key: after, ...effect, notes: keyNotes(before, after, calls) }
    })
  }

  #change(before: Tenant, change: TenantChange, now: number): Tenant | Refusal {
    const after = changed(before, change)
    const uploads = this.#parts.sounds.list().map(({ id }) => id)
    const refusal = settingsProblem(after, uploads)
    if (refusal !== undefined) return refusal
    this.#parts.registry.putTenant(after)
    this.#note(tenantEntry(before, after), now)
    holdNarrow(this.#parts.rosters, this.#parts.registry, this.#parts.records, after)
    return after
  }

  #changeKey(tenant: Tenant, before: Key, change: KeyChange, now: number): Key {
    const after = changedKey(before, change)
    this.#parts.registry.changeKey(after)
    this.#note(keyEntry(before, after), now)
    holdNarrow(this.#parts.rosters, this.#parts.registry, this.#parts.records, tenant)
    return after
  }

  #note(entry: AuditEntry | undefined, now: number): void {
    if (entry !== undefined) this.#parts.audit.add(entry, now)
  }

  #budgets(tenant: Tenant, now: number): BudgetsSeen {
    const { budget } = this.#parts.books
    return { readings: budget.reading(tenant, now), refusal: budget.refusal(tenant, now) }
  }

  /** Live calls that may not go on, by their tenant's budgets or their own. */
  #ending(tenant: Tenant, now: number): string[] {
    const { records, books } = this.#parts
    return books.budget.ending(records.openCalls(), tenant, now).map(({ call }) => call)
  }

  /** Where the tenant may not talk nobody is put through, and all who wait are told why. */
  #effect(
    before: Tenant,
    after: Tenant,
    waiting: readonly KeptCall[],
    barred: Refusal | undefined,
    now: number,
  ): Omit<Effect, 'notes' | 'ends'> {
    const seated = new Set(this.#seatable(after, now))
    const served = (model: string): boolean => barred === undefined && after.models?.includes(model) !== false
    return {
      lines: this.#parts.queue.lines(after, now),
      room: { now: roomOf(before), after: roomOf(after) },
      put_through: seated.size,
      turned_away: waiting.filter(({ id, model }) => !seated.has(id) && !served(model)).length,
    }
  }

  /** Seats whose turn would come, if their pools give what they want: how much they have left is theirs to say. */
  #seatable(tenant: Tenant, now: number): string[] {
    const desk = this.#parts.rosters.gate(tenant, undefined, null, now)
    const [first, ...more] = desk.quotas
    const terms = { now, ttlMs: leaseTtlMs, room: 0, seats: this.#parts.books.seats(tenant, now).free }
    return advance({ ...desk, quotas: [ample(first), ...more.map(ample)] }, terms)
  }

  /** What the work gives, and no trace of it: numbers that cannot differ from those of the edit itself. */
  #tried<T>(work: () => T): T {
    const tried: { result?: T } = {}
    const takenBack = new Error('taken back')
    try {
      this.#parts.transact(() => {
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
