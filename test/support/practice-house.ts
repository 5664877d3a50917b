// A house of calls of several tenants, from end to end, whose stores break and whose hosts die: what the provider reported, and what was
// taken in of it when. Knows no store.
import type { Agenda } from './agenda.ts'
import { nobodysCourier } from './courier.ts'
import { Crash } from './crashes.ts'
import type { Dice } from './dice.ts'
import { grantOf } from './grants.ts'
import { PracticeCall } from './practice-call.ts'
import type { UsageReport } from '../../sim/stage.ts'
import type { Alert } from '../../src/desk-budget.ts'
import { DeskLife } from '../../src/desk-life.ts'
import type { DeskSteps } from '../../src/desk-steps.ts'
import type { Entry } from '../../src/ledger.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { Key, Tenant } from '../../src/plan.ts'
import type { Desks, PoolGrant } from '../../src/ports.ts'

const models = ['gpt-realtime-2.1', 'gpt-realtime-2.1-mini', 'gpt-realtime']
const created_at = '2026-11-21T00:00:00.000Z'

export interface HouseOptions {
  /** So many calls are made in all. */
  calls: number
  /** Of so many calls the host of one dies; 0: none. */
  deathsOneIn: number
  /** The desk's own host is reset so often (ms); 0: never. */
  resetEveryMs: number
  /** Between one caller of a tenant and its next, on average (ms). */
  gapMs: number
}

/** One report, and when the ledger has taken it in (ms); undefined: never. */
export interface Accounted {
  call: PracticeCall
  report: UsageReport
  takenAt: number | undefined
}

export class PracticeTenant {
  readonly id: string
  readonly tenant: Tenant
  readonly calls: PracticeCall[] = []
  readonly #clock: Agenda
  readonly #dice: Dice
  readonly #open: () => DeskSteps
  readonly #options: HouseOptions
  readonly #here = new Map<string, PracticeCall>()
  readonly #reports: { call: PracticeCall; report: UsageReport }[] = []
  /** Entry → when the step that took it in was kept. */
  readonly #taken = new Map<string, number>()
  /** Call → when its desk has last taken in all that it had to tell. */
  readonly toldAt = new Map<string, number>()
  readonly #over = new Set<string>()
  #life: DeskLife
  #beatAt: number | undefined
  #cancelBeat: (() => void) | undefined
  #grants = 0
  faults: unknown[] = []
  /** What its operator was told, by any life of its desk. */
  readonly alerts: Alert[] = []
  lives = 0

  /** `open`: a new life of its desk's host, over the same store. */
  constructor(tenant: Tenant, clock: Agenda, dice: Dice, options: HouseOptions, open: () => DeskSteps) {
    this.id = tenant.id
    this.tenant = tenant
    this.#clock = clock
    this.#dice = dice
    this.#options = options
    this.#open = open
    this.#life = this.#lifeOf(open())
  }

  async begin(): Promise<void> {
    const { steps } = this.#life
    await steps.create(this.tenant)
    await steps.addKey(keyOf(this.id), `hash of ${this.id}`)
    this.#comes()
    this.#resets()
  }

  get done(): boolean {
    return this.calls.length >= this.#options.calls && this.#here.size === 0
  }

  get steps(): DeskSteps {
    return this.#life.steps
  }

  accounts(): Accounted[] {
    return this.#reports.map((made) => ({
      ...made,
      takenAt: this.#taken.get(`${made.call.offer.call} ${entryOf(made.report)}`),
    }))
  }

  #comes(): void {
    if (this.calls.length >= this.#options.calls) return
    const { roll } = this.#dice
    const number = this.calls.length
    const call = new PracticeCall(this.#offer(number), {
      clock: this.#clock,
      roll,
      desks: this.#desks,
      report: (report) => this.#reports.push({ call, report }),
      gone: () => this.#here.delete(call.offer.call),
      fault: (error) => this.#fault(error),
    })
    this.calls.push(call)
    this.#here.set(call.offer.call, call)
    void call.begin()
    const { deathsOneIn, gapMs } = this.#options
    if (deathsOneIn > 0 && roll(deathsOneIn) === 0) this.#clock.after(roll(25_000), () => call.die())
    this.#clock.after(roll(2 * gapMs), () => this.#comes())
  }

  #offer(number: number) {
    const { roll } = this.#dice
    const call = `call_${String(number).padStart(7, '0')}`
    const whose = { tenant: this.id, keyHash: `hash of ${this.id}`, agent: roll(3) === 0 ? `agent ${roll(4)}` : null }
    const asks = { model: models[roll(models.length)] as string, models, unserved: null, pool: 'openai' }
    return { call, ...whose, ...asks, caller: null }
  }

  /** The desk's own host is gone, and another one has it. */
  #resets(): void {
    const { resetEveryMs } = this.#options
    if (resetEveryMs === 0) return
    this.#clock.after(resetEveryMs, () => {
      if (this.done) return
      this.#life = this.#lifeOf(this.#open())
      this.#clock.after(0, () => {
        const began = this.#life.levelAll().then(() => this.#life.armed())
        began.catch((error: unknown) => this.#fault(error))
      })
      this.#resets()
    })
  }

  #lifeOf(steps: DeskSteps): DeskLife {
    this.lives++
    return new DeskLife(this.#watched(steps), {
      clock: this.#clock,
      pools: { share: async () => this.#grant(), report: async () => undefined },
      wake: (seated) => this.#each([seated], (call) => call.seated()),
      tell: async (calls, word) => this.#each(calls, (call) => call.told(word)),
      alert: (alert) => this.alerts.push(alert),
      background: (work) => void work.catch((error: unknown) => this.#fault(error)),
      busy: () => true,
      arm: (afterMs) => this.#arm(afterMs),
      courier: nobodysCourier,
      chance: () => this.#dice.roll(1_000) / 1_000,
      fault: (error) => this.#fault(error),
    })
  }

  /** More than it uses. */
  #grant(): PoolGrant {
    return grantOf(1e9, 1e6, ++this.#grants)
  }

  /** As its calls reach it, whichever life it has; one that ends meanwhile answers nobody. */
  readonly #desks: Desks = {
    admit: (offer) => this.#asked((life) => life.admit(offer)),
    renew: (ref, load, progress) => this.#asked((life) => life.renew(ref, load, progress)),
    leave: (ref) => this.#asked((life) => life.leave(ref)),
    debit: (ref, entries, progress) => this.#asked((life) => life.debit(ref, entries, progress)),
    end: (ref, entries, record) => this.#asked((life) => life.end(ref, entries, record)),
  }

  async #asked<T>(ask: (life: DeskLife) => Promise<T>): Promise<T> {
    const life = this.#life
    const answer = await ask(life)
    if (life !== this.#life) throw new Crash(true, 'with its host')
    return answer
  }

  /** Notes which steps were kept, also those of which nobody heard. */
  #watched(steps: DeskSteps): DeskSteps {
    const own: Partial<DeskSteps> = {
      debit: (ref, entries, progress) => {
        const at = this.#clock.now()
        return kept(
          () => steps.debit(ref, entries, progress),
          () => {
            this.#took(ref.call, entries)
            this.toldAt.set(ref.call, at)
          },
        )
      },
      end: (ref, entries, record) =>
        kept(
          () => steps.end(ref, entries, record),
          () => {
            this.#took(ref.call, entries)
            this.#over.add(ref.call)
          },
        ),
    }
    return new Proxy(steps, {
      get: (target, name) => {
        const mine = own[name as keyof DeskSteps] ?? (Reflect.get(target, name) as unknown)
        return typeof mine === 'function' ? mine.bind(target) : mine
      },
    })
  }

  #took(call: string, entries: readonly Entry[]): void {
    if (this.#over.has(call)) return
    for (const { id } of entries) {
      const name = `${call} ${id}`
      if (!this.#taken.has(name)) this.#taken.set(name, this.#clock.now())
    }
  }

  #arm(afterMs: number): void {
    const at = this.#clock.now() + afterMs
    if (this.#beatAt !== undefined && this.#beatAt <= at) return
    this.#cancelBeat?.()
    this.#beatAt = at
    this.#cancelBeat = this.#clock.after(afterMs, () => {
      this.#beatAt = undefined
      void this.#life.alarm()
    })
  }

  #each(calls: readonly string[], work: (call: PracticeCall) => void): void {
    for (const id of calls) {
      const call = this.#here.get(id)
      if (call !== undefined) this.#clock.after(0, () => work(call))
    }
  }

  #fault(error: unknown): void {
    if (!(error instanceof Crash)) this.faults.push(error)
  }
}

/** `note`: the step was kept, also where nobody heard so. */
async function kept<T>(step: () => T | Promise<T>, note: () => void): Promise<T> {
  try {
    const answer = await step()
    note()
    return answer
  } catch (error) {
    if (error instanceof Crash && error.kept) note()
    throw error
  }
}

/** As a call names what it was told of usage. */
export function entryOf(report: UsageReport): string {
  return report.kind === 'response' ? `reply:${report.responseId}` : `transcript:${report.itemId}/0`
}

export function practiceTenant(id: string, settings: Partial<TenantSettings>): Tenant {
  const own = TenantSettings.parse({ name: id, plan: 'scale', ...settings })
  return { ...own, id, created_at }
}

function keyOf(id: string): Key {
  const times = { created_at, expires_at: null, revoked_at: null }
  return { id: `key of ${id}`, name: 'first', lines: null, headStartSeconds: 0, hint: '…', ...times }
}
