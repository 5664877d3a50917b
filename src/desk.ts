// One tenant's desk: its gate, ledger, keys and records over one SQL store, each step one transaction. Knows no host and no socket.
import { DeskCounts, lostRecord } from './desk-counts.ts'
import { DeskLedger, type Balances } from './desk-ledger.ts'
import { DeskRosters } from './desk-rosters.ts'
import { DeskSettings } from './desk-settings.ts'
import { admit, advance, read, release, renew, type Terms } from './gate.ts'
import type { Entry } from './ledger.ts'
import { leaseTtlMs } from './limits.ts'
import type { Series } from './metrics.ts'
import { callTerms, keyValid, linesOf, plans, type Key, type Tenant } from './plan.ts'
import type { Admission, CallRecord, CallRef, Offer, Renewal } from './ports.ts'
import { SqlRecords, type KeptCall } from './records-sql.ts'
import type { Refusal } from './refusal.ts'
import { SqlRegistry } from './registry-sql.ts'
import { SqlRoster } from './roster-sql.ts'
import { SqlSounds } from './sounds-sql.ts'
import type { Sql, Transact } from './sql.ts'

export interface DeskReading {
  tenant: Tenant
  lines: { live: number; cap: number; waiting: number }
  usage: { day: Balances; month: Balances }
}

/** What a newcomer is taken to need: tokens in its first minute, until this tenant's own calls are known (P3). */
const firstMinuteLoad = 6_000

/** No pool yet: the grant is not bounded. */
function terms(now: number, room: number): Terms {
  return { now, ttlMs: leaseTtlMs, grant: Infinity, room }
}

/** A call that lost its lease and never came back is closed after this long: its own object reports it long before. */
const lostAfterMs = 600_000

/** A call that was reset has forgotten how long it waited; its desk has not. */
function lost({ model, began, admitted }: KeptCall, now: number): CallRecord {
  return lostRecord(model, admitted === null ? 0 : now - admitted, (admitted ?? now) - began)
}

export class SqlDesk {
  readonly registry: SqlRegistry
  readonly records: SqlRecords
  readonly sounds: SqlSounds
  readonly settings: DeskSettings
  readonly counts: DeskCounts
  readonly #rosters: DeskRosters
  readonly #ledger: DeskLedger
  readonly #transact: Transact

  constructor(sql: Sql, transact: Transact) {
    this.#rosters = new DeskRosters(sql)
    this.#ledger = new DeskLedger(this.#rosters)
    this.registry = new SqlRegistry(sql)
    this.records = new SqlRecords(sql)
    this.sounds = new SqlSounds(sql)
    this.settings = new DeskSettings(this.registry, this.sounds, transact)
    this.counts = new DeskCounts(sql)
    this.#transact = this.counts.kept(transact)
  }

  /** Makes the tables. Not before a tenant is made: a desk that nobody owns writes nothing. */
  static prepare(sql: Sql): void {
    for (const home of [SqlRoster, SqlRegistry, SqlRecords, SqlSounds, DeskCounts]) home.prepare(sql)
  }

  /** Decides on an offer. Asked again it keeps the call's line or place, and says how it stands. */
  admit(offer: Offer, now: number): Admission {
    return this.#transact(() => {
      const tenant = this.registry.tenant()
      const key = tenant && this.registry.keyByHash(offer.keyHash)
      if (tenant === undefined || key === undefined) return { is: 'refused', refusal: { why: 'key_unknown' } }
      const known = this.records.get(offer.call)
      // It asked before it ended and is heard after: it would hold a line that nobody frees.
      if (known !== undefined && known.ended !== null) return { is: 'refused', refusal: { why: 'call_reset' } }
      const admission = this.#decide(offer, tenant, key, now)
      if (known === undefined) this.counts.offered(offer.pool, tenant.plan)
      if (admission.is === 'granted' || admission.is === 'queued') this.#enter(offer, tenant, key, admission.is, now)
      else if (known === undefined) this.counts.turnedAway(offer.pool, tenant.plan, admission)
      return admission
    })
  }

  /** Seats those whose turn has come, and names them: they are to be woken (G6). */
  advance(now: number): string[] {
    return this.#transact(() => {
      const tenant = this.registry.tenant()
      if (tenant === undefined) return []
      const seated = advance(this.#rosters.gate(tenant, undefined, null), terms(now, 0))
      for (const call of seated) this.#seated(call, tenant.plan, now)
      return seated
    })
  }

  /** Gives a place up; the call is still there, to hear why. */
  leave(ref: CallRef, now: number): void {
    this.#transact(() => {
      const tenant = this.registry.tenant()
      if (tenant !== undefined)
        release(this.#rosters.gate(tenant, this.registry.key(ref.key), ref.agent), ref.call, now)
    })
  }

  renew(ref: CallRef, now: number): Renewal {
    return this.#transact(() => {
      const key = this.registry.key(ref.key)
      if (key === undefined || !keyValid(key, now)) return { is: 'withdrawn', refusal: { why: 'key_withdrawn' } }
      // A heartbeat that comes after the end, or one of a call that was given up for lost: it would hold a line that nobody frees.
      if (this.records.isClosed(ref.call)) return { is: 'withdrawn', refusal: { why: 'call_reset' } }
      const tenant = this.registry.tenant()
      if (tenant !== undefined)
        renew(this.#rosters.gate(tenant, key, ref.agent), ref.call, firstMinuteLoad, terms(now, 0))
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
      release(this.#rosters.gate(tenant, key, ref.agent), ref.call, now)
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
      for (const key of this.registry.keys()) read(this.#rosters.gate(tenant, key, null), now)
      for (const agent of Object.keys(tenant.caps.agents)) read(this.#rosters.gate(tenant, undefined, agent), now)
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
          this.#close({ call: id, tenant: tenant.id, key, agent, pool }, tenant, lost(call, now), now)
        }
      }
    })
  }

  read(now: number): DeskReading | undefined {
    const tenant = this.registry.tenant()
    if (tenant === undefined) return undefined
    const { live, waiting } = read(this.#rosters.gate(tenant, undefined, null), now)
    return {
      tenant,
      lines: { live, waiting, cap: linesOf(tenant) },
      usage: this.#ledger.usage(now),
    }
  }

  /** What this desk adds to `/metrics`, by pool; kept, so that counters outlive the object. */
  report(now: number): Record<string, Series> {
    const tenant = this.registry.tenant()
    if (tenant === undefined) return {}
    const { live } = read(this.#rosters.gate(tenant, undefined, null), now)
    return this.counts.report(tenant.plan, { live, waiting: this.records.waiting(), cap: linesOf(tenant) })
  }

  #decide(offer: Offer, tenant: Tenant, key: Key, now: number): Admission {
    const refusal = this.#unfit(offer, tenant, key, now)
    if (refusal !== undefined) return { is: 'refused', refusal }
    const { overflow } = tenant
    const room = overflow === 'hold' ? plans[tenant.plan].room : 0
    const desk = this.#rosters.gate(tenant, key, offer.agent)
    const verdict = admit(desk, { call: offer.call, load: firstMinuteLoad }, terms(now, room))
    if (verdict.is === 'granted') return { is: 'granted', terms: callTerms(tenant, key) }
    if (verdict.is === 'queued') {
      return {
        is: 'queued',
        terms: callTerms(tenant, key),
        place: verdict.place,
        etaMs: this.#ledger.etaMs(verdict.place, linesOf(tenant)),
      }
    }
    if (verdict.of === 'room' && overflow === 'hold') return { is: 'full', terms: callTerms(tenant, key), room }
    const scope = verdict.of === 'room' ? 'tenant' : verdict.of
    const cap = (desk.lines.find((lines) => lines.of === scope) ?? desk.lines[0]).cap
    return {
      is: 'refused',
      refusal: { why: 'lines_full', details: { scope, cap } },
      beforeUpgrade: overflow === 'upgrade',
    }
  }

  /** Opens the record of a call that has a line or a place, and counts it once when it has its line. */
  #enter(offer: Offer, tenant: Tenant, key: Key, is: 'granted' | 'queued', now: number): void {
    const { call: id, agent, model, pool } = offer
    this.records.open({ id, key: key.id, agent, model, pool, began: now, admitted: null })
    if (is === 'granted') this.#seated(id, tenant.plan, now)
  }

  #seated(call: string, plan: string, now: number): void {
    const entered = this.records.admit(call, now)
    if (entered === undefined) return
    this.counts.admitted(entered.pool, plan, now - entered.began)
  }

  #unfit(offer: Offer, tenant: Tenant, key: Key, now: number): Refusal | undefined {
    if (!keyValid(key, now)) return { why: 'key_revoked' }
    if (offer.unserved !== null) return offer.unserved
    const models = offer.models.filter((model) => tenant.models === null || tenant.models.includes(model))
    if (offer.model === '') return { why: 'model_missing', details: { models: models.join(', ') } }
    if (!models.includes(offer.model))
      return { why: 'model_unknown', details: { model: offer.model, models: models.join(', ') } }
    return undefined
  }

  #debit(ref: CallRef, entries: readonly Entry[], now: number): void {
    const plan = this.registry.tenant()?.plan ?? 'trial'
    for (const entry of this.#ledger.debit(ref.call, entries, now)) this.counts.debited(ref.pool, plan, entry)
  }

  #close(ref: CallRef, tenant: Tenant, told: CallRecord, now: number): void {
    const entered = this.records.get(ref.call)
    const record = told.outcome.why === 'call_reset' && entered !== undefined ? lost(entered, now) : told
    if (!this.records.close(ref.call, now, record)) return
    if (entered?.admitted === null) this.counts.unserved(ref.pool, tenant.plan, record)
    this.#rosters.get('missing').delete(ref.call)
    this.#ledger.ended(ref.call, record.liveMs, now)
    this.counts.ended(ref.pool, tenant.plan, record)
  }
}
