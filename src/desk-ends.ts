// A desk debits the last of its calls and writes down how they ended, also those that were lost: one record each. Frees no line. Rules C1, G9.
import type { DeskBooks } from './desk-books.ts'
import { lost, type DeskCounts } from './desk-counts.ts'
import type { Entry } from './ledger.ts'
import type { DeskOutbox } from './desk-outbox.ts'
import type { DeskRosters } from './desk-rosters.ts'
import { lostAfterMs } from './limits.ts'
import type { Tenant } from './plan.ts'
import type { CallRecord, CallRef } from './ports.ts'
import type { KeptCall, Records } from './records.ts'
import type { Roster } from './roster.ts'

export class DeskEnds {
  readonly #rosters: DeskRosters
  readonly #records: Records
  readonly #counts: DeskCounts
  readonly #books: DeskBooks
  readonly #outbox: DeskOutbox

  constructor(rosters: DeskRosters, records: Records, counts: DeskCounts, books: DeskBooks, outbox: DeskOutbox) {
    this.#rosters = rosters
    this.#records = records
    this.#counts = counts
    this.#books = books
    this.#outbox = outbox
  }

  /** One that is open. */
  end(ref: CallRef, entries: readonly Entry[], told: CallRecord, tenant: Tenant, now: number): void {
    const record = this.#known(ref.call, told, now)
    this.#books.ended(ref, entries, record, tenant, now)
    this.#close(ref, tenant, record, now)
  }

  /** A record, as far as it can be known: of a lost call what it had told. */
  #known(call: string, told: CallRecord, now: number): CallRecord {
    const entered = this.#records.get(call)
    if (told.outcome.why !== 'call_reset' || entered === undefined) return told
    const [record, { goneMs, ...so }] = [lost(entered, now), this.#books.ledger.soFar(call, now)]
    return { ...record, ...so, liveMs: Math.max(0, record.liveMs - goneMs) }
  }

  /** After its last debit. */
  #close(ref: CallRef, tenant: Tenant, record: CallRecord, now: number): void {
    const entered = this.#records.get(ref.call)
    if (!this.#records.close(ref.call, now, record)) return
    if (entered !== undefined && entered.admitted === null) this.#counts.unserved(ref.pool, tenant.plan, record)
    for (const name of ['missing', 'removed']) this.#rosters.get(name).delete(ref.call)
    this.#books.ledger.ended(ref, record, tenant, now)
    this.#counts.ended(ref.pool, tenant.plan, record)
    this.#outbox.ended(ref, record, now)
  }

  /** Closes calls that have no line and no place, and stayed away. */
  closeLost(tenant: Tenant, now: number): void {
    const missing = this.#rosters.get('missing')
    const here = new Set([...namesIn(this.#rosters.get('leases')), ...namesIn(this.#rosters.get('queue'))])
    for (const id of namesIn(missing)) if (here.has(id)) missing.delete(id)
    for (const id of this.#records.openIds()) {
      if (here.has(id)) continue
      const since = missing.get(id)
      const call = since !== undefined && now - since >= lostAfterMs ? this.#records.get(id) : undefined
      if (since === undefined) missing.set(id, now)
      else if (call !== undefined) this.end(refOf(call, tenant), [], lost(call, now), tenant, now) // as if it had said so itself
    }
  }
}

function namesIn(roster: Roster): string[] {
  return roster.first(roster.size())
}

/** Who calls is not kept: one that is lost is not remembered. */
export function refOf({ id: call, key, agent, model, pool }: KeptCall, tenant: Tenant): CallRef {
  return { call, tenant: tenant.id, key, agent, caller: null, model, pool }
}
