// One tenant's desk: its gate, ledger, keys and records, each step one transaction of whatever it is kept in. Knows no home, no host and no
// socket. Compiled for Redis as it stands (tools/lua).
import type { Regranted, UnderWay } from './admission.ts'
import { DeskAdmission } from './desk-admission.ts'
import { DeskCounts, lost, reportOf, type Gauges } from './desk-counts.ts'
import type { DeskHomes, Registry } from './desk-homes.ts'
import { holdNarrow } from './desk-holding.ts'
import { DeskBooks, type Affected, type Left, withdrawn, type Heard } from './desk-books.ts'
import type { Alert, BudgetReading } from './desk-budget.ts'
import { DeskEnds, refOf } from './desk-ends.ts'
import type { Balances } from './desk-ledger.ts'
import { DeskOutbox } from './desk-outbox.ts'
import { DeskPools } from './desk-pools.ts'
import { DeskQueue, type LinesReading } from './desk-queue.ts'
import { DeskRosters } from './desk-rosters.ts'
import { DeskUsage } from './desk-usage.ts'
import { advance, conclude, consider, needs, read, release, renew, type Desk, type Needs, type Terms } from './gate.ts'
import type { Entry } from './ledger.ts'
import { auditKeptMs, keptMs, leaseTtlMs } from './limits.ts'
import type { Series } from './metrics.ts'
import { callLimits, keyValid, type Tenant } from './plan.ts'
import type { Admission, CallRecord, CallRef, Offer, PoolAsk, PoolGrant, Progress } from './ports.ts'
import type { Records } from './records.ts'
import type { Refusal } from './refusal.ts'

export interface DeskReading {
  tenant: Tenant
  lines: LinesReading
  usage: { hour: Balances; day: Balances; month: Balances }
  budgets: BudgetReading[]
  /** Since when (ms since 1970); null where it is not. */
  suspended: number | null
}

export class TenantDesk {
  readonly rosters: DeskRosters
  readonly counts: DeskCounts
  readonly queue: DeskQueue
  readonly outbox: DeskOutbox
  readonly usage: DeskUsage
  readonly books: DeskBooks
  readonly #homes: DeskHomes
  readonly #registry: Registry
  readonly #records: Records
  readonly #ends: DeskEnds
  readonly #pools: DeskPools
  readonly #admission: DeskAdmission

  constructor(homes: DeskHomes) {
    const { registry, records, ticks, transact } = homes
    this.#homes = homes
    this.#registry = registry
    this.#records = records
    this.rosters = new DeskRosters(homes.rosters)
    this.counts = new DeskCounts(homes.counts)
    this.outbox = new DeskOutbox(this.rosters, this.counts, homes)
    this.#pools = new DeskPools(this.rosters, homes.shared)
    this.books = new DeskBooks(this.rosters, homes, this.counts, this.#pools, this.outbox)
    this.usage = new DeskUsage(registry, this.books.pages)
    this.#ends = new DeskEnds(this.rosters, records, this.counts, this.books, this.outbox)
    this.queue = new DeskQueue(this.rosters, registry, records, this.books, ticks, transact)
    const { rosters, counts, queue } = this
    const own = { books: this.books, pools: this.#pools, ticks }
    const terms = (now: number, room: number, seats: number): Terms => this.#terms(now, room, seats)
    this.#admission = new DeskAdmission({ rosters, registry, records, counts, queue, terms, ...own })
  }

  /** Decides on an offer. Asked again it keeps the call's line or place, and says how it stands. */
  admit(offer: Offer, now: number): Admission {
    return this.#homes.transact(() => this.#admission.decide(offer, now, conclude))
  }

  /** The same of a newcomer, but undefined where the pool is to be asked first. */
  consider(offer: Offer, now: number): Admission | undefined {
    return this.#homes.transact(() => this.#admission.decide(offer, now, consider))
  }

  /** What was decided, as the conversation with the pool hears it. */
  decision<A extends Admission | undefined>(admission: A, pool: string, now: number): { admission: A; lacks: boolean } {
    return { admission, lacks: admission?.is === 'granted' && this.lacks(pool, now) }
  }

  /** Why a newcomer would be refused, whatever the lines: nothing is counted, nothing of it is kept. */
  barred(offer: Offer, now: number): Refusal | undefined {
    return this.#homes.transact(() => this.#admission.barred(offer, now))
  }

  /** Seats those whose turn has come, and names them: they are to be woken (G6). */
  advance(now: number): string[] {
    return this.#homes.transact(() => {
      const tenant = this.#registry.tenant()
      if (tenant === undefined) return []
      const { free } = this.books.seats(tenant, now)
      const seated = advance(this.rosters.gate(tenant, undefined, null, now), this.#terms(now, 0, free))
      for (const call of seated) {
        this.#admission.seated(call, tenant.plan, now)
        this.#homes.ticks?.seated(call, now)
      }
      if (seated.length > 0) this.#homes.ticks?.forward(0, now)
      return seated
    })
  }

  /** Gives a place up; the call is still there, to hear why. Whether others wait. */
  leave(ref: CallRef, now: number): boolean {
    return this.#homes.transact(() => {
      const tenant = this.#registry.tenant()
      return tenant !== undefined && this.#release(ref, tenant, now)
    })
  }

  /** `load`: null while the call is too young to tell. */
  renew(ref: CallRef, load: number | null, progress: Progress, now: number): Heard {
    return this.#homes.transact(() => {
      const key = this.#registry.key(ref.key)
      if (key === undefined || !keyValid(key, now)) return withdrawn({ why: 'key_withdrawn' })
      // A heartbeat that comes after the end, or one of a call that was given up for lost: it would hold a line that nobody frees.
      if (this.#records.isClosed(ref.call)) return withdrawn({ why: 'call_reset' })
      const tenant = this.#registry.tenant()
      if (tenant === undefined) return { renewal: { is: 'kept' }, alerts: [], waits: false }
      this.#pools.enter(ref.pool) // also after the store had lost it: what its load takes there is to come back
      const quota = this.rosters.quota(ref.pool, now)
      const told = load ?? quota.loads.get(ref.call) ?? this.books.ledger.newcomerLoad()
      renew(this.rosters.gate(tenant, key, ref.agent, now), { call: ref.call, quota, load: told }, this.#terms(now, 0))
      return this.books.heard(ref, [], progress, tenant, now)
    })
  }

  /** Debits what was not debited before. A call that has ended brought its last reports with its end. */
  debit(ref: CallRef, entries: readonly Entry[], progress: Progress, now: number): Heard {
    return this.#homes.transact(() => {
      const tenant = this.#registry.tenant()
      if (tenant === undefined || !this.#records.isOpen(ref.call))
        return { renewal: { is: 'kept' }, alerts: [], waits: false }
      return this.books.heard(ref, entries, progress, tenant, now)
    })
  }

  end(ref: CallRef, entries: readonly Entry[], record: CallRecord, now: number): Left {
    return this.#homes.transact(() => {
      const tenant = this.#registry.tenant()
      if (tenant === undefined) return { waits: false, alerts: [] }
      const waits = this.#end(ref, entries, record, tenant, now)
      return { waits, alerts: this.books.alerts(tenant, now, ref.pool) }
    })
  }

  /** Thresholds that are reached without a debit: a budget was lowered. */
  judge(now: number): Alert[] {
    return this.#homes.transact(() => {
      const tenant = this.#registry.tenant()
      return tenant === undefined ? [] : this.books.alerts(tenant, now)
    })
  }

  affected(now: number): Affected {
    const [tenant, { budget }] = [this.#registry.tenant(), this.books]
    const calls = this.#records.openIds()
    if (tenant === undefined) return { calls, spent: [] }
    const refusal = budget.refusal(tenant, now)
    const own = refusal === undefined && callLimits(tenant).length > 0
    return { calls, refusal, spent: own ? budget.ending(this.#records.openCalls(), tenant, now) : [] }
  }

  /** Lifts a suspension; false where there is none (L7). */
  resume(now: number): boolean {
    return this.#homes.transact(() => {
      const tenant = this.#registry.tenant()
      return tenant !== undefined && this.books.resume(tenant, now)
    })
  }

  /** The host of this call was started anew, and knows nothing of it. Thresholds that are reached by it are told by the next word or sweep. */
  lose(call: string, now: number): void {
    this.#homes.transact(() => {
      const [tenant, kept] = [this.#registry.tenant(), this.#records.get(call)]
      if (tenant !== undefined && kept !== undefined) this.#end(refOf(kept, tenant), [], lost(kept, now), tenant, now)
    })
  }

  /** Finds calls whose lease ran out, closes those that stayed away, and forgets what ended long ago. Thresholds that are reached by it or before. */
  sweep(now: number): Alert[] {
    return this.#homes.transact(() => {
      const tenant = this.#registry.tenant()
      if (tenant === undefined) return []
      for (const key of this.#registry.keys()) read(this.rosters.gate(tenant, key, null, now), now)
      for (const agent of Object.keys(tenant.caps.agents)) read(this.rosters.gate(tenant, undefined, agent, now), now)
      this.#ends.closeLost(tenant, now)
      this.#records.forget(now - keptMs)
      this.outbox.sweep(now)
      this.books.sweep(now)
      this.#homes.audit.forget(now - auditKeptMs)
      return this.books.alerts(tenant, now)
    })
  }

  /** What the pool is told, if it is to be asked now; until it has answered the desk uses no more than its calls have. */
  ask(pool: string, now: number): PoolAsk | UnderWay | undefined {
    return this.#homes.transact(() => {
      const tenant = this.#registry.tenant()
      if (tenant === undefined) return undefined
      const [desk, { free }] = [this.rosters.gate(tenant, undefined, null, now), this.books.seats(tenant, now)]
      const needed = needs(desk, this.rosters.quota(pool, now), now, free)
      const number = this.#pools.ask(pool, needed, now)
      if (number === undefined) return { is: 'under way' }
      const [block, debited] = [this.#block(needed), this.#pools.debited(pool)]
      const busy = this.#pools.busy(pool, needed.sessions.has)
      return { number, plan: tenant.plan, needs: needed, busy, block, debited, epoch: this.#pools.epoch(pool) }
    })
  }

  /** Takes a grant, or that there is no answer, and seats those whose turn has come by it. */
  regrant(pool: string, grant: PoolGrant | undefined, as: 'answer' | 'word', now: number): Regranted {
    const again = this.#homes.transact(() => this.#pools.take(pool, grant, as, now))
    return { seated: this.advance(now), again }
  }

  /** Whether the next newcomer would have to wait for the pool: its slack is used. */
  lacks(pool: string, now: number): boolean {
    const { loads, tokens, sessions } = this.rosters.quota(pool, now)
    return loads.sum() + this.books.ledger.newcomerLoad() > tokens || loads.size() >= sessions
  }

  /** The quotas that its calls draw from, or would. */
  pools(): string[] {
    return this.rosters.pools()
  }

  read(now: number): DeskReading | undefined {
    const tenant = this.#registry.tenant()
    if (tenant === undefined) return undefined
    const { ledger, budget } = this.books
    const [lines, usage] = [this.queue.lines(tenant, now), ledger.usage(tenant, now)]
    const [budgets, suspended] = [budget.reading(tenant, now), budget.suspendedAt() ?? null]
    return { tenant, lines, usage, budgets, suspended }
  }

  /** What this desk adds to `/metrics`, by pool; kept, so that counters outlive the object. */
  report(now: number): Record<string, Series> {
    const tenant = this.#registry.tenant()
    return tenant === undefined ? {} : reportOf(this.counts.sums(), tenant.plan, this.gauges(tenant, now))
  }

  gauges(tenant: Tenant, now: number): Gauges {
    const { live, cap } = this.queue.lines(tenant, now)
    const [waiting, oldestWaitMs] = [this.#records.waiting(), this.queue.oldestWaitMs(tenant, now)]
    return { live, cap, waiting, oldestWaitMs, ...this.outbox.standing(now) }
  }

  /** The lines of keys and agents that have a cap now are held by the calls that came before it. */
  holdNarrow(): void {
    const tenant = this.#registry.tenant()
    if (tenant !== undefined) holdNarrow(this.rosters, this.#registry, this.#records, tenant)
  }

  /**
   * The step in which the pool gives: one call's load, of those who wait as it was when they came. What was learned since may be much less,
   * and a pool that fills what they want in such steps would be at it for minutes.
   */
  #block({ tokens, sessions }: Needs): number {
    const waiting = sessions.wants - sessions.has
    return waiting > 0 ? Math.ceil((tokens.wants - tokens.has) / waiting) : this.books.ledger.newcomerLoad()
  }

  #terms(now: number, room: number, seats = Infinity): Terms {
    return { now, ttlMs: leaseTtlMs, room, seats, learning: this.#homes.learningUntil() > now }
  }

  #gate(ref: CallRef, tenant: Tenant, now: number): Desk {
    return this.rosters.gate(tenant, this.#registry.key(ref.key), ref.agent, now)
  }

  /** Whether others wait for what it had. */
  #end(ref: CallRef, entries: readonly Entry[], record: CallRecord, tenant: Tenant, now: number): boolean {
    const waits = this.#release(ref, tenant, now)
    if (this.#records.isOpen(ref.call)) this.#ends.end(ref, entries, record, tenant, now)
    return waits
  }

  #release(ref: CallRef, tenant: Tenant, now: number): boolean {
    const gate = this.#gate(ref, tenant, now)
    const place = gate.queue.rank(ref.call)
    release(gate, ref.call, now, ref.caller ?? undefined)
    this.books.budget.letGo(ref.call)
    if (place === undefined) this.#homes.ticks?.left(ref.call)
    else this.#homes.ticks?.gaveUp(ref.call, place, now)
    return gate.queue.size() > 0
  }
}
