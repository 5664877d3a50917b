// Plans, tenants and keys, and the terms that follow from them for one call: pure, so that every home of a desk can decide on them. What
// they may be set to is in plan-settings.ts. Knows no store and no clock.
import { isoOf } from './calendar.ts'
import { limitsOf, type Limit } from './budget.ts'
import type { HoldSettings } from './hold-settings.ts'
import type { KeyChange, KeySettings, Plan, TenantChange, TenantSettings } from './plan-settings.ts'
import shipped from './plans.json' with { type: 'json' }

/** In the order of the ladder: who waits first comes first. */
export const planNames = ['trial', 'starter', 'growth', 'scale'] as const
export type PlanName = (typeof planNames)[number]
export const plans = shipped as Readonly<Record<PlanName, Plan>>

export interface Tenant extends TenantSettings {
  id: string
  /** ISO 8601, UTC. */
  created_at: string
}

/** A key as it is stored and shown: never the key itself (K1). Times ISO 8601, UTC. */
export interface Key extends KeySettings {
  id: string
  /** The last characters, so that people can tell keys apart. */
  hint: string
  created_at: string
  expires_at: string | null
  revoked_at: string | null
}

/** What a key has of its own before anything is set of it. */
export type FreshKey = Pick<Key, 'id' | 'hint' | 'created_at'>

/** What holds for one call, from its tenant, plan and key. */
export interface CallTerms {
  plan: PlanName
  key: string
  frameBytes: number
  longestMs: number | null
  fallbackMicroUsd: number
  pinned: TenantSettings['pinned']
  /** The longest wait in the queue. */
  patienceMs: number
  hold: HoldSettings
}

/** A tenant as it was stored, also before it had all of its settings. */
export function tenantOf(stored: object): Tenant {
  return {
    timezone: 'UTC',
    budgets: {},
    callBudgets: {},
    trialDays: null,
    shadow: null,
    longestCallSeconds: null,
    ...stored,
  } as unknown as Tenant
}

export function changed(tenant: Tenant, change: TenantChange): Tenant {
  const { caps, budgets, callBudgets } = change
  return {
    ...tenant,
    ...given(change),
    caps: { ...tenant.caps, ...given(caps ?? {}) },
    budgets: { ...tenant.budgets, ...given(budgets ?? {}) },
    callBudgets: { ...tenant.callBudgets, ...given(callBudgets ?? {}) },
  }
}

export function changedKey(key: Key, change: KeyChange): Key {
  return { ...key, ...given(change) }
}

/** Ended now, or after a grace. One that was ended before ends no later for being ended again. */
export function keyEnded(key: Key, graceMs: number, now: number): Key {
  const at = isoOf(now + graceMs)
  const expires_at = key.expires_at !== null && key.expires_at < at ? key.expires_at : at
  return graceMs > 0 ? { ...key, expires_at } : { ...key, revoked_at: key.revoked_at ?? at }
}

function given(change: object): object {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
}

export function linesOf(tenant: Tenant): number {
  return tenant.caps.lines ?? plans[tenant.plan].lines
}

/** How many callers may wait: none where the tenant has them refused instead (H6). */
export function roomOf(tenant: Tenant): number {
  return tenant.overflow === 'hold' ? plans[tenant.plan].room : 0
}

/** What the tenant may use in all. */
export function tenantLimits({ plan, budgets }: Tenant): Limit[] {
  return limitsOf(budgets, plans[plan].budgets)
}

/** What each of its calls may use by itself. */
export function callLimits({ plan, callBudgets }: Tenant): Limit[] {
  return limitsOf(callBudgets, plans[plan].callBudgets)
}

/** Budgets that are only tried. */
export function shadowLimits({ shadow }: Tenant): Limit[] {
  return limitsOf(shadow?.budgets ?? {}, {})
}

/** A cap that is only tried. */
export function shadowLines({ shadow }: Tenant): number | undefined {
  return shadow?.lines ?? undefined
}

/** How long its trial lasts (days); undefined where it is on no plan of trials. */
export function trialDaysOf({ plan, trialDays }: Tenant): number | undefined {
  const { trialDays: days } = plans[plan]
  return days === null || days === undefined ? undefined : (trialDays ?? days)
}

export function callTerms(tenant: Tenant, key: Key): CallTerms {
  const plan = plans[tenant.plan]
  return {
    plan: tenant.plan,
    key: key.id,
    frameBytes: tenant.frameBytes,
    longestMs: longestMs(tenant),
    fallbackMicroUsd: plan.fallbackMicroUsdPerToken,
    pinned: tenant.pinned,
    patienceMs: patienceMs(tenant),
    hold: tenant.hold,
  }
}

/** No longer than the plan's, which may have been lowered since the tenant set its own. */
function longestMs({ plan, longestCallSeconds }: Tenant): number | null {
  const { longestCallMinutes } = plans[plan]
  if (longestCallMinutes === null) return longestCallSeconds === null ? null : longestCallSeconds * 1000
  return Math.min(longestCallSeconds ?? Infinity, longestCallMinutes * 60) * 1000
}

/** No longer than the plan's either. */
export function patienceMs({ plan, hold }: Tenant): number {
  return Math.min(hold.patienceSeconds ?? Infinity, plans[plan].patienceSeconds) * 1000
}

export function keyValid(key: Key, now: number): boolean {
  return key.revoked_at === null && (key.expires_at === null || key.expires_at > isoOf(now))
}

/** The lines that an agent of the tenant may use, where it has a cap; whatever it is called. */
export function agentCap({ caps }: Tenant, agent: string): number | undefined {
  return Object.entries(caps.agents).find(([name]) => name === agent)?.[1]
}
