// When a tenant's trial is over. Knows no call. Rule L9.
import { trialDaysOf, type Tenant } from './plan.ts'

const dayMs = 86_400_000

/** ISO 8601, UTC; null where there is no trial. */
export function trialEndsAt(tenant: Tenant): string | null {
  const days = trialDaysOf(tenant)
  return days === undefined ? null : new Date(Date.parse(tenant.created_at) + days * dayMs).toISOString()
}
