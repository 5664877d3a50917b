// One tenant's desk in Redis: each step one function call, which runs the rules there. Edits and what they would do are computed here.
import { tenantEntry, type Audited } from '../../src/audit.ts'
import { reportOf } from '../../src/desk-counts.ts'
import type { Affected, Heard, Left } from '../../src/desk-books.ts'
import type { Alert } from '../../src/desk-budget.ts'
import type { KeyPreview, TenantPreview } from '../../src/desk-edits.ts'
import type { QueueReading, Removed } from '../../src/desk-queue.ts'
import type { Barred, DeskSteps, Ended, KeyReading } from '../../src/desk-steps.ts'
import type { UsageAsk, UsageReading } from '../../src/desk-usage.ts'
import type { Entry } from '../../src/ledger.ts'
import type { Series } from '../../src/metrics.ts'
import type { KeyChange, TenantChange } from '../../src/plan-settings.ts'
import type { FreshKey, Key, Tenant } from '../../src/plan.ts'
import type { CallRecord, CallRef, Offer, PoolAsk, PoolGrant, Progress } from '../../src/ports.ts'
import type { KeptCall } from '../../src/records.ts'
import type { Refusal } from '../../src/refusal.ts'
import type { Format, Sound } from '../../src/sound.ts'
import { nobodys } from '../../src/sql-steps.ts'
import type { Upload } from '../../src/sounds-sql.ts'
import type { Considered, Decision, Regranted, UnderWay } from '../../src/admission.ts'
import type { DeskReading } from '../../src/tenant-desk.ts'
import { clock } from '../clock.ts'
import { answered, listed, waitOf, type Fcall, type Writer } from './call.ts'
import { documentsOf, written, type Documents, type Edit, type ToldDocuments } from './documents.ts'
import * as edits from './edits.ts'
import { RedisMail } from './mail.ts'
import { prefixOf } from './names.ts'
import { copyOf, type Snapshot } from './snapshot.ts'
import * as told from './told.ts'

const columns = { 'audio/pcm': 'pcm', 'audio/pcmu': 'pcmu', 'audio/pcma': 'pcma' } as const

/** What its node knows of a call that came to it. */
export interface KnownCall {
  model: string
  began: number
}

export class RedisDesk implements DeskSteps {
  readonly mail: RedisMail = new RedisMail({
    step: (step, ask) => this.#step(step, ask),
    documents: () => this.#documents(),
    edit: (compute, unowned) => this.#edit(compute, unowned),
    unowned: () => this.#unowned(),
  })
  readonly #id: string
  readonly #fcall: Fcall
  readonly #writer: Writer
  readonly #known: (call: string) => KnownCall | undefined

  /** `known`: what a Redis that lost it is told of a live call. */
  constructor(
    tenant: string,
    fcall: Fcall,
    writer: Writer,
    known: (call: string) => KnownCall | undefined = () => undefined,
  ) {
    this.#id = tenant
    this.#fcall = fcall
    this.#writer = writer
    this.#known = known
  }

  async create(tenant: Tenant): Promise<void> {
    await this.#write({ tenant, audit: [tenantEntry(undefined, tenant)] }, { revision: 0, now: clock.now() }, [])
  }

  async consider(offer: Offer): Promise<Considered> {
    const answer = await this.#step<told.ToldDecision | { open: true }>('consider', { offer })
    if (answer === undefined) return nobodys
    return 'open' in answer ? { admission: undefined, lacks: false } : told.decisionOf(answer)
  }

  async admit(offer: Offer): Promise<Decision> {
    const answer = await this.#step<told.ToldDecision>('admit', { offer })
    return answer === undefined ? nobodys : told.decisionOf(answer)
  }

  async barred(offer: Offer): Promise<Barred> {
    return (await this.#step<Barred>('barred', { offer })) ?? { refusal: { why: 'key_unknown' } }
  }

  async ask(pool: string): Promise<PoolAsk | UnderWay | undefined> {
    const ask = await this.#step<PoolAsk | UnderWay>('ask', { pool })
    return ask === undefined || 'is' in ask ? ask : { ...ask, epoch: ask.epoch ?? null }
  }

  async regrant(pool: string, grant: PoolGrant | undefined, as: 'answer' | 'word'): Promise<Regranted> {
    const regranted = await this.#step<Regranted>('regrant', { pool, grant, as })
    return { seated: listed(regranted?.seated ?? []), again: regranted?.again ?? false }
  }

  async pools(): Promise<string[]> {
    return listed((await this.#step<string[]>('pools', {})) ?? [])
  }

  async renew(ref: CallRef, load: number | null, progress: Progress): Promise<Heard> {
    return told.heardOf(await this.#step<Heard>('renew', { ref, load, progress, known: this.#known(ref.call) }))
  }

  async leave(ref: CallRef): Promise<boolean> {
    return (await this.#step<boolean>('leave', { ref })) ?? false
  }

  async debit(ref: CallRef, entries: readonly Entry[], progress: Progress): Promise<Heard> {
    return told.heardOf(await this.#step<Heard>('debit', { ref, entries, progress, known: this.#known(ref.call) }))
  }

  async end(ref: CallRef, entries: readonly Entry[], record: CallRecord): Promise<Left> {
    const known = record.connectMs === null ? undefined : this.#known(ref.call) // else it was never live
    return told.leftOf(await this.#step<Left>('end', { ref, entries, record, known }))
  }

  async judge(): Promise<Alert[]> {
    return listed((await this.#step<Alert[]>('judge', {})) ?? [])
  }

  async affected(): Promise<Affected> {
    return told.affectedOf(await this.#step<Affected>('affected', {}))
  }

  async resume(): Promise<boolean | undefined> {
    return this.#step<boolean>('resume', {})
  }

  /** It was refused, and whether it has a line or a place is not known: it has none. */
  async lose(offer: Offer): Promise<void> {
    await this.#step('lose', { offer })
  }

  /** What this node has left of its lives up to this one is ended: nobody carries it on. */
  async loseNode(node: string, epoch: number): Promise<void> {
    await this.#step('loseNode', { node, epoch })
  }

  /** Also writes the tenant's clock anew, when it was looked up long ago. */
  async sweep(): Promise<Alert[]> {
    const swept = await this.#step<{ stale: boolean; alerts: Alert[] }>('sweep', {})
    if (swept?.stale === true) await this.#edit(({ tenant }) => ({ edit: { tenant } }))
    return listed(swept?.alerts ?? [])
  }

  async read(): Promise<DeskReading | undefined> {
    const reading = await this.#step<told.ToldReading>('read', {})
    return reading && told.readingOf(reading)
  }

  async me(hash: string): Promise<KeyReading | Refusal> {
    const found = await this.#step<{ reading: told.ToldReading; key: string } | Refusal>('me', { hash })
    if (found === undefined) return { why: 'key_unknown' }
    return 'why' in found ? found : { reading: told.readingOf(found.reading), key: JSON.parse(found.key) as Key }
  }

  async usage(ask: UsageAsk): Promise<UsageReading | undefined> {
    const reading = await this.#step<told.ToldUsage>('usage', { ...ask })
    return reading && told.usageOf(reading)
  }

  async report(): Promise<Record<string, Series>> {
    const report = await this.#step<told.ToldReport>('report', {})
    return report === undefined ? {} : reportOf(told.sumsOf(report), report.plan, report.gauges)
  }

  async change(change: TenantChange): Promise<Tenant | Refusal | undefined> {
    return this.#edit((documents) => edits.changeTenant(documents, change))
  }

  async preview(change: TenantChange): Promise<TenantPreview | Refusal | undefined> {
    return this.#tried((copy, now) => copy.preview(change, now))
  }

  async keys(): Promise<Key[] | undefined> {
    return (await this.#documents())?.keys
  }

  async addKey(key: Key, hash: string): Promise<Refusal | undefined> {
    return this.#edit((documents) => edits.addKey(documents, key, hash), this.#unowned())
  }

  async changeKey(id: string, change: KeyChange): Promise<Key | undefined> {
    return this.#edit((documents) => edits.changeKey(documents, id, change))
  }

  async previewKey(id: string, change: KeyChange): Promise<KeyPreview | undefined> {
    return this.#tried((copy, now) => copy.previewKey(id, change, now))
  }

  async revokeKey(id: string, graceMs: number): Promise<Ended | Refusal> {
    const key = await this.#edit((documents) => edits.endKey(documents, id, graceMs))
    if (key === undefined) return { why: 'thing_unknown', details: { kind: 'key', id: id.slice(0, 60) } }
    return { key, calls: await this.#callsOf(id, graceMs) }
  }

  async rotateKey(id: string, fresh: FreshKey, hash: string, graceMs: number): Promise<Ended | Refusal> {
    const calls = await this.#callsOf(id, graceMs) // first: once the key is made nothing else may fail
    const made = (await this.#edit((all) => edits.rotateKey(all, id, fresh, hash, graceMs))) ?? this.#unowned()
    return 'why' in made ? made : { key: made, calls }
  }

  async calls(limit: number, before: string | undefined): Promise<KeptCall[] | undefined> {
    const calls = await this.#step<told.ToldCall[]>('calls', { limit, before })
    return calls && told.callsOf(calls)
  }

  async openCalls(): Promise<KeptCall[]> {
    return told.callsOf((await this.#step<told.ToldCall[]>('openCalls', {})) ?? [])
  }

  async audit(limit: number, before: number | undefined): Promise<Audited[] | undefined> {
    const entries = await this.#step<string[]>('audit', { limit, before })
    return entries && told.auditOf(entries)
  }

  async queueReading(): Promise<QueueReading | undefined> {
    const reading = await this.#step<QueueReading>('queueReading', {})
    return reading && told.queueOf(reading)
  }

  async removeCaller(call: string): Promise<Removed | Refusal> {
    return (await this.#step<Removed | Refusal>('removeCaller', { call })) ?? this.#unowned()
  }

  async sounds(): Promise<Upload[] | undefined> {
    return (await this.#documents())?.sounds
  }

  async sound(id: string, format: Format): Promise<Uint8Array | undefined> {
    const text = await this.#step<string>('sound', { id, column: columns[format] })
    return text === undefined ? undefined : new Uint8Array(Buffer.from(text, 'base64'))
  }

  async upload(sound: Upload, bytes: Sound): Promise<Refusal | undefined> {
    const parts = Object.keys(columns).map((format) => Buffer.from(bytes[format as Format]).toString('base64'))
    return this.#edit((documents) => edits.addSound(documents, sound), this.#unowned(), parts)
  }

  async discard(id: string): Promise<Refusal | undefined> {
    return this.#edit((documents) => edits.dropSound(documents, id), this.#unowned())
  }

  /** Those of a key that ends now. */
  async #callsOf(key: string, graceMs: number): Promise<string[]> {
    const open = graceMs > 0 ? [] : await this.openCalls()
    return open.filter((call) => call.key === key).map((call) => call.id)
  }

  /** Computes an edit on the documents as they are and writes it, anew where somebody else was first. `unowned`: what nobody's desk says. */
  async #edit<R>(
    compute: (documents: Documents) => edits.Edited<R>,
    unowned?: R,
    bytes: readonly string[] = [],
  ): Promise<R | undefined> {
    for (;;) {
      const documents = await this.#documents()
      if (documents === undefined) return unowned
      const { edit, result } = compute(documents)
      if (edit === undefined || (await this.#write(edit, documents, bytes))) return result
    }
  }

  async #write(
    edit: Edit,
    { revision, now }: Pick<Documents, 'revision' | 'now'>,
    bytes: readonly string[],
  ): Promise<boolean> {
    const answer = await this.#step<{ done: boolean }>('edit', { ...written(edit, now), revision }, bytes)
    return answer?.done === true
  }

  async #documents(): Promise<Documents | undefined> {
    const documents = await this.#step<ToldDocuments>('documents', {})
    return documents && documentsOf(documents)
  }

  /** On a copy that is thrown away: by the same code as an edit, and nothing of it is seen. */
  async #tried<R>(work: (copy: ReturnType<typeof copyOf>['edits'], now: number) => R): Promise<R | undefined> {
    const snapshot = await this.#step<Snapshot>('snapshot', {})
    if (snapshot === undefined) return undefined
    const { edits, close } = copyOf(snapshot)
    try {
      return work(edits, snapshot.now)
    } finally {
      close()
    }
  }

  async #step<T>(step: string, ask: object, bytes: readonly string[] = []): Promise<T | undefined> {
    const { node, epoch } = this.#writer
    const key = `${prefixOf(this.#id)}desk`
    const reply = await this.#fcall('desk', key, step, node, String(epoch), JSON.stringify(ask), ...bytes)
    const afterMs = waitOf(reply)
    if (afterMs !== undefined) this.mail.tell(afterMs)
    return answered(reply) as T | undefined
  }

  #unowned(): Refusal {
    return { why: 'thing_unknown', details: { kind: 'tenant', id: this.#id } }
  }
}
