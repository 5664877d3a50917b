// One tenant's desk as a Durable Object: its storage, its alarm, its reports. Translates only; what is decided is in src/desk.ts.
import { DurableObject } from 'cloudflare:workers'
import { SqlDesk, type DeskReading } from '../src/desk.ts'
import type { Entry } from '../src/ledger.ts'
import { keysPerTenant } from '../src/limits.ts'
import { changed, keyValid, type Key, type Tenant, type TenantChange } from '../src/plan.ts'
import type { Admission, CallRecord, CallRef, Offer, Renewal } from '../src/ports.ts'
import type { KeptCall } from '../src/records-sql.ts'
import type { Refusal } from '../src/refusal.ts'
import { clock } from './clock.ts'
import type { Env } from './env.ts'
import { sqlOf, transactOf } from './storage.ts'
import { callOf, poolOf } from './stubs.ts'

/** How soon a change shows on `/metrics`, and how often a desk with live calls looks for lost ones. */
const reportAfterMs = 1_000
const watchEveryMs = 15_000

export class DeskObject extends DurableObject<Env> {
  /** undefined until a tenant is made: a desk that nobody owns writes nothing. */
  #desk: SqlDesk | undefined

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const sql = sqlOf(ctx.storage)
    if (sql("SELECT 1 FROM sqlite_master WHERE name = 'tenant'").length > 0) {
      SqlDesk.prepare(sql)
      // A life that was cut short may have left live calls without an alarm.
      this.#open()
      ctx.waitUntil(this.#armNext())
    }
  }

  create(tenant: Tenant): void {
    SqlDesk.prepare(sqlOf(this.ctx.storage))
    this.#open().registry.putTenant(tenant)
  }

  async admit(offer: Offer): Promise<Admission> {
    if (this.#desk === undefined) return { is: 'refused', refusal: { why: 'key_unknown' } }
    const admission = this.#desk.admit(offer, clock.now())
    await this.#arm(reportAfterMs)
    return admission
  }

  renew(ref: CallRef): Renewal {
    return this.#desk?.renew(ref, clock.now()) ?? { is: 'kept' }
  }

  async leave(ref: CallRef): Promise<void> {
    this.#desk?.leave(ref, clock.now())
    await this.#arm(reportAfterMs)
  }

  async debit(ref: CallRef, entries: readonly Entry[]): Promise<void> {
    this.#desk?.debit(ref, entries, clock.now())
    await this.#arm(reportAfterMs)
  }

  async end(ref: CallRef, entries: readonly Entry[], record: CallRecord): Promise<void> {
    this.#desk?.end(ref, entries, record, clock.now())
    this.#putThrough()
    await this.#arm(reportAfterMs)
  }

  read(): DeskReading | undefined {
    return this.#desk?.read(clock.now())
  }

  me(hash: string): { reading: DeskReading; key: Key } | undefined {
    const [reading, key] = [this.read(), this.#desk?.registry.keyByHash(hash)]
    return reading === undefined || key === undefined || !keyValid(key, clock.now()) ? undefined : { reading, key }
  }

  change(change: TenantChange): DeskReading | undefined {
    const tenant = this.#desk?.registry.tenant()
    if (tenant !== undefined) this.#desk?.registry.putTenant(changed(tenant, change))
    this.#putThrough() // a cap that rose (G6)
    return this.read()
  }

  keys(): Key[] | undefined {
    return this.#desk?.registry.keys()
  }

  addKey(key: Key, hash: string): Refusal | undefined {
    if (this.#desk === undefined)
      return { why: 'thing_unknown', details: { kind: 'tenant', id: this.ctx.id.name ?? '' } }
    const valid = this.#desk.registry.keys().filter((one) => keyValid(one, clock.now()))
    if (valid.length >= keysPerTenant) return { why: 'keys_enough', details: { most: keysPerTenant } }
    this.#desk.registry.putKey(key, hash)
    return undefined
  }

  async revokeKey(id: string, graceMs: number): Promise<Key | Refusal> {
    const key = this.#desk?.registry.key(id)
    if (this.#desk === undefined || key === undefined)
      return { why: 'thing_unknown', details: { kind: 'key', id: id.slice(0, 60) } }
    const at = new Date(clock.now() + graceMs).toISOString()
    // A key that was ended before ends no later for being ended again.
    const expires_at = key.expires_at !== null && key.expires_at < at ? key.expires_at : at
    const ended: Key = graceMs > 0 ? { ...key, expires_at } : { ...key, revoked_at: key.revoked_at ?? at }
    this.#desk.registry.changeKey(ended)
    if (graceMs === 0) await this.#withdraw(this.#desk, id)
    return ended
  }

  calls(limit: number, before: string | undefined): KeptCall[] | undefined {
    return this.#desk?.records.list(limit, before)
  }

  /** Reports to the pools, looks for lost calls. Never throws; arms itself again while anything is live. */
  override async alarm(): Promise<void> {
    try {
      this.#tick()
      this.#desk?.sweep(clock.now())
      this.#putThrough()
      for (const [pool, series] of Object.entries(this.#desk?.report(clock.now()) ?? {})) {
        await poolOf(this.env, pool).report(this.ctx.id.name ?? '', series)
      }
    } catch (error) {
      this.#fault(error)
    }
    await this.#armNext()
  }

  /** Ticks the waiting calls that are due, and notes what each says. One that cannot be reached is due again, until its ticket runs out. */
  #tick(): void {
    const desk = this.#desk
    const due = desk?.due(clock.now()) ?? []
    if (desk === undefined || due.length === 0) return
    const asked = due.map(async ({ call, place, etaMs, withdrawn }) => {
      const stub = callOf(this.env, call)
      if (withdrawn) return stub.wrapUp({ why: 'key_withdrawn' })
      return desk.ticked({ call, place }, await stub.tick({ place, etaMs }), clock.now())
    })
    this.ctx.waitUntil(
      Promise.allSettled(asked).then((answers) => {
        for (const answer of answers) if (answer.status === 'rejected') this.#fault(answer.reason)
        this.#putThrough() // one was lost, or has left
        return this.#armNext()
      }),
    )
  }

  /** Wakes exactly the calls that were seated. One that cannot be woken learns it with its next heartbeat, or its lease runs out. */
  #putThrough(): void {
    const seated = this.#desk?.advance(clock.now()) ?? []
    if (seated.length === 0) return
    this.ctx.waitUntil(Promise.allSettled(seated.map((call) => callOf(this.env, call).seated())))
    this.ctx.waitUntil(this.#armNext()) // those behind them are to hear of it
  }

  #open(): SqlDesk {
    return (this.#desk ??= new SqlDesk(sqlOf(this.ctx.storage), transactOf(this.ctx.storage)))
  }

  /** Live calls of a key that was revoked are told now; one that cannot be reached learns it with its next heartbeat. */
  async #withdraw(desk: SqlDesk, key: string): Promise<void> {
    const live = desk.records.openCalls().filter((call) => call.key === key)
    await Promise.allSettled(live.map(({ id }) => callOf(this.env, id).wrapUp({ why: 'key_withdrawn' })))
  }

  #fault(error: unknown): void {
    console.error(
      JSON.stringify({ level: 'error', msg: 'desk fault', tenant_id: this.ctx.id.name, error: String(error) }),
    )
  }

  /** For as long as a call is open. */
  async #armNext(): Promise<void> {
    if ((this.#desk?.records.openCalls().length ?? 0) === 0) return
    const due = (this.#desk?.ticks.nextAt ?? Infinity) - clock.now()
    await this.#arm(Math.min(watchEveryMs, Math.max(0, due)))
  }

  /** Sooner than what is set already, never later. */
  async #arm(afterMs: number): Promise<void> {
    const due = clock.now() + afterMs
    const set = await this.ctx.storage.getAlarm()
    if (set === null || set > due) await this.ctx.storage.setAlarm(due)
  }
}
