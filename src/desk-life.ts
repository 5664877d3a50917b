// What a host does around a desk, whatever its home: the conversation with its pools, words to its calls, the beat while any call is open.
// Knows no home and no host; what is decided is in the desk's steps.
import type { DeskReading } from './tenant-desk.ts'
import type { TenantChange } from './plan-settings.ts'
import { Admissions } from './admission.ts'
import type { Courier, Outcome } from './courier.ts'
import { DeskMail } from './desk-mail.ts'
import { DeskReports } from './desk-reports.ts'
import { DeskRounds, type RoundsHost, type TickSteps } from './desk-rounds.ts'
import type { Heard } from './desk-books.ts'
import { DeskAlarm } from './desk-alarm.ts'
import { DeskAlerts, stops } from './desk-alerts.ts'
import type { Alert } from './desk-budget.ts'
import type { DeskSteps, Ended, Soon } from './desk-steps.ts'
import type { Removed } from './desk-queue.ts'
import type { Entry } from './ledger.ts'
import type { Series } from './metrics.ts'
import type { FreshKey, Key, Tenant } from './plan.ts'
import type {
  Admission,
  CallRecord,
  CallRef,
  Clock,
  Desks,
  Offer,
  PoolGrant,
  Pools,
  Progress,
  Renewal,
  Standing,
  TickAnswer,
  Word,
} from './ports.ts'
import type { Refusal } from './refusal.ts'

export interface DeskLifeHost {
  clock: Clock
  /** As this desk speaks to them. */
  pools: Pools & { report(pool: string, series: Series): Promise<void> }
  /**
   * The turn of this call has come. Rejects where it did not hear so: where it has no timer of its own it is told again and again until its
   * lease runs out, else it learns it when it asks again.
   */
  wake(call: string): Soon<void>
  /** Where waiting calls have no timers of their own: tells this one how it stands (H7). */
  tick?: (call: string, standing: Standing) => Promise<TickAnswer>
  /** Tells these calls; one that cannot be reached learns it when it asks again, if it must come to its end. */
  tell(calls: readonly string[], word: Word): Promise<unknown>
  /** Something that the operator is to know of. */
  alert(alert: Alert): void
  /** Sees to the end of work that nobody waits for. */
  background(work: Promise<unknown>): void
  /** Whether a call of this host is open at this desk: then it goes on beating. */
  busy(): boolean
  /** Wants its `alarm` after so long: sooner than what is set already, never later. */
  arm: (afterMs: number) => unknown
  courier: Courier
  /** From 0 to 1. */
  chance(): number
  /** Where another alarm than its own sees to messages for webhooks: one is due after so long; null: none waits. */
  mailAfter?: (afterMs: number | null) => unknown
  fault(error: unknown): void
}

export class DeskLife implements Desks {
  readonly steps: DeskSteps
  readonly #host: DeskLifeHost
  readonly #admissions: Admissions
  readonly #mail: DeskMail
  readonly #rounds: DeskRounds | undefined
  readonly #reports: DeskReports
  readonly #alerts: DeskAlerts
  readonly #alarm = new DeskAlarm()

  constructor(steps: DeskSteps, host: DeskLifeHost) {
    const { clock, pools } = host
    this.steps = steps
    this.#host = host
    this.#admissions = new Admissions(steps, {
      clock,
      pools,
      wake: (calls) => this.#wake(calls),
      fault: (error) => host.fault(error),
    })
    this.#rounds = steps.ticks && host.tick && this.#roundsOf(steps.ticks, host.tick)
    this.#alerts = new DeskAlerts({
      affected: () => steps.affected(),
      alert: (alert) => host.alert(alert),
      tell: (calls, word) => this.#told(calls, word),
      background: (work) => this.#background(work),
    })
    this.#reports = new DeskReports({
      clock,
      sums: () => steps.report(),
      report: (pool, series) => pools.report(pool, series),
      arm: (afterMs) => host.arm(afterMs),
      background: (work) => this.#background(work),
      fault: (error) => host.fault(error),
    })
    this.#mail = new DeskMail(steps.mail, {
      now: () => clock.now(),
      courier: host.courier,
      chance: () => host.chance(),
      waits: (afterMs) => this.#mailAfter(afterMs),
      sent: () => this.#reports.changed(),
      background: (work) => this.#background(work),
    })
  }

  async admit(offer: Offer): Promise<Admission> {
    const admission = await this.#admissions.admit(offer)
    // A wrong key is nobody's: nothing was counted, nothing is written.
    if (admission.is !== 'refused' || admission.refusal.why !== 'key_unknown') await this.#reports.changed()
    return admission
  }

  async renew(ref: CallRef, load: number | null, progress: Progress): Promise<Renewal> {
    return this.#heard(ref, await this.steps.renew(ref, load, progress))
  }

  async leave(ref: CallRef): Promise<void> {
    this.#freed(ref.pool, await this.steps.leave(ref))
    await this.#reports.changed()
  }

  async debit(ref: CallRef, entries: readonly Entry[], progress: Progress): Promise<Renewal> {
    const renewal = this.#heard(ref, await this.steps.debit(ref, entries, progress))
    await this.#reports.changed()
    return renewal
  }

  async end(ref: CallRef, entries: readonly Entry[], record: CallRecord): Promise<void> {
    const { waits, alerts } = await this.steps.end(ref, entries, record)
    this.#freed(ref.pool, waits)
    this.#alerts.spread(alerts)
    await this.#reports.changed()
  }

  /** From a pool: somebody else is hungry, and this desk may hold more than it wants. */
  level(pool: string): Promise<void> {
    return this.#admissions.level(pool)
  }

  /** From a pool: the desk's grant rose. */
  regrant(pool: string, grant: PoolGrant): Promise<void> {
    return this.#admissions.regrant(pool, grant)
  }

  /** Tells every pool how the desk stands, as far as they answer in time. */
  levelAll(): Promise<void> {
    return this.#admissions.levelAll()
  }

  async create(tenant: Tenant): Promise<void> {
    await this.steps.create(tenant)
  }

  /** In force at once: a cap may have risen (G6), a budget may be spent by it (L6). */
  async change(change: TenantChange): Promise<DeskReading | Refusal | undefined> {
    const changed = await this.steps.change(change)
    if (changed === undefined || 'why' in changed) return changed
    const alerts = await this.steps.judge()
    this.#alerts.spread(alerts)
    if (!alerts.some(stops)) this.#alerts.wrapUp() // a trial may be over, a budget may have been told before, or is a call's own
    await this.levelAll()
    await this.#reports.changed()
    return this.steps.read()
  }

  /** Live and waiting calls of a key that ends now are told; one that cannot be reached learns it when it asks again (K3). */
  async revokeKey(id: string, graceMs: number): Promise<Key | Refusal> {
    return this.#ended(await this.steps.revokeKey(id, graceMs))
  }

  /** The key that takes its place. */
  async rotateKey(id: string, fresh: FreshKey, hash: string, graceMs: number): Promise<Key | Refusal> {
    return this.#ended(await this.steps.rotateKey(id, fresh, hash, graceMs))
  }

  /** The caller is told now; one that cannot be reached learns it when it asks again. */
  async removeCaller(call: string): Promise<Removed | Refusal> {
    const removed = await this.steps.removeCaller(call)
    if ('why' in removed) return removed
    this.#host.background(this.#told([call], { is: 'wrapUp', refusal: { why: 'removed_from_queue' } }))
    await this.levelAll() // the next may fit where this one did not
    await this.#reports.changed()
    return removed
  }

  /** Sends a test to an endpoint and waits for what comes of it; undefined where there is none. */
  testHook(hook: string, tenant: string, id: string): Promise<Outcome | undefined> {
    return this.#mail.test(tenant, hook, id)
  }

  /** Another host may have left messages that are due (A5). */
  sendMail(): void {
    this.#mail.send()
  }

  /** The time has come that was armed for: of a tick, a message, news for `/metrics`, the beat. Never rejects. */
  async alarm(): Promise<void> {
    await this.#tried(async () => this.#rounds?.begin())
    const now = this.#host.clock.now()
    if (this.#alarm.isMailDue(now)) this.sendMail()
    if (this.#alarm.isBeatDue(now)) return this.beat()
    this.#reports.sendNews()
    await this.#tried(() => this.armed())
  }

  /** Looks for lost calls, and tells the pools how it stands and what to add to `/metrics`. Never rejects; comes again while a call is open. */
  async beat(): Promise<void> {
    this.#alarm.beats(this.#host.clock.now())
    await this.#tried(async () => {
      this.#alerts.spread(await this.steps.sweep())
      await this.levelAll()
    })
    this.#reports.send()
    await this.#tried(() => this.armed())
  }

  /** For as long as a call is open the beat goes on; those who wait are ticked, and messages sent, when it is time. */
  async armed(): Promise<void> {
    const afterMs = this.#alarm.afterMs(this.#host.clock.now(), this.#host.busy(), this.#rounds?.nextAt)
    if (afterMs < Infinity) await this.#host.arm(afterMs)
  }

  /** Lifts a suspension (L7); false where there is none. */
  async resume(): Promise<boolean | undefined> {
    return this.steps.resume()
  }

  #mailAfter(afterMs: number | null): unknown {
    const { clock, mailAfter, arm } = this.#host
    if (mailAfter !== undefined) return mailAfter(afterMs)
    if (afterMs === null) return undefined
    this.#alarm.mail(clock.now() + afterMs)
    return arm(afterMs)
  }

  #wake(calls: readonly string[]): void {
    if (calls.length === 0) return
    for (const call of calls) this.#background(this.#seated(call))
    this.#background(this.armed()) // who does not hear it is due again, and those behind are to hear of it
  }

  async #seated(call: string): Promise<void> {
    await this.#host.wake(call)
    this.steps.ticks?.heard(call)
  }

  #roundsOf(ticks: TickSteps, tick: RoundsHost['tick']): DeskRounds {
    const host = this.#host
    return new DeskRounds(ticks, {
      tick,
      wake: (call) => this.#seated(call),
      tell: (call, word) => host.tell([call], word),
      freed: ({ ref, waits, alerts }) => {
        this.#freed(ref.pool, waits)
        this.#alerts.spread(alerts)
        this.#background(this.#reports.changed())
      },
      background: (work) => this.#background(work),
      changed: () => this.armed(),
      fault: (error) => host.fault(error),
    })
  }

  async #ended(ended: Ended | Refusal): Promise<Key | Refusal> {
    if ('why' in ended) return ended
    await this.#told(ended.calls, { is: 'wrapUp', refusal: { why: 'key_withdrawn' } })
    return ended.key
  }

  #heard({ call }: CallRef, { renewal, alerts, waits }: Heard): Renewal {
    this.#alerts.spread(alerts, call)
    if (waits) this.#host.background(this.#tried(() => this.levelAll())) // what it holds no more is another's (L4)
    return renewal
  }

  async #told(calls: readonly string[], word: Word): Promise<void> {
    if (calls.length > 0) await this.#tried(async () => void (await this.#host.tell(calls, word)))
  }

  #background(work: Promise<unknown>): void {
    this.#host.background(work.catch((error: unknown) => this.#host.fault(error)))
  }

  async #tried(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#host.fault(error)
    }
  }

  /** To this desk's next caller, or to another's (P5, P9). */
  #freed(pool: string, waits: boolean): void {
    this.#host.background(this.#admissions.freed(pool, waits))
  }
}
