// When a tenant's trial is over. Knows no call. Rules L7, L9.
import { dayMs, isoOf, msOf } from './calendar.ts'
import { trialDaysOf, type Tenant } from './plan.ts'

/** For how long it lasts, and until when (ms since 1970). */
export interface Trial {
  days: number
  ends: number
}

/** undefined where there is none. */
export function trialOf(tenant: Tenant): Trial | undefined {
  const days = trialDaysOf(tenant)
  return days === undefined ? undefined : { days, ends: msOf(tenant.created_at) + days * dayMs }
}

/** ISO 8601, UTC; null where there is no trial. */
export function trialEndsAt(tenant: Tenant): string | null {
  const trial = trialOf(tenant)
  return trial === undefined ? null : isoOf(trial.ends)
}
