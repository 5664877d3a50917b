// Judges a catalogue of plans, over assumptions of use that are passed in. Pure. Knows no file and no screen. Rule A6.
import type { Plan } from '../plan-settings.ts'
import { findingsOf, type Finding } from './plan-findings.ts'
import { busy, rowsOf, usdPerMinute, type PlanRows, type Terms } from './plan-rows.ts'

export interface Check {
  /** No finding says that a plan promises what it cannot keep. */
  keeps: boolean
  assumptions: { name: string; says: string; source: string; asOf: string; usdPerCallMinute: number }[]
  plans: PlanRows[]
  findings: Finding[]
}

export function checkPlans(plans: Readonly<Record<string, Plan>>, terms: Terms): Check {
  const checked = Object.entries(plans).map(([name, plan]) => ({ plan, rows: rowsOf(name, plan, terms) }))
  const findings = checked.flatMap(({ plan, rows }) => findingsOf(plan, rows, terms.rates))
  return {
    keeps: !findings.some(({ severity }) => severity === 'contradiction' || severity === 'below_cost'),
    assumptions: terms.assumptions.map((assumed) => {
      const { name, says, source, asOf, callMinutes } = assumed
      return { name, says, source, asOf, usdPerCallMinute: usdPerMinute(busy(assumed, callMinutes, 1, terms)) }
    }),
    plans: checked.map(({ rows }) => rows),
    findings,
  }
}
