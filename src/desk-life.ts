// What a host does around a desk, whatever its home: the conversation with its pools, words to its calls, the beat while any call is open.
// Knows no home and no host; what is decided is in the desk's steps.
import type { DeskReading } from './tenant-desk.ts'
import type { TenantChange } from './plan-settings.ts'
import { Admissions } from './admission.ts'
import type { Courier, Outcome } from './courier.ts'
import { DeskMail } from './desk-mail.ts'
import type { Heard } from './desk-books.ts'
import type { Alert, BudgetAlert } from './desk-budget.ts'
import { budgetNotice } from './budget-notice.ts'
import type { DeskSteps, Ended } from './desk-steps.ts'
import type { Removed } from './desk-queue.ts'
import type { Entry } from './ledger.ts'
import { heartbeatMs } from './limits.ts'
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
  Word,
} from './ports.ts'
import type { Refusal } from './refusal.ts'

/** How soon a change shows on `/metrics`. */
const reportAfterMs = 1_000

export interface DeskLifeHost {
  clock: Clock
  /** As this desk speaks to them. */
  pools: Pools & { report(pool: string, series: Series): Promise<void> }
  /** The turn of these calls has come. One that cannot be reached learns it when it asks again, or its lease runs out. */
  wake(calls: readonly string[]): void
  /** Tells these calls; one that cannot be reached learns it when it asks again, if it must come to its end. */
  tell(calls: readonly string[], word: Word): Promise<unknown>
  /** Something that the operator is to know of. */
  alert(alert: Alert): void
  /** Sees to the end of work that nobody waits for. */
  background(work: Promise<unknown>): void
  /** Whether a call of this host is open at this desk: then it goes on beating. */
  busy(): boolean
  /** Wants a `beat` after so long: sooner than what is set already, never later. */
  arm(afterMs: number): unknown
  courier: Courier
  /** From 0 to 1. */
  chance(): number
  /** A message for a webhook is due after so long, whether or not a call is open by then; null: none waits. */
  mailAfter(afterMs: number | null): unknown
  fault(error: unknown): void
}

function warns(alert: Alert): alert is BudgetAlert {
  return alert.is === 'budget' && alert.level === 'warning' && !alert.shadow
}

function stops(alert: Alert): boolean {
  return alert.is === 'suspended' || (alert.level === 'exhausted' && !alert.shadow)
}

export class DeskLife implements Desks {
  readonly steps: DeskSteps
  readonly #host: DeskLifeHost
  readonly #admissions: Admissions
  readonly #mail: DeskMail

  constructor(steps: DeskSteps, host: DeskLifeHost) {
    const { clock, pools } = host
    this.steps = steps
    this.#host = host
    this.#admissions = new Admissions(steps, {
      clock,
      pools,
      wake: (calls) => (calls.length === 0 ? undefined : host.wake(calls)),
      fault: (error) => host.fault(error),
    })
    this.#mail = new DeskMail(steps.mail, {
      now: () => clock.now(),
      courier: host.courier,
      chance: () => host.chance(),
      waits: (afterMs) => host.mailAfter(afterMs),
      sent: () => host.arm(reportAfterMs),
      background: (work) => host.background(work.catch((error: unknown) => host.fault(error))),
    })
  }

  async admit(offer: Offer): Promise<Admission> {
    const admission = await this.#admissions.admit(offer)
    // A wrong key is nobody's: nothing was counted, nothing is written.
    if (admission.is !== 'refused' || admission.refusal.why !== 'key_unknown') await this.#host.arm(reportAfterMs)
    return admission
  }

  async renew(ref: CallRef, load: number | null, progress: Progress): Promise<Renewal> {
    return this.#heard(ref, await this.steps.renew(ref, load, progress))
  }

  async leave(ref: CallRef): Promise<void> {
    this.#freed(ref.pool, await this.steps.leave(ref))
    await this.#host.arm(reportAfterMs)
  }

  async debit(ref: CallRef, entries: readonly Entry[], progress: Progress): Promise<Renewal> {
    const renewal = this.#heard(ref, await this.steps.debit(ref, entries, progress))
    await this.#host.arm(reportAfterMs)
    return renewal
  }

  async end(ref: CallRef, entries: readonly Entry[], record: CallRecord): Promise<void> {
    const { waits, alerts } = await this.steps.end(ref, entries, record)
    this.#freed(ref.pool, waits)
    this.#spread(alerts)
    await this.#host.arm(reportAfterMs)
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
    this.#spread(alerts)
    if (!alerts.some(stops)) this.#host.background(this.#wrapUp()) // a trial may be over, a budget may have been told before, or is a call's own
    await this.levelAll()
    await this.#host.arm(reportAfterMs)
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
    await this.#host.arm(reportAfterMs)
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

  /** Looks for lost calls, and tells the pools how it stands and what to add to `/metrics`. Never rejects; comes again while a call is open. */
  async beat(): Promise<void> {
    await this.#tried(async () => {
      this.#spread(await this.steps.sweep())
      await this.levelAll()
      for (const [pool, series] of Object.entries(await this.steps.report()))
        await this.#host.pools.report(pool, series)
    })
    await this.#tried(() => this.armed())
  }

  /** For as long as a call is open the beat goes on. */
  async armed(): Promise<void> {
    if (this.#host.busy()) await this.#host.arm(heartbeatMs)
  }

  /** Lifts a suspension (L7); false where there is none. */
  async resume(): Promise<boolean | undefined> {
    return this.steps.resume()
  }

  async #ended(ended: Ended | Refusal): Promise<Key | Refusal> {
    if ('why' in ended) return ended
    await this.#told(ended.calls, { is: 'wrapUp', refusal: { why: 'key_withdrawn' } })
    return ended.key
  }

  #heard({ call }: CallRef, { renewal, alerts, waits }: Heard): Renewal {
    this.#spread(alerts, call)
    if (waits) this.#host.background(this.#tried(() => this.levelAll())) // what it holds no more is another's (L4)
    return renewal
  }

  /** Whom it concerns is told: the operator, the apps of live calls; and who may not go on comes to an end. `by`: the call whose word it was. */
  #spread(alerts: readonly Alert[], by?: string): void {
    for (const alert of alerts) this.#host.alert(alert)
    const warnings = alerts.filter(warns)
    if (warnings.length > 0) this.#host.background(this.#warn(warnings))
    if (alerts.some(stops)) this.#host.background(this.#wrapUp(by))
  }

  async #warn(warnings: readonly BudgetAlert[]): Promise<void> {
    const { calls } = await this.steps.affected()
    for (const alert of warnings) {
      await this.#told(calls, { is: 'warned', notice: budgetNotice(alert, alert.used, alert.ends) })
    }
  }

  /** All calls of a tenant that may not talk any more, live and waiting ones, or those that may not by themselves; but the one that is answered so. */
  async #wrapUp(by?: string): Promise<void> {
    const { calls, refusal, spent } = await this.steps.affected()
    const others = calls.filter((call) => call !== by)
    if (refusal !== undefined) await this.#told(others, { is: 'wrapUp', refusal })
    await Promise.all(spent.map(({ call, refusal: own }) => this.#told([call], { is: 'wrapUp', refusal: own })))
  }

  async #told(calls: readonly string[], word: Word): Promise<void> {
    if (calls.length > 0) await this.#tried(async () => void (await this.#host.tell(calls, word)))
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
