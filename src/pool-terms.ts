// What is set of a pool, and what follows from it: pure, so that every home of a pool can decide on it. Knows no store. Rules P1, P2.
import { plans, type PlanName } from './plan.ts'
import type { Floor, PoolChange } from './pool-settings.ts'
import type { Refusal } from './refusal.ts'
import type { Ceiling } from './upstream.ts'

export interface PoolSettings {
  ceiling: Ceiling | null
  thresholds: Partial<Record<PlanName, number>>
  floors: Record<string, Floor>
}

export const plainSettings: PoolSettings = { ceiling: null, thresholds: {}, floors: {} }

export function changedSettings(settings: PoolSettings, change: PoolChange): PoolSettings {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
  return { ...settings, ...given }
}

export function thresholdOf(settings: PoolSettings, plan: PlanName): number {
  return settings.thresholds[plan] ?? plans[plan].threshold
}

/** Floors that come to more than the ceiling cannot be kept. */
export function unfit({ floors }: PoolSettings, ceiling: Ceiling): Refusal | undefined {
  for (const unit of ['tokensPerMinute', 'sessions'] as const) {
    const sum = Object.values(floors).reduce((all, floor) => all + floor[unit], 0)
    const most = ceiling[unit]
    if (most === null || sum <= most) continue
    const problems = `floors: ${unit} come to ${sum}, above the ceiling of ${most}`
    return { why: 'body_invalid', details: { problems, param: 'floors' } }
  }
  return undefined
}
