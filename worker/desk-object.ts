// One tenant's desk as a Durable Object: its storage, its alarm, its reports. Translates only; what is decided is in src/desk.ts.
import { DurableObject } from 'cloudflare:workers'
import { Admissions, deciding } from '../src/admission.ts'
import type { KeyPreview, TenantPreview } from '../src/desk-edits.ts'
import type { QueueReading, Removed } from '../src/desk-queue.ts'
import { SqlDesk } from '../src/desk.ts'
import type { DeskReading } from '../src/tenant-desk.ts'
import type { Entry } from '../src/ledger.ts'
import { heartbeatMs, keysPerTenant } from '../src/limits.ts'
import type { KeyChange, TenantChange } from '../src/plan-settings.ts'
import { keyValid, type Key, type Tenant } from '../src/plan.ts'
import type { Admission, CallRecord, CallRef, Offer, PoolGrant, Renewal } from '../src/ports.ts'
import type { KeptCall } from '../src/records.ts'
import type { Refusal } from '../src/refusal.ts'
import type { Format, Sound } from '../src/sound.ts'
import type { Upload } from '../src/sounds-sql.ts'
import { clock } from './clock.ts'
import type { Env } from './env.ts'
import { sqlOf, transactOf } from './storage.ts'
import { callOf, poolOf } from './stubs.ts'

/** How soon a change shows on `/metrics`. A desk with calls tells its pools how it stands, and looks for lost ones, with each heartbeat. */
const reportAfterMs = 1_000

export class DeskObject extends DurableObject<Env> {
  /** undefined until a tenant is made: a desk that nobody owns writes nothing. */
  #desk: SqlDesk | undefined
  #admissions: Admissions | undefined

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const sql = sqlOf(ctx.storage)
    if (sql("SELECT 1 FROM sqlite_master WHERE name = 'tenant'").length > 0) {
      SqlDesk.prepare(sql)
      // A life that was cut short may have left callers who wait for an answer of the pool, and live calls without an alarm.
      if (this.#open().records.openCalls().length > 0)
        ctx.waitUntil(Promise.all([this.#admissions?.levelAll(), this.#armNext()]))
    }
  }

  create(tenant: Tenant): void {
    SqlDesk.prepare(sqlOf(this.ctx.storage))
    this.#open().registry.putTenant(tenant)
  }

  async admit(offer: Offer): Promise<Admission> {
    if (this.#admissions === undefined) return { is: 'refused', refusal: { why: 'key_unknown' } }
    const admission = await this.#admissions.admit(offer)
    await this.#arm(reportAfterMs)
    return admission
  }

  renew(ref: CallRef, load: number | null): Renewal {
    return this.#desk?.renew(ref, load, clock.now()) ?? { is: 'kept' }
  }

  /** From a pool: somebody else is hungry, and this desk may hold more than it wants. */
  async level(pool: string): Promise<void> {
    await this.#admissions?.level(pool)
  }

  /** From a pool: the desk's grant rose. */
  async regrant(pool: string, grant: PoolGrant): Promise<void> {
    await this.#admissions?.regrant(pool, grant)
  }

  async leave(ref: CallRef): Promise<void> {
    this.#desk?.leave(ref, clock.now())
    this.#level(ref.pool)
    await this.#arm(reportAfterMs)
  }

  async debit(ref: CallRef, entries: readonly Entry[]): Promise<void> {
    this.#desk?.debit(ref, entries, clock.now())
    await this.#arm(reportAfterMs)
  }

  async end(ref: CallRef, entries: readonly Entry[], record: CallRecord): Promise<void> {
    this.#desk?.end(ref, entries, record, clock.now())
    this.#level(ref.pool)
    await this.#arm(reportAfterMs)
  }

  read(): DeskReading | undefined {
    return this.#desk?.read(clock.now())
  }

  me(hash: string): { reading: DeskReading; key: Key } | undefined {
    const [reading, key] = [this.read(), this.#desk?.registry.keyByHash(hash)]
    return reading === undefined || key === undefined || !keyValid(key, clock.now()) ? undefined : { reading, key }
  }

  async change(change: TenantChange): Promise<DeskReading | Refusal | undefined> {
    const changed = this.#desk?.edits.change(change)
    if (changed === undefined || 'why' in changed) return changed
    await this.#admissions?.levelAll() // a cap may have risen (G6)
    await this.#arm(reportAfterMs)
    return this.read()
  }

  preview(change: TenantChange): TenantPreview | Refusal | undefined {
    return this.#desk?.edits.preview(change, clock.now())
  }

  changeKey(id: string, change: KeyChange): Key | undefined {
    return this.#desk?.edits.changeKey(id, change)
  }

  previewKey(id: string, change: KeyChange): KeyPreview | undefined {
    return this.#desk?.edits.previewKey(id, change, clock.now())
  }

  keys(): Key[] | undefined {
    return this.#desk?.registry.keys()
  }

  addKey(key: Key, hash: string): Refusal | undefined {
    if (this.#desk === undefined) return this.#unowned()
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

  sounds(): Upload[] | undefined {
    return this.#desk?.sounds.list()
  }

  sound(id: string, format: Format): Uint8Array | undefined {
    return this.#desk?.sounds.bytes(id, format)
  }

  upload(upload: Upload, sound: Sound): Refusal | undefined {
    return this.#desk === undefined ? this.#unowned() : this.#desk.uploads.add(upload, sound)
  }

  discard(id: string): Refusal | undefined {
    return this.#desk === undefined ? this.#unowned() : this.#desk.uploads.discard(id)
  }

  calls(limit: number, before: string | undefined): KeptCall[] | undefined {
    return this.#desk?.records.list(limit, before)
  }

  queueReading(): QueueReading | undefined {
    return this.#desk?.queue.reading(clock.now())
  }

  /** The caller is told now; one that cannot be reached learns it when it asks again. */
  async removeCaller(call: string): Promise<Removed | Refusal> {
    const removed = this.#desk?.queue.remove(call, clock.now())
    if (removed === undefined) return this.#unowned()
    if ('why' in removed) return removed
    this.ctx.waitUntil(Promise.allSettled([callOf(this.env, call).wrapUp({ why: 'removed_from_queue' })]))
    await this.#admissions?.levelAll() // the next may fit where this one did not
    await this.#arm(reportAfterMs)
    return removed
  }

  /** Reports to the pools, looks for lost calls. Never throws; arms itself again while anything is live. */
  override async alarm(): Promise<void> {
    try {
      this.#tick()
      this.#desk?.sweep(clock.now())
      await this.#admissions?.levelAll()
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
      Promise.allSettled(asked).then(async (answers) => {
        for (const answer of answers) if (answer.status === 'rejected') this.#fault(answer.reason)
        await this.#admissions?.levelAll() // one was lost, or has left
        return this.#armNext()
      }),
    )
  }

  /** Wakes exactly the calls that were seated. One that cannot be woken learns it with its next heartbeat, or its lease runs out. */
  #wake(seated: readonly string[]): void {
    if (seated.length === 0) return
    this.ctx.waitUntil(Promise.allSettled(seated.map((call) => callOf(this.env, call).seated())))
    this.ctx.waitUntil(this.#armNext()) // those behind them are to hear of it
  }

  /** What a call had goes back to its pool, which gives it to whom it is due: to this desk's next caller, or to another's (P5, P9). */
  #level(pool: string): void {
    if (this.#admissions !== undefined) this.ctx.waitUntil(this.#admissions.level(pool))
  }

  #unowned(): Refusal {
    return { why: 'thing_unknown', details: { kind: 'tenant', id: this.ctx.id.name ?? '' } }
  }

  #open(): SqlDesk {
    if (this.#desk === undefined) {
      const desk = new SqlDesk(sqlOf(this.ctx.storage), transactOf(this.ctx.storage))
      const tenant = this.ctx.id.name ?? ''
      this.#admissions = new Admissions(deciding(desk, clock), {
        clock,
        pools: { share: (pool, ask) => poolOf(this.env, pool).share(tenant, ask) },
        wake: (calls) => this.#wake(calls),
        fault: (error) => this.#fault(error),
      })
      this.#desk = desk
    }
    return this.#desk
  }

  #fault(error: unknown): void {
    console.error(
      JSON.stringify({ level: 'error', msg: 'desk fault', tenant_id: this.ctx.id.name, error: String(error) }),
    )
  }

  /** Live calls of a key that was revoked are told now; one that cannot be reached learns it with its next heartbeat. */
  async #withdraw(desk: SqlDesk, key: string): Promise<void> {
    const live = desk.records.openCalls().filter((call) => call.key === key)
    await Promise.allSettled(live.map(({ id }) => callOf(this.env, id).wrapUp({ why: 'key_withdrawn' })))
  }

  /** For as long as a call is open. */
  async #armNext(): Promise<void> {
    if ((this.#desk?.records.openCalls().length ?? 0) === 0) return
    const due = (this.#desk?.ticks.nextAt ?? Infinity) - clock.now()
    await this.#arm(Math.min(heartbeatMs, Math.max(0, due)))
  }

  /** Sooner than what is set already, never later. */
  async #arm(afterMs: number): Promise<void> {
    const due = clock.now() + afterMs
    const set = await this.ctx.storage.getAlarm()
    if (set === null || set > due) await this.ctx.storage.setAlarm(due)
  }
}
