// What a desk does, each in one atomic step, whatever its home: SQL beside its host, or Redis, where it answers later. Every step is
// idempotent by call id. Knows no home and no host.
import type { Audited } from './audit.ts'
import type { Deciding } from './admission.ts'
import type { KeyPreview, TenantPreview } from './desk-edits.ts'
import type { QueueReading, Removed } from './desk-queue.ts'
import type { DeskReading } from './tenant-desk.ts'
import type { Affected, Heard, Left } from './desk-books.ts'
import type { TickSteps } from './desk-rounds.ts'
import type { Alert } from './desk-budget.ts'
import type { UsageAsk, UsageReading } from './desk-usage.ts'
import type { Entry } from './ledger.ts'
import type { MailSteps } from './mail-steps.ts'
import type { Series } from './metrics.ts'
import type { KeyChange, TenantChange } from './plan-settings.ts'
import type { FreshKey, Key, Tenant } from './plan.ts'
import type { CallRecord, CallRef, Offer, Progress } from './ports.ts'
import type { KeptCall } from './records.ts'
import type { Refusal } from './refusal.ts'
import type { Format, Sound } from './sound.ts'
import type { Upload } from './sounds-sql.ts'

export type Soon<T> = T | Promise<T>

/** Why a newcomer would be refused, if it would be. */
export interface Barred {
  refusal?: Refusal | undefined
}

/** A desk as the owner of a key sees it. */
export interface KeyReading {
  reading: DeskReading
  key: Key
}

/** The key as it is now, or that in its place; and the calls that are to be told. */
export interface Ended {
  key: Key
  calls: string[]
}

/** undefined in an answer: nobody owns this desk. */
export interface DeskSteps extends Deciding {
  create(tenant: Tenant): Soon<void>
  read(): Soon<DeskReading | undefined>
  /** The reading for a key that is good now; why it is not, else. */
  me(hash: string): Soon<KeyReading | Refusal>
  /** How an upgrade would be answered now, whatever the lines. */
  barred(offer: Offer): Soon<Barred>
  /** A page of what was used. */
  usage(ask: UsageAsk): Soon<UsageReading | undefined>
  /** What this desk adds to `/metrics`, by pool. */
  report(): Soon<Record<string, Series>>

  renew(ref: CallRef, load: number | null, progress: Progress): Soon<Heard>
  /** Whether others wait at this desk. */
  leave(ref: CallRef): Soon<boolean>
  debit(ref: CallRef, entries: readonly Entry[], progress: Progress): Soon<Heard>
  end(ref: CallRef, entries: readonly Entry[], record: CallRecord): Soon<Left>
  /** Thresholds that are reached without a debit: a budget was lowered. */
  judge(): Soon<Alert[]>
  /** Calls that are open, and which of them may not go on. */
  affected(): Soon<Affected>
  /** Lifts a suspension; false where there is none (L7). */
  resume(): Soon<boolean | undefined>
  /** Finds calls whose lease ran out, and closes those that stayed away. Thresholds that were reached and not told: by lost calls too. */
  sweep(): Soon<Alert[]>

  change(change: TenantChange): Soon<Tenant | Refusal | undefined>
  preview(change: TenantChange): Soon<TenantPreview | Refusal | undefined>
  keys(): Soon<Key[] | undefined>
  addKey(key: Key, hash: string): Soon<Refusal | undefined>
  changeKey(id: string, change: KeyChange): Soon<Key | undefined>
  previewKey(id: string, change: KeyChange): Soon<KeyPreview | undefined>
  /** Ends a key, now or after a grace; the live and waiting calls of one that ends now, which are to be told. */
  revokeKey(id: string, graceMs: number): Soon<Ended | Refusal>
  /** The same, and makes the key that takes its place, which has this hash. A refusal where nothing was done. */
  rotateKey(id: string, fresh: FreshKey, hash: string, graceMs: number): Soon<Ended | Refusal>

  /** Newest first; `before` is the last id of the page before. */
  calls(limit: number, before: string | undefined): Soon<KeptCall[] | undefined>
  /** Calls that have begun and not ended. */
  openCalls(): Soon<KeptCall[]>
  /** What was done to the tenant, newest first; `before` is the last id of the page before. */
  audit(limit: number, before: number | undefined): Soon<Audited[] | undefined>
  queueReading(): Soon<QueueReading | undefined>
  /** Takes a waiting caller out of the queue; it is to be told. */
  removeCaller(call: string): Soon<Removed | Refusal>

  sounds(): Soon<Upload[] | undefined>
  sound(id: string, format: Format): Soon<Uint8Array | undefined>
  upload(upload: Upload, sound: Sound): Soon<Refusal | undefined>
  discard(id: string): Soon<Refusal | undefined>

  /** Its webhooks. */
  readonly mail: MailSteps
  /** In a home that can tick its waiting calls. */
  readonly ticks?: TickSteps
}
