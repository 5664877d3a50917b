// One tenant's desk: its gate, ledger, keys and records over one SQL store, each step one transaction. Knows no host and no socket.
import { DeskAdmission } from './desk-admission.ts'
import { DeskCounts, lost } from './desk-counts.ts'
import { DeskEdits } from './desk-edits.ts'
import { DeskLedger, type Balances } from './desk-ledger.ts'
import { DeskPools } from './desk-pools.ts'
import { DeskQueue, type LinesReading } from './desk-queue.ts'
import { DeskRosters } from './desk-rosters.ts'
import { DeskTicks, type Due } from './desk-ticks.ts'
import { DeskUploads } from './desk-uploads.ts'
import { advance, conclude, consider, needs, read, release, renew, type Desk, type Terms } from './gate.ts'
import { tokensOf, type Entry } from './ledger.ts'
import { leaseTtlMs } from './limits.ts'
import type { Series } from './metrics.ts'
import { keyValid, type Tenant } from './plan.ts'
import type {
  Admission,
  CallRecord,
  CallRef,
  Offer,
  PoolAsk,
  PoolGrant,
  Renewal,
  Standing,
  TickAnswer,
} from './ports.ts'
import { SqlRecords, type KeptCall } from './records-sql.ts'
import { SqlRegistry } from './registry-sql.ts'
import { SqlRoster } from './roster-sql.ts'
import { SqlSounds } from './sounds-sql.ts'
import type { Sql, Transact } from './sql.ts'

export interface DeskReading {
  tenant: Tenant
  lines: LinesReading
  usage: { day: Balances; month: Balances }
}

function terms(now: number, room: number): Terms {
  return { now, ttlMs: leaseTtlMs, room }
}

/** A call that lost its lease and never came back is closed after this long: its own object reports it long before. */
const lostAfterMs = 600_000

export class SqlDesk {
  readonly registry: SqlRegistry
  readonly records: SqlRecords
  readonly sounds: SqlSounds
  readonly uploads: DeskUploads
  readonly counts: DeskCounts
  readonly queue: DeskQueue
  readonly ticks: DeskTicks
  readonly edits: DeskEdits
  readonly #rosters: DeskRosters
  readonly #ledger: DeskLedger
  readonly #pools: DeskPools
  readonly #admission: DeskAdmission
  readonly #transact: Transact

  constructor(sql: Sql, transact: Transact) {
    this.#rosters = new DeskRosters(sql)
    this.#ledger = new DeskLedger(this.#rosters)
    this.#pools = new DeskPools(this.#rosters)
    this.registry = new SqlRegistry(sql)
    this.records = new SqlRecords(sql)
    this.sounds = new SqlSounds(sql)
    this.uploads = new DeskUploads(this.registry, this.sounds, transact)
    this.counts = new DeskCounts(sql)
    this.#transact = this.counts.kept(transact)
    this.ticks = new DeskTicks(this.#rosters)
    this.queue = new DeskQueue(this.#rosters, this.registry, this.records, this.#ledger, this.ticks, this.#transact)
    this.edits = new DeskEdits(this.#rosters, this.registry, this.records, this.queue, this.sounds, this.#transact)
    const { registry, records, counts, queue, ticks } = this
    const own = { rosters: this.#rosters, ledger: this.#ledger, pools: this.#pools }
    this.#admission = new DeskAdmission({ registry, records, counts, queue, ticks, ...own })
  }

  /** Makes the tables. Not before a tenant is made: a desk that nobody owns writes nothing. */
  static prepare(sql: Sql): void {
    for (const home of [SqlRoster, SqlRegistry, SqlRecords, SqlSounds, DeskCounts]) home.prepare(sql)
  }

  /** Decides on an offer. Asked again it keeps the call's line or place, and says how it stands. */
  admit(offer: Offer, now: number): Admission {
    return this.#transact(() => this.#admission.decide(offer, now, conclude))
  }

  /** The same of a newcomer, but undefined where the pool is to be asked first. */
  consider(offer: Offer, now: number): Admission | undefined {
    return this.#transact(() => this.#admission.decide(offer, now, consider))
  }

  /** Seats those whose turn has come, and names them: they are to be woken (G6). */
  advance(now: number): string[] {
    return this.#transact(() => {
      const tenant = this.registry.tenant()
      if (tenant === undefined) return []
      const seated = advance(this.#rosters.gate(tenant, undefined, null, now), terms(now, 0))
      for (const call of seated) this.#admission.seated(call, tenant.plan, now)
      if (seated.length > 0) this.ticks.forward(0, now)
      return seated
    })
  }

  /** Gives a place up; the call is still there, to hear why. */
  leave(ref: CallRef, now: number): void {
    this.#transact(() => {
      const tenant = this.registry.tenant()
      if (tenant !== undefined) this.#release(ref, tenant, now)
    })
  }

  /** The waiting calls that are to be ticked now, and what each is told; `withdrawn`: that its key is good no more (K3). */
  due(now: number): (Due & Standing & { withdrawn: boolean })[] {
    return this.#transact(() =>
      this.ticks.due(now).map(({ call, place }) => {
        const kept = this.records.get(call)
        const key = kept && this.registry.key(kept.key)
        const withdrawn = key === undefined || !keyValid(key, now)
        return { call, place, etaMs: this.queue.etaMs(kept, place, now), withdrawn }
      }),
    )
  }

  /** What a call said to its tick. */
  ticked(due: Due, answer: TickAnswer, now: number): void {
    const [tenant, call] = [this.registry.tenant(), this.records.get(due.call)]
    if (tenant === undefined || call === undefined || call.admitted !== null) return // seated in the meantime
    const ref = refOf(call, tenant)
    if (answer.is === 'lost') return this.end(ref, [], lost(call, now), now)
    this.#transact(() => {
      if (answer.is === 'left') this.#release(ref, tenant, now)
      else this.ticks.answered(due, this.#gate(ref, tenant, now), answer, now)
    })
  }

  /** `load`: null while the call is too young to tell. */
  renew(ref: CallRef, load: number | null, now: number): Renewal {
    return this.#transact(() => {
      const key = this.registry.key(ref.key)
      if (key === undefined || !keyValid(key, now)) return { is: 'withdrawn', refusal: { why: 'key_withdrawn' } }
      // A heartbeat that comes after the end, or one of a call that was given up for lost: it would hold a line that nobody frees.
      if (this.records.isClosed(ref.call)) return { is: 'withdrawn', refusal: { why: 'call_reset' } }
      const tenant = this.registry.tenant()
      if (tenant === undefined) return { is: 'kept' }
      const quota = this.#rosters.quota(ref.pool, now)
      const told = load ?? quota.loads.get(ref.call) ?? this.#ledger.newcomerLoad()
      renew(this.#rosters.gate(tenant, key, ref.agent, now), { call: ref.call, quota, load: told }, terms(now, 0))
      return { is: 'kept' }
    })
  }

  /** Debits what was not debited before. A call that has ended brought its last reports with its end. */
  debit(ref: CallRef, entries: readonly Entry[], now: number): void {
    this.#transact(() => {
      if (this.records.isOpen(ref.call)) this.#debit(ref, entries, now)
    })
  }

  end(ref: CallRef, entries: readonly Entry[], record: CallRecord, now: number): void {
    this.#transact(() => {
      const tenant = this.registry.tenant()
      if (tenant === undefined) return
      this.#release(ref, tenant, now)
      if (!this.records.isOpen(ref.call)) return
      this.#debit(ref, entries, now)
      this.#close(ref, tenant, record, now)
    })
  }

  /** Finds calls whose lease ran out, and closes those that stayed away. */
  sweep(now: number): void {
    this.#transact(() => {
      const tenant = this.registry.tenant()
      if (tenant === undefined) return
      for (const key of this.registry.keys()) read(this.#rosters.gate(tenant, key, null, now), now)
      for (const agent of Object.keys(tenant.caps.agents)) read(this.#rosters.gate(tenant, undefined, agent, now), now)
      const [leases, queue, missing] = [
        this.#rosters.get('leases'),
        this.#rosters.get('queue'),
        this.#rosters.get('missing'),
      ]
      for (const call of this.records.openCalls()) {
        const { id } = call
        if (leases.get(id) !== undefined || queue.get(id) !== undefined) missing.delete(id)
        else if (missing.get(id) === undefined) missing.set(id, now)
        else if (now - (missing.get(id) ?? now) >= lostAfterMs) {
          this.#close(refOf(call, tenant), tenant, lost(call, now), now)
        }
      }
    })
  }

  /** What the pool is told; until it has answered the desk uses no more than its calls have. */
  ask(pool: string, now: number): PoolAsk | undefined {
    return this.#transact(() => {
      const tenant = this.registry.tenant()
      if (tenant === undefined) return undefined
      const needed = needs(this.#rosters.gate(tenant, undefined, null, now), this.#rosters.quota(pool, now), now)
      this.#pools.ask(pool, needed, now)
      const [block, debited] = [this.#ledger.newcomerLoad(), this.#pools.debited(pool)]
      return { plan: tenant.plan, needs: needed, block, debited, epoch: this.#pools.epoch(pool) }
    })
  }

  /** Takes a grant, or that there is no answer; returns the calls that were seated by it. */
  regrant(pool: string, grant: PoolGrant | undefined, as: 'answer' | 'word', now: number): string[] {
    this.#transact(() => this.#pools.take(pool, grant, as, now))
    return this.advance(now)
  }

  /** Whether the next newcomer would have to wait for the pool: its slack is used. */
  lacks(pool: string, now: number): boolean {
    const { loads, tokens, sessions } = this.#rosters.quota(pool, now)
    return loads.sum() + this.#ledger.newcomerLoad() > tokens || loads.size() >= sessions
  }

  /** The quotas that its calls draw from, or would. */
  pools(): string[] {
    return this.#rosters.pools()
  }

  read(now: number): DeskReading | undefined {
    const tenant = this.registry.tenant()
    if (tenant === undefined) return undefined
    return { tenant, lines: this.queue.lines(tenant, now), usage: this.#ledger.usage(now) }
  }

  /** What this desk adds to `/metrics`, by pool; kept, so that counters outlive the object. */
  report(now: number): Record<string, Series> {
    const tenant = this.registry.tenant()
    if (tenant === undefined) return {}
    const { live, cap } = this.queue.lines(tenant, now)
    const oldestWaitMs = this.queue.oldestWaitMs(tenant, now)
    return this.counts.report(tenant.plan, { live, waiting: this.records.waiting(), cap, oldestWaitMs })
  }

  #gate(ref: CallRef, tenant: Tenant, now: number): Desk {
    return this.#rosters.gate(tenant, this.registry.key(ref.key), ref.agent, now)
  }

  #release(ref: CallRef, tenant: Tenant, now: number): void {
    const gate = this.#gate(ref, tenant, now)
    const place = gate.queue.rank(ref.call)
    release(gate, ref.call, now, ref.caller ?? undefined)
    if (place !== undefined) this.ticks.gaveUp(ref.call, place, now)
  }

  #debit(ref: CallRef, entries: readonly Entry[], now: number): void {
    const plan = this.registry.tenant()?.plan ?? 'trial'
    for (const entry of this.#ledger.debit(ref.call, entries, now)) {
      this.counts.debited(ref.pool, plan, entry)
      this.#pools.debited(ref.pool, tokensOf(entry))
    }
  }

  #close(ref: CallRef, tenant: Tenant, told: CallRecord, now: number): void {
    const entered = this.records.get(ref.call)
    const record = told.outcome.why === 'call_reset' && entered !== undefined ? lost(entered, now) : told
    if (!this.records.close(ref.call, now, record)) return
    if (entered?.admitted === null) this.counts.unserved(ref.pool, tenant.plan, record)
    for (const name of ['missing', 'removed']) this.#rosters.get(name).delete(ref.call)
    this.#ledger.ended(ref.call, record, now)
    this.counts.ended(ref.pool, tenant.plan, record)
  }
}

/** Who calls is not kept: one that is lost is not remembered. */
function refOf({ id: call, key, agent, pool }: KeptCall, tenant: Tenant): CallRef {
  return { call, tenant: tenant.id, key, agent, caller: null, pool }
}
