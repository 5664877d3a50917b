// What an operator sets of a pool, as validated data: its ceiling, the plans' thresholds, reserved floors. Knows no store. Rules P1, P2.
import * as z from 'zod'
import { whole } from './plan-settings.ts'
import { planNames, plans } from './plan.ts'

/** More than 10 % over the ceiling and calls are refused in mid-sentence. */
const thresholdMost = 1.1

const tenantId = /^ten_[\w-]{1,60}$/
const tokens = whole(0, 1e12)
const sessions = whole(0, 1e7)

const says = `is no number from 0 to ${thresholdMost}`
const share = z.number(says).min(0, says).max(thresholdMost, says)

const Thresholds = z.partialRecord(z.enum(planNames), share).superRefine((thresholds, context) => {
  for (const plan of planNames) {
    const threshold = thresholds[plan] ?? 0
    if (threshold <= 1 || threshold > thresholdMost || plans[plan].poolShare === 'reserved') continue
    const message = 'is above 1, which is for plans with a reserved share alone'
    context.addIssue({ code: 'custom', path: [plan], message })
  }
})

/** In both units; what is not given is 0. */
const Floor = z.strictObject({ tokensPerMinute: tokens.default(0), sessions: sessions.default(0) })
export type Floor = z.infer<typeof Floor>

/** A change: the fields that are given, each in the place of what was there. Within the ceiling null is no bound. */
export const PoolChange = z.strictObject({
  /** null: the upstream's own. */
  ceiling: z.strictObject({ tokensPerMinute: tokens.nullable(), sessions: sessions.nullable() }).nullable().optional(),
  /** Plan → share of the ceiling up to which its new calls are let in; a plan that is not named keeps the catalogue's. */
  thresholds: Thresholds.optional(),
  /** Tenant → what is kept for it, whether it calls or not. */
  floors: z
    .record(z.string(), Floor)
    .superRefine((floors, context) => {
      const message = 'is no id of a tenant ("ten_…")'
      for (const id of Object.keys(floors))
        if (!tenantId.test(id)) context.addIssue({ code: 'custom', path: [id], message })
    })
    .optional(),
})
export type PoolChange = z.infer<typeof PoolChange>
