// The steps of a desk over one SQL store, as its host's clock has them. Nothing is written before a tenant is made. Knows no host.
import type { Considered, Decision, Regranted, UnderWay } from './admission.ts'
import type { DeskReading } from './tenant-desk.ts'
import type { KeyChange, TenantChange } from './plan-settings.ts'
import type { Audited } from './audit.ts'
import type { KeptCall } from './records.ts'
import type { Barred, DeskSteps, Ended, KeyReading } from './desk-steps.ts'
import { SqlDesk } from './desk.ts'
import type { Affected, Heard, Left } from './desk-books.ts'
import type { Alert } from './desk-budget.ts'
import type { KeyPreview, TenantPreview } from './desk-edits.ts'
import type { QueueReading, Removed } from './desk-queue.ts'
import type { TickSteps } from './desk-rounds.ts'
import type { UsageAsk, UsageReading } from './desk-usage.ts'
import type { Entry } from './ledger.ts'
import type { Series } from './metrics.ts'
import { keyValid, type FreshKey, type Key, type Tenant } from './plan.ts'
import type { CallRecord, CallRef, Clock, Offer, PoolAsk, PoolGrant, Progress } from './ports.ts'
import type { Refusal } from './refusal.ts'
import { Silence } from './silence.ts'
import { SqlMail } from './sql-mail.ts'
import type { Format, Sound } from './sound.ts'
import type { Upload } from './sounds-sql.ts'
import type { Sql, Transact } from './sql.ts'

export class SqlSteps implements DeskSteps {
  /** undefined until a tenant is made. */
  desk: SqlDesk | undefined
  readonly mail: SqlMail = new SqlMail({
    desk: () => this.desk,
    unowned: () => this.#unowned(),
    now: () => this.#now(),
  })
  readonly ticks: TickSteps = {
    nextAt: () => this.desk?.ticks.nextAt,
    due: () => this.desk?.due(this.#now()) ?? [],
    heard: (call) => this.desk?.transact(() => this.desk?.ticks.left(call)),
    ticked: (due, answer) => this.desk?.ticked(due, answer, this.#now()),
  }
  readonly #id: string
  readonly #sql: Sql
  readonly #transact: Transact
  readonly #clock: Clock
  readonly #silence = new Silence()

  /** `id`: the tenant's. */
  constructor(id: string, sql: Sql, transact: Transact, clock: Clock) {
    this.#id = id
    this.#sql = sql
    this.#transact = transact
    this.#clock = clock
    if (sql("SELECT 1 FROM sqlite_master WHERE name = 'tenant'").length > 0) this.#open()
  }

  create(tenant: Tenant): void {
    this.#open().edits.create(tenant, this.#now())
  }

  consider(offer: Offer): Considered {
    const now = this.#now()
    return this.desk?.decision(this.desk.consider(offer, now), offer.pool, now) ?? nobodys
  }

  admit(offer: Offer): Decision {
    const now = this.#now()
    return this.desk?.decision(this.desk.admit(offer, now), offer.pool, now) ?? nobodys
  }

  barred(offer: Offer): Barred {
    if (this.desk === undefined) return { refusal: { why: 'key_unknown' } }
    return { refusal: this.desk.barred(offer, this.#now()) }
  }

  ask(pool: string): PoolAsk | UnderWay | undefined {
    return this.desk?.ask(pool, this.#now())
  }

  regrant(pool: string, grant: PoolGrant | undefined, as: 'answer' | 'word'): Regranted {
    return this.desk?.regrant(pool, grant, as, this.#now()) ?? { seated: [], again: false }
  }

  pools(): string[] {
    return this.desk?.pools() ?? []
  }

  renew(ref: CallRef, load: number | null, progress: Progress): Heard {
    return this.desk?.renew(ref, load, progress, this.#now()) ?? unheard
  }

  leave(ref: CallRef): boolean {
    return this.desk?.leave(ref, this.#now()) ?? false
  }

  debit(ref: CallRef, entries: readonly Entry[], progress: Progress): Heard {
    return this.desk?.debit(ref, entries, progress, this.#now()) ?? unheard
  }

  end(ref: CallRef, entries: readonly Entry[], record: CallRecord): Left {
    return this.desk?.end(ref, entries, record, this.#now()) ?? { waits: false, alerts: [] }
  }

  judge(): Alert[] {
    return this.desk?.judge(this.#now()) ?? []
  }

  affected(): Affected {
    return this.desk?.affected(this.#now()) ?? { calls: [], spent: [] }
  }

  resume(): boolean | undefined {
    return this.desk?.resume(this.#now())
  }

  sweep(): Alert[] {
    return this.desk?.sweep(this.#now()) ?? []
  }

  /** Its host is another life's. */
  lose(call: string): void {
    this.desk?.lose(call, this.#now())
  }

  read(): DeskReading | undefined {
    return this.desk?.read(this.#now())
  }

  me(hash: string): KeyReading | Refusal {
    const [reading, key] = [this.read(), this.desk?.registry.keyByHash(hash)]
    if (reading === undefined || key === undefined) return { why: 'key_unknown' }
    return keyValid(key, this.#now()) ? { reading, key } : { why: 'key_revoked' }
  }

  usage(ask: UsageAsk): UsageReading | undefined {
    return this.desk?.usage.reading(ask, this.#now())
  }

  report(): Record<string, Series> {
    return this.desk?.report(this.#now()) ?? {}
  }

  change(change: TenantChange): Tenant | Refusal | undefined {
    return this.desk?.edits.change(change, this.#now())
  }

  preview(change: TenantChange): TenantPreview | Refusal | undefined {
    return this.desk?.edits.preview(change, this.#now())
  }

  keys(): Key[] | undefined {
    return this.desk?.registry.keys()
  }

  addKey(key: Key, hash: string): Refusal | undefined {
    return this.desk === undefined ? this.#unowned() : this.desk.edits.addKey(key, hash, this.#now())
  }

  changeKey(id: string, change: KeyChange): Key | undefined {
    return this.desk?.edits.changeKey(id, change, this.#now())
  }

  previewKey(id: string, change: KeyChange): KeyPreview | undefined {
    return this.desk?.edits.previewKey(id, change, this.#now())
  }

  revokeKey(id: string, graceMs: number): Ended | Refusal {
    const key = this.desk?.edits.endKey(id, graceMs, this.#now())
    if (key === undefined) return { why: 'thing_unknown', details: { kind: 'key', id: id.slice(0, 60) } }
    return { key, calls: this.#callsOf(id, graceMs) }
  }

  rotateKey(id: string, fresh: FreshKey, hash: string, graceMs: number): Ended | Refusal {
    if (this.desk === undefined) return this.#unowned()
    const made = this.desk.edits.rotateKey(id, fresh, hash, graceMs, this.#now())
    return 'why' in made ? made : { key: made, calls: this.#callsOf(id, graceMs) }
  }

  calls(limit: number, before: string | undefined): KeptCall[] | undefined {
    return this.desk?.records.list(limit, before)
  }

  openCalls(): KeptCall[] {
    return this.desk?.records.openCalls() ?? []
  }

  audit(limit: number, before: number | undefined): Audited[] | undefined {
    return this.desk?.audit.list(limit, before)
  }

  /** Who is open is of another life, and is ended: of them there is nothing to learn. */
  hear(): void {
    this.#silence.hear(this.#clock.now())
  }

  busy(): boolean {
    return (this.desk?.records.openIds().length ?? 0) > 0
  }

  queueReading(): QueueReading | undefined {
    return this.desk?.queue.reading(this.#now())
  }

  removeCaller(call: string): Removed | Refusal {
    return this.desk?.queue.remove(call, this.#now()) ?? this.#unowned()
  }

  sounds(): Upload[] | undefined {
    return this.desk?.sounds.list()
  }

  sound(id: string, format: Format): Uint8Array | undefined {
    return this.desk?.sounds.bytes(id, format)
  }

  upload(upload: Upload, sound: Sound): Refusal | undefined {
    return this.desk === undefined ? this.#unowned() : this.desk.uploads.add(upload, sound)
  }

  discard(id: string): Refusal | undefined {
    return this.desk === undefined ? this.#unowned() : this.desk.uploads.discard(id)
  }

  /** Those of a key that ends now. */
  #callsOf(key: string, graceMs: number): string[] {
    const open = graceMs > 0 ? [] : this.openCalls()
    return open.filter((call) => call.key === key).map((call) => call.id)
  }

  #open(): SqlDesk {
    if (this.desk === undefined) SqlDesk.prepare(this.#sql)
    return (this.desk ??= new SqlDesk(this.#sql, this.#transact, (afterMs) => this.mail.tell(afterMs)))
  }

  /** The time of a step, at its head: what ran out in a silence is still there. */
  #now(): number {
    const now = this.#clock.now()
    if (this.#silence.isOver(now)) this.desk?.learn(now)
    return now
  }

  #unowned(): Refusal {
    return { why: 'thing_unknown', details: { kind: 'tenant', id: this.#id } }
  }
}

/** What a desk that nobody owns says to a call's word. */
export const unheard: Heard = { renewal: { is: 'kept' }, alerts: [], waits: false }

/** What a desk that nobody owns says to an offer. */
export const nobodys: Decision = { admission: { is: 'refused', refusal: { why: 'key_unknown' } }, lacks: false }
