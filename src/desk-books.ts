// A desk takes in what its calls have used, and says at once whether they may go on and who is to be told what. Knows no line, no queue and no
// host. Rules L1, L4, L6–L8.
import { useOf } from './budget.ts'
import { DeskBudget, type Alert, type Ending, type Seats } from './desk-budget.ts'
import type { DeskCounts } from './desk-counts.ts'
import type { Audit, DeskHomes } from './desk-homes.ts'
import { DeskLedger } from './desk-ledger.ts'
import type { DeskOutbox } from './desk-outbox.ts'
import { DeskPages } from './desk-pages.ts'
import type { DeskPools } from './desk-pools.ts'
import type { DeskRosters } from './desk-rosters.ts'
import { tokensOf, type Entry } from './ledger.ts'
import { linesOf, type Tenant } from './plan.ts'
import type { CallRecord, CallRef, Metered, Progress, Renewal } from './ports.ts'
import type { Refusal } from './refusal.ts'
import type { Message } from './webhook-events.ts'

/** What a call's word is answered with, and what is to be told because of it. */
export interface Heard {
  renewal: Renewal
  alerts: Alert[]
  /** Others wait for what it holds no more. */
  waits: boolean
}

/** Calls that are open; why their tenant may not talk, where it may not, and else those that have spent what each may use by itself. */
export interface Affected {
  calls: string[]
  refusal?: Refusal | undefined
  spent: Ending[]
}

/** Whether others wait for what a call had. */
export interface Left {
  waits: boolean
  alerts: Alert[]
}

export class DeskBooks {
  readonly pages: DeskPages
  readonly ledger: DeskLedger
  readonly budget: DeskBudget
  readonly #rosters: DeskRosters
  readonly #counts: DeskCounts
  readonly #audit: Audit
  readonly #pools: DeskPools
  readonly #outbox: DeskOutbox

  constructor(rosters: DeskRosters, homes: DeskHomes, counts: DeskCounts, pools: DeskPools, outbox: DeskOutbox) {
    const { registry, audit } = homes
    this.pages = new DeskPages(rosters, registry)
    this.ledger = new DeskLedger(rosters, this.pages)
    this.budget = new DeskBudget(rosters, this.pages)
    this.#rosters = rosters
    this.#counts = counts
    this.#audit = audit
    this.#pools = pools
    this.#outbox = outbox
  }

  /** A live call's word. */
  heard(ref: CallRef, entries: readonly Entry[], { metered, hold }: Progress, tenant: Tenant, now: number): Heard {
    const waiting = this.#waiting(tenant)
    const before = waiting > 0 ? this.seats(tenant, now).free : 0
    this.#debit(ref, entries, metered, tenant, now)
    if (hold !== undefined) this.budget.hold(ref.call, hold, now)
    else this.budget.holdOn(ref.call, now)
    const alerts = this.alerts(tenant, now, ref.pool)
    const refusal = this.budget.refusalOf(ref.call, tenant, now)
    const waits = waiting > before && this.seats(tenant, now).free > before
    return { renewal: refusal === undefined ? { is: 'kept' } : { is: 'withdrawn', refusal }, alerts, waits }
  }

  /** How many callers may have a line now, each with room for its first reply (L4). */
  seats(tenant: Tenant, now: number): Seats {
    return this.budget.seats(tenant, this.ledger.newcomerHold(), now)
  }

  /** Its last one. What is reached by it is told by `alerts`, where somebody takes that in. */
  ended(ref: CallRef, entries: readonly Entry[], record: CallRecord, tenant: Tenant, now: number): void {
    this.#debit(ref, entries, { live_ms: record.liveMs, micro_usd: record.timeMicroUsd }, tenant, now)
  }

  /** What is reached now and was not told yet: by a step alone whose answer is spread (L6). `pool`: where it is counted, else its first. */
  alerts(tenant: Tenant, now: number, pool = this.#rosters.pools()[0] ?? 'none'): Alert[] {
    const alerts = [...this.#burnt(tenant, now), ...this.budget.reached(tenant, now)]
    for (const alert of alerts) {
      this.#counts.alerted(pool, tenant.plan, alert)
      this.#outbox.put(messageOf(alert, tenant.id, now), now)
    }
    return alerts
  }

  /** Lifts a suspension; false where there is none (L7). */
  resume(tenant: Tenant, now: number): boolean {
    if (!this.budget.resume()) return false
    this.#audit.add({ who: 'operator', what: 'tenant.resumed' }, now)
    const data = { tenant: tenant.id, reason: 'operator' }
    this.#outbox.put({ id: `${tenant.id}_resumed_${now}`, type: 'tenant.resumed', data }, now)
    return true
  }

  /** Forgets what ended long ago. */
  sweep(now: number): void {
    this.pages.forgetOld(now)
    this.budget.sweep(now)
  }

  /** Who waits while a line is free. */
  #waiting(tenant: Tenant): number {
    const [leases, queue] = [this.#rosters.get('leases'), this.#rosters.get('queue')]
    return leases.size() < linesOf(tenant) ? queue.size() : 0
  }

  #debit(ref: CallRef, entries: readonly Entry[], metered: Metered | undefined, tenant: Tenant, now: number): void {
    const more = this.ledger.metered(ref, metered, tenant, now)
    this.#counts.metered(ref.pool, tenant.plan, more)
    let microUsd = more.micro_usd
    for (const entry of this.ledger.debit(ref, entries, tenant, now)) {
      this.#counts.debited(ref.pool, tenant.plan, entry)
      this.#pools.debited(ref.pool, tokensOf(entry.amounts))
      microUsd += entry.amounts['micro_usd'] ?? 0
    }
    this.budget.burn(tenant, microUsd, now)
  }

  #burnt(tenant: Tenant, now: number): Alert[] {
    const alerts = this.budget.burnt(tenant, now)
    for (const alert of alerts) {
      if (alert.is !== 'suspended') continue
      const figures = { micro_usd_per_hour: alert.micro_usd_per_hour, most: alert.most }
      this.#audit.add({ who: 'broker', what: 'tenant.suspended', figures }, now)
    }
    return alerts
  }
}

export function withdrawn(refusal: Refusal): Heard {
  return { renewal: { is: 'withdrawn', refusal }, alerts: [], waits: false }
}

/** What webhooks are told of it, in the units in which it is set. Its id is the same whoever tells it. */
function messageOf(alert: Alert, tenant: string, now: number): Omit<Message, 'at'> {
  if (alert.is === 'suspended') {
    const data = { tenant, reason: 'burn_rate', usd_per_hour: alert.micro_usd_per_hour / 1_000_000 }
    return { id: `${tenant}_suspended_${now}`, type: 'tenant.suspended', data }
  }
  const { level, window, account, amount, used, ends, shadow } = alert
  const whose = shadow ? 'shadow' : 'own'
  const data = { tenant, ...useOf(alert, used, ends), shadow }
  const percent = level === 'warning' ? '080' : '100' // messages of one moment go in the order of their ids
  return { id: `${tenant}_${whose}_${account}_${amount}_${window}_${ends}_${percent}`, type: `budget.${level}`, data }
}
