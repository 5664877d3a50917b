// One tenant's desk as a Durable Object: its storage, its alarm, its words to other objects. Translates only; what is decided is in
// src/desk.ts, what is done around it in src/desk-life.ts.
import type { DeskReading } from '../src/tenant-desk.ts'
import type { KeyChange, TenantChange } from '../src/plan-settings.ts'
import { DurableObject } from 'cloudflare:workers'
import type { Audited } from '../src/audit.ts'
import type { Alert } from '../src/desk-budget.ts'
import type { KeyPreview, TenantPreview } from '../src/desk-edits.ts'
import { Courier, type Outcome } from '../src/courier.ts'
import { DeskLife } from '../src/desk-life.ts'
import type { KeyReading } from '../src/desk-steps.ts'
import type { QueueReading, Removed } from '../src/desk-queue.ts'
import type { KeptHook, NewHook } from '../src/hook.ts'
import type { HookChange } from '../src/hook-settings.ts'
import { webHmac } from '../src/http/hmac.ts'
import type { UsageAsk, UsageReading } from '../src/desk-usage.ts'
import type { Entry } from '../src/ledger.ts'
import type { FreshKey, Key, Tenant } from '../src/plan.ts'
import type { Admission, CallRecord, CallRef, Offer, PoolGrant, Progress, Renewal } from '../src/ports.ts'
import type { KeptCall } from '../src/records.ts'
import type { Refusal } from '../src/refusal.ts'
import type { Format, Sound } from '../src/sound.ts'
import type { Upload } from '../src/sounds-sql.ts'
import { SqlSteps } from '../src/sql-steps.ts'
import { clock } from './clock.ts'
import type { Env } from './env.ts'
import { sqlOf, transactOf } from './storage.ts'
import { callOf, poolOf } from './stubs.ts'
import { makePost, policyOf } from './webhook-post.ts'

export class DeskObject extends DurableObject<Env> {
  readonly #steps: SqlSteps
  readonly #life: DeskLife

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const [tenant, { storage }] = [ctx.id.name ?? '', ctx]
    this.#steps = new SqlSteps(tenant, sqlOf(storage), transactOf(storage), clock)
    this.#life = new DeskLife(this.#steps, {
      clock,
      pools: {
        share: (pool, ask) => poolOf(env, pool).share(tenant, ask),
        report: (pool, series) => poolOf(env, pool).report(tenant, series),
      },
      wake: (call) => callOf(env, call).seated(),
      tick: (call, standing) => callOf(env, call).tick(standing),
      tell: (calls, word) => Promise.allSettled(calls.map((call) => callOf(env, call).told(word))),
      alert: (alert) => this.#alert(alert),
      background: (work) => ctx.waitUntil(work),
      busy: () => this.#steps.busy(),
      arm: (afterMs) => this.#arm(afterMs),
      courier: new Courier({ now: () => clock.now(), hmac: webHmac, post: makePost(policyOf(env)) }),
      chance: () => Math.random(),
      fault: (error) => this.#fault(error),
    })
    // A life that was cut short may have left callers who wait for an answer of the pool, and live calls without an alarm.
    this.#steps.mail.wake()
    if (this.#steps.busy()) ctx.waitUntil(Promise.all([this.#life.levelAll(), this.#life.armed()]))
  }

  create(tenant: Tenant): Promise<void> {
    return this.#life.create(tenant)
  }

  admit(offer: Offer): Promise<Admission> {
    return this.#life.admit(offer)
  }

  renew(ref: CallRef, load: number | null, progress: Progress): Promise<Renewal> {
    return this.#life.renew(ref, load, progress)
  }

  leave(ref: CallRef): Promise<void> {
    return this.#life.leave(ref)
  }

  debit(ref: CallRef, entries: readonly Entry[], progress: Progress): Promise<Renewal> {
    return this.#life.debit(ref, entries, progress)
  }

  end(ref: CallRef, entries: readonly Entry[], record: CallRecord): Promise<void> {
    return this.#life.end(ref, entries, record)
  }

  /** From a pool. */
  level(pool: string): Promise<void> {
    return this.#life.level(pool)
  }

  /** From a pool. */
  regrant(pool: string, grant: PoolGrant): Promise<void> {
    return this.#life.regrant(pool, grant)
  }

  read(): DeskReading | undefined {
    return this.#steps.read()
  }

  me(hash: string): KeyReading | Refusal {
    return this.#steps.me(hash)
  }

  barred(offer: Offer): Refusal | undefined {
    return this.#steps.barred(offer).refusal
  }

  usage(ask: UsageAsk): UsageReading | undefined {
    return this.#steps.usage(ask)
  }

  change(change: TenantChange): Promise<DeskReading | Refusal | undefined> {
    return this.#life.change(change)
  }

  preview(change: TenantChange): TenantPreview | Refusal | undefined {
    return this.#steps.preview(change)
  }

  keys(): Key[] | undefined {
    return this.#steps.keys()
  }

  addKey(key: Key, hash: string): Refusal | undefined {
    return this.#steps.addKey(key, hash)
  }

  changeKey(id: string, change: KeyChange): Key | undefined {
    return this.#steps.changeKey(id, change)
  }

  previewKey(id: string, change: KeyChange): KeyPreview | undefined {
    return this.#steps.previewKey(id, change)
  }

  revokeKey(id: string, graceMs: number): Promise<Key | Refusal> {
    return this.#life.revokeKey(id, graceMs)
  }

  rotateKey(id: string, fresh: FreshKey, hash: string, graceMs: number): Promise<Key | Refusal> {
    return this.#life.rotateKey(id, fresh, hash, graceMs)
  }

  sounds(): Upload[] | undefined {
    return this.#steps.sounds()
  }

  sound(id: string, format: Format): Uint8Array | undefined {
    return this.#steps.sound(id, format)
  }

  upload(upload: Upload, sound: Sound): Refusal | undefined {
    return this.#steps.upload(upload, sound)
  }

  discard(id: string): Refusal | undefined {
    return this.#steps.discard(id)
  }

  hooks(): KeptHook[] | undefined {
    return this.#steps.mail.hooks()
  }

  addHook(hook: NewHook): Refusal | undefined {
    return this.#steps.mail.addHook(hook)
  }

  changeHook(id: string, change: HookChange): KeptHook | undefined {
    return this.#steps.mail.changeHook(id, change)
  }

  rotateHook(id: string, secret: string, graceMs: number): KeptHook | undefined {
    return this.#steps.mail.rotateHook(id, secret, graceMs)
  }

  removeHook(id: string): KeptHook | undefined {
    return this.#steps.mail.removeHook(id)
  }

  testHook(hook: string, tenant: string, id: string): Promise<Outcome | undefined> {
    return this.#life.testHook(hook, tenant, id)
  }

  calls(limit: number, before: string | undefined): KeptCall[] | undefined {
    return this.#steps.calls(limit, before)
  }

  audit(limit: number, before: number | undefined): Audited[] | undefined {
    return this.#steps.audit(limit, before)
  }

  resume(): Promise<boolean | undefined> {
    return this.#life.resume()
  }

  queueReading(): QueueReading | undefined {
    return this.#steps.queueReading()
  }

  removeCaller(call: string): Promise<Removed | Refusal> {
    return this.#life.removeCaller(call)
  }

  /** Never throws; arms itself again while anything is live. */
  override alarm(): Promise<void> {
    return this.#life.alarm()
  }

  /** Sooner than what is set, never later. */
  async #arm(afterMs: number): Promise<void> {
    const due = clock.now() + afterMs
    const set = await this.ctx.storage.getAlarm()
    if (set === null || set > due) await this.ctx.storage.setAlarm(due)
  }

  #alert(alert: Alert): void {
    const msg = alert.is === 'suspended' ? 'tenant suspended' : `budget ${alert.level}`
    console.warn(JSON.stringify({ level: 'warn', msg, tenant_id: this.ctx.id.name, ...alert }))
  }

  #fault(error: unknown): void {
    console.error(
      JSON.stringify({ level: 'error', msg: 'desk fault', tenant_id: this.ctx.id.name, error: String(error) }),
    )
  }
}
