// One tenant's desk: its gate, ledger, keys and records over one SQL store, each step one transaction. Knows no host and no socket.
import { DeskCounts, lost } from './desk-counts.ts'
import { DeskEdits } from './desk-edits.ts'
import { DeskLedger, type Balances } from './desk-ledger.ts'
import { DeskPools } from './desk-pools.ts'
import { DeskQueue, type LinesReading } from './desk-queue.ts'
import { DeskRosters } from './desk-rosters.ts'
import { DeskUploads } from './desk-uploads.ts'
import {
  admit,
  advance,
  conclude,
  consider,
  needs,
  read,
  release,
  renew,
  turning,
  type Ask,
  type Desk,
  type Terms,
  type Verdict,
} from './gate.ts'
import { tokensOf, type Entry } from './ledger.ts'
import { leaseTtlMs } from './limits.ts'
import type { Series } from './metrics.ts'
import { offerProblem } from './offer-check.ts'
import { callTerms, keyValid, roomOf, type Key, type Tenant } from './plan.ts'
import type { Admission, CallRecord, CallRef, Offer, PoolAsk, PoolGrant, Renewal } from './ports.ts'
import { SqlRecords } from './records-sql.ts'
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

type Rule<V> = (desk: Desk, ask: Ask, t: Terms) => V
type Decided<V> = Admission | (undefined extends V ? undefined : never)

/** A call that lost its lease and never came back is closed after this long: its own object reports it long before. */
const lostAfterMs = 600_000

export class SqlDesk {
  readonly registry: SqlRegistry
  readonly records: SqlRecords
  readonly sounds: SqlSounds
  readonly uploads: DeskUploads
  readonly counts: DeskCounts
  readonly queue: DeskQueue
  readonly edits: DeskEdits
  readonly #rosters: DeskRosters
  readonly #ledger: DeskLedger
  readonly #pools: DeskPools
  readonly #transact: Transact

  constructor(sql: Sql, transact: Transact) {
    this.#rosters = new DeskRosters(sql)
    this.#ledger = new DeskLedger(this.#rosters)
    this.#pools = new DeskPools(this.#rosters)
    this.#transact = transact
    this.registry = new SqlRegistry(sql)
    this.records = new SqlRecords(sql)
    this.sounds = new SqlSounds(sql)
    this.uploads = new DeskUploads(this.registry, this.sounds, transact)
    this.counts = new DeskCounts(sql)
    this.queue = new DeskQueue(this.#rosters, this.registry, this.records, this.#ledger, transact)
    this.edits = new DeskEdits(this.#rosters, this.registry, this.records, this.queue, this.sounds, transact)
  }

  /** Makes the tables. Not before a tenant is made: a desk that nobody owns writes nothing. */
  static prepare(sql: Sql): void {
    for (const home of [SqlRoster, SqlRegistry, SqlRecords, SqlSounds, DeskCounts]) home.prepare(sql)
  }

  /** Decides on an offer. Asked again it keeps the call's line or place, and says how it stands. */
  admit(offer: Offer, now: number): Admission {
    return this.#transact(() => this.#admit(offer, now, conclude))
  }

  /** The same of a newcomer, but undefined where the pool is to be asked first. */
  consider(offer: Offer, now: number): Admission | undefined {
    return this.#transact(() => this.#admit(offer, now, consider))
  }

  /** Seats those whose turn has come, and names them: they are to be woken (G6). */
  advance(now: number): string[] {
    return this.#transact(() => {
      const tenant = this.registry.tenant()
      if (tenant === undefined) return []
      const seated = advance(this.#rosters.gate(tenant, undefined, null, now), terms(now, 0))
      for (const call of seated) this.#seated(call, tenant.plan, now)
      return seated
    })
  }

  /** Gives a place up; the call is still there, to hear why. */
  leave(ref: CallRef, now: number): void {
    this.#transact(() => {
      const [tenant, key] = [this.registry.tenant(), this.registry.key(ref.key)]
      if (tenant === undefined) return
      release(this.#rosters.gate(tenant, key, ref.agent, now), ref.call, now, ref.caller ?? undefined)
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
      const [tenant, key] = [this.registry.tenant(), this.registry.key(ref.key)]
      if (tenant === undefined) return
      release(this.#rosters.gate(tenant, key, ref.agent, now), ref.call, now, ref.caller ?? undefined)
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
        const { id, key, agent, pool } = call
        if (leases.get(id) !== undefined || queue.get(id) !== undefined) missing.delete(id)
        else if (missing.get(id) === undefined) missing.set(id, now)
        else if (now - (missing.get(id) ?? now) >= lostAfterMs) {
          this.#close({ call: id, tenant: tenant.id, key, agent, caller: null, pool }, tenant, lost(call, now), now)
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

  #admit<V extends Verdict | undefined>(offer: Offer, now: number, first: Rule<V>): Decided<V> {
    const tenant = this.registry.tenant()
    const key = tenant && this.registry.keyByHash(offer.keyHash)
    if (tenant === undefined || key === undefined) return { is: 'refused', refusal: { why: 'key_unknown' } }
    const known = this.records.get(offer.call)
    // It asked before it ended and is heard after: it would hold a line that nobody frees.
    if (known !== undefined && known.ended !== null) return { is: 'refused', refusal: { why: 'call_reset' } }
    if (this.queue.isRemoved(offer.call)) return { is: 'refused', refusal: { why: 'removed_from_queue' } }
    const admission = this.#decide(offer, tenant, key, now, known === undefined ? first : admit)
    if (admission === undefined) return undefined as Decided<V>
    if (known === undefined) this.counts.offered(offer.pool, tenant.plan)
    if (admission.is === 'granted' || admission.is === 'queued') this.#enter(offer, tenant, key, admission.is, now)
    else if (known === undefined) this.counts.turnedAway(offer.pool, tenant.plan, admission)
    return admission
  }

  #decide(offer: Offer, tenant: Tenant, key: Key, now: number, rule: Rule<Verdict | undefined>): Admission | undefined {
    const refusal = offerProblem(offer, tenant, key, now)
    if (refusal !== undefined) return { is: 'refused', refusal }
    this.#pools.enter(offer.pool)
    const [{ overflow }, room] = [tenant, roomOf(tenant)]
    const { call, caller } = offer
    const desk = this.#rosters.gate(tenant, key, offer.agent, now)
    const ask: Ask = {
      call,
      quota: this.#rosters.quota(offer.pool, now),
      load: this.#ledger.newcomerLoad(),
      headStartMs: key.headStartSeconds * 1000,
      ...(caller !== null && { caller }),
    }
    const verdict = rule(desk, ask, terms(now, room))
    if (verdict === undefined) return undefined
    if (verdict.is === 'granted') return { is: 'granted', terms: callTerms(tenant, key) }
    if (verdict.is === 'queued') {
      const { place, short } = verdict
      const etaMs = this.#ledger.etaMs(place, turning(desk, short))
      return { is: 'queued', terms: callTerms(tenant, key), place, short, etaMs }
    }
    if (verdict.of === 'room' && overflow === 'hold') return { is: 'full', terms: callTerms(tenant, key), room }
    const beforeUpgrade = overflow === 'upgrade'
    if (verdict.short !== 'lines') return { is: 'refused', refusal: { why: 'quota_short' }, beforeUpgrade }
    const scope = verdict.of === 'room' ? 'tenant' : verdict.of
    const cap = (desk.lines.find((lines) => lines.of === scope) ?? desk.lines[0]).cap
    return { is: 'refused', refusal: { why: 'lines_full', details: { scope, cap } }, beforeUpgrade }
  }

  /** Opens the record of a call that has a line or a place, and counts it once when it has its line. */
  #enter(offer: Offer, tenant: Tenant, key: Key, is: 'granted' | 'queued', now: number): void {
    const { call: id, agent, caller, model, pool } = offer
    if (caller !== null && this.records.get(id) === undefined) this.queue.takenUp(caller)
    this.records.open({ id, key: key.id, agent, model, pool, began: now, admitted: null })
    if (is === 'granted') this.#seated(id, tenant.plan, now)
  }

  #seated(call: string, plan: string, now: number): void {
    const entered = this.records.admit(call, now)
    if (entered === undefined) return
    this.counts.admitted(entered.pool, plan, now - entered.began)
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
