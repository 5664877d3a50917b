// A desk holds its tenant to its budgets: what is spent, what is held, who is suspended; and what is told of it. Knows no call's life and no
// host. Rules L4, L6, L7, L9.
import { named, unitsOf, type BudgetState, type Limit } from './budget.ts'
import { isoOf } from './calendar.ts'
import type { DeskPages } from './desk-pages.ts'
import type { DeskRosters } from './desk-rosters.ts'
import { heldOf, hold, holdOn, lapse, letGo, partOf, type Held, type Hold } from './held.ts'
import type { Page } from './ledger.ts'
import { burnMs, burnStepMs, leaseTtlMs } from './limits.ts'
import { note, taken, type Meter } from './meter.ts'
import { callLimits, plans, shadowLimits, tenantLimits, type Tenant } from './plan.ts'
import type { KeptCall } from './records.ts'
import type { Refusal } from './refusal.ts'
import { pageOf, reached, roomIn, spent, type Reached, type Spent } from './threshold.ts'
import { trialOf } from './trial.ts'

/** What a tenant, its calls and its operator are to be told. `shadow`: of budgets that are only tried. */
export type Alert = BudgetAlert | { is: 'suspended'; micro_usd_per_hour: number; most: number }

export interface BudgetAlert extends Reached {
  is: 'budget'
  shadow: boolean
}

/** One budget as it stands. Amounts in the account's unit. */
export interface BudgetReading extends BudgetState {
  used: number
  /** By replies that run and callers that have just come. */
  held: number
  shadow: boolean
}

export interface Ending {
  call: string
  refusal: Refusal
}

/** How many more may have a line, and what the next one hears; no refusal: any number may. */
export interface Seats {
  free: number
  refusal: Refusal | undefined
}

export class DeskBudget {
  readonly #rosters: DeskRosters
  readonly #pages: DeskPages

  constructor(rosters: DeskRosters, pages: DeskPages) {
    this.#rosters = rosters
    this.#pages = pages
  }

  /** Thresholds that are reached now, each told once. */
  reached(tenant: Tenant, now: number): Alert[] {
    const pages = this.#pages.at(tenant, now)
    const own = reached(pages, tenantLimits(tenant)).map((one) => alertOf(one, false))
    const tried = reached(pages, shadowLimits(tenant), 'shadow:').map((one) => alertOf(one, true))
    const alerts = [...own, ...tried]
    if (alerts.length > 0) this.#pages.opened(pages)
    return alerts
  }

  /** Notes what was spent just now, of one that may not spend too fast (L7). */
  burn(tenant: Tenant, microUsd: number, now: number): void {
    if (microUsd > 0 && mostMicroUsd(tenant) < Infinity) note(this.#burn(), microUsd, now)
  }

  /** Suspends a trial that burns too fast, and says so once (L7). */
  burnt(tenant: Tenant, now: number): Alert[] {
    const most = mostMicroUsd(tenant)
    if (most === Infinity) return []
    const micro_usd_per_hour = Math.round((taken(this.#burn(), now) * 3_600_000) / burnMs)
    if (micro_usd_per_hour <= most || this.suspendedAt() !== undefined) return []
    this.#rosters.get('state').set('suspended', now)
    return [{ is: 'suspended', micro_usd_per_hour, most }]
  }

  /** Since when (ms). */
  suspendedAt(): number | undefined {
    return this.#rosters.get('state').get('suspended')
  }

  /** Lifts a suspension, and forgets what led to it; false where there is none. */
  resume(): boolean {
    if (this.suspendedAt() === undefined) return false
    this.#rosters.get('state').delete('suspended')
    const { amounts, slots } = this.#burn()
    for (const roster of [amounts, slots]) roster.purge(1e14)
    return true
  }

  /** Why the tenant may not talk now, whoever asks; undefined when it may. */
  refusal(tenant: Tenant, now: number): Refusal | undefined {
    const since = this.suspendedAt()
    if (since !== undefined) return { why: 'tenant_suspended', details: { since: isoOf(since) } }
    const trial = trialOf(tenant)
    if (trial !== undefined && trial.ends <= now) return { why: 'trial_ended', details: { days: trial.days } }
    const gone = spent(this.#pages.at(tenant, now), tenantLimits(tenant))
    return gone && exhausted(gone, now)
  }

  /** The live ones of these calls that may not go on, and why. */
  ending(calls: readonly KeptCall[], tenant: Tenant, now: number): Ending[] {
    const live = calls.filter(({ admitted }) => admitted !== null)
    return live.flatMap(({ id: call }) => {
      const refusal = this.refusalOf(call, tenant, now)
      return refusal === undefined ? [] : [{ call, refusal }]
    })
  }

  /** Why one call may not go on: its tenant may not, or it has spent its own budget. */
  refusalOf(call: string, tenant: Tenant, now: number): Refusal | undefined {
    const refusal = this.refusal(tenant, now)
    const limits = callLimits(tenant)
    if (refusal !== undefined || limits.length === 0) return refusal
    const gone = spent(this.#pages.ofCall(call, this.#pages.at(tenant, now)), limits)
    return gone && ofCallExhausted(gone.limit)
  }

  /** How many more there is room for, who each ask for so much, beside what is held for others (L4). */
  seats(tenant: Tenant, asked: Hold, now: number): Seats {
    const refusal = this.refusal(tenant, now)
    if (refusal !== undefined) return { free: 0, refusal }
    const [pages, held] = [this.#pages.at(tenant, now), this.#held()]
    const { seats: free, limit } = roomIn(
      pages,
      tenantLimits(tenant),
      ({ account }) => heldOf(held, account, now),
      ({ account }) => partOf(asked, account),
    )
    if (limit === undefined) return { free, refusal: undefined }
    const { window, account, amount, left, ends } = readingOf(limit, pages, held, now)
    const budget = { window, account, amount, left, ends }
    return { free, refusal: { why: 'budget_held', details: { what: named(limit), window }, budget } }
  }

  hold(call: string, estimate: Hold, now: number): void {
    hold(this.#held(), call, estimate, now + leaseTtlMs)
  }

  holdOn(call: string, now: number): void {
    holdOn(this.#held(), call, now + leaseTtlMs)
  }

  letGo(call: string): void {
    letGo(this.#held(), call)
  }

  sweep(now: number): void {
    lapse(this.#held(), now)
  }

  reading(tenant: Tenant, now: number): BudgetReading[] {
    const [pages, held] = [this.#pages.at(tenant, now), this.#held()]
    return [
      ...tenantLimits(tenant).map((limit) => readingOf(limit, pages, held, now)),
      ...shadowLimits(tenant).map((limit) => readingOf(limit, pages, held, now, true)),
    ]
  }

  #held(): Held {
    const [input, output] = [this.#rosters.get('held:input'), this.#rosters.get('held:output')]
    return { input, output, micro_usd: this.#rosters.get('held:micro_usd'), untils: this.#rosters.get('held:untils') }
  }

  #burn(): Meter {
    const [amounts, slots] = [this.#rosters.get('burn'), this.#rosters.get('burn:slots')]
    return { amounts, slots, stepMs: burnStepMs, forMs: burnMs }
  }
}

/** An hour; of a plan that suspends nobody there is no such amount. */
function mostMicroUsd({ plan }: Tenant): number {
  return (plans[plan].suspendUsdPerHour ?? Infinity) * 1_000_000
}

function alertOf({ level, window, account, amount, used, ends }: Reached, shadow: boolean): Alert {
  return { is: 'budget', shadow, level, window, account, amount, used, ends }
}

function readingOf(limit: Limit, pages: readonly Page[], held: Held, now: number, shadow = false): BudgetReading {
  const page = pageOf(pages, limit)
  const { window, account, amount } = limit
  const [used, kept] = [page?.used.get(account) ?? 0, heldOf(held, account, now)]
  const left = Math.max(0, amount - used - kept)
  return { window, account, amount, used, held: kept, left, ends: page?.window.ends ?? now, shadow }
}

function exhausted({ limit, ends }: Spent, now: number): Refusal {
  const { window, account } = limit
  const [amount, what] = [limit.amount / unitsOf(limit), named(limit)]
  return {
    why: 'budget_exhausted',
    details: { amount, what, window, ends: isoOf(ends) },
    retryAfterMs: ends - now,
    budget: { window, account, amount: limit.amount, left: 0, ends },
  }
}

/** It names no budget of its tenant, and no time: a new call may begin at once. */
function ofCallExhausted(limit: Limit): Refusal {
  const [amount, what] = [limit.amount / unitsOf(limit), named(limit)]
  return { why: 'call_budget_exhausted', details: { amount, what, window: limit.window } }
}
