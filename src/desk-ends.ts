// A desk writes down how its calls ended, also those that were lost: one record each. Frees no line. Rules C1, G9.
import { lost, type DeskCounts } from './desk-counts.ts'
import type { DeskLedger } from './desk-ledger.ts'
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
  readonly #ledger: DeskLedger
  readonly #outbox: DeskOutbox

  constructor(rosters: DeskRosters, records: Records, counts: DeskCounts, ledger: DeskLedger, outbox: DeskOutbox) {
    this.#rosters = rosters
    this.#records = records
    this.#counts = counts
    this.#ledger = ledger
    this.#outbox = outbox
  }

  /** A record, as far as it can be known: of a lost call what it had told. */
  known(call: string, told: CallRecord, now: number): CallRecord {
    const entered = this.#records.get(call)
    if (told.outcome.why !== 'call_reset' || entered === undefined) return told
    const [record, { goneMs, ...so }] = [lost(entered, now), this.#ledger.soFar(call, now)]
    return { ...record, ...so, liveMs: Math.max(0, record.liveMs - goneMs) }
  }

  /** After its last debit. */
  close(ref: CallRef, tenant: Tenant, record: CallRecord, now: number): void {
    const entered = this.#records.get(ref.call)
    if (!this.#records.close(ref.call, now, record)) return
    if (entered !== undefined && entered.admitted === null) this.#counts.unserved(ref.pool, tenant.plan, record)
    for (const name of ['missing', 'removed']) this.#rosters.get(name).delete(ref.call)
    this.#ledger.ended(ref, record, tenant, now)
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
      else if (call !== undefined) this.#closeLost(call, tenant, now)
    }
  }

  /** As if it had said so itself: the ledger has the time that its record has. */
  #closeLost(call: KeptCall, tenant: Tenant, now: number): void {
    const [ref, record] = [refOf(call, tenant), this.known(call.id, lost(call, now), now)]
    const metered = { live_ms: record.liveMs, micro_usd: record.timeMicroUsd }
    this.#counts.metered(ref.pool, tenant.plan, this.#ledger.metered(ref, metered, tenant, now))
    this.close(ref, tenant, record, now)
  }
}

function namesIn(roster: Roster): string[] {
  return roster.first(roster.size())
}

/** Who calls is not kept: one that is lost is not remembered. */
export function refOf({ id: call, key, agent, model, pool }: KeptCall, tenant: Tenant): CallRef {
  return { call, tenant: tenant.id, key, agent, caller: null, model, pool }
}
