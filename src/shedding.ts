// Whether a process that has too much to do takes new calls in, and whose: before the upgrade, at the cost of a comparison. Live calls are
// never touched. Knows no process and no clock. Rules H6, D1.
import { strainEdges, strainEases } from './limits.ts'
import type { PlanName } from './plan.ts'
import type { Refusal } from './refusal.ts'

/** How a process stands: the 99th percentile of its loop's delay, its memory and its calls as shares of what it may have. */
export interface Load {
  loopDelayMs: number
  memory: number
  calls: number
}

/** `some`: no new trial calls. `full`: no new calls at all. */
export type Strain = 'none' | 'some' | 'full'

const worstFirst = ['full', 'some'] as const

/** A strain stays until its cause is well below the edge: at the edge itself it would come and go with every call. */
export function strainOf(load: Load, before: Strain): Strain {
  for (const strain of worstFirst) {
    const held = before === 'full' || before === strain
    if (exceeds(load, strain, held ? strainEases : 1)) return strain
  }
  return 'none'
}

/** Why a new call is not taken in; undefined where it is. `plan`: undefined while nobody knows it: let in, it is known from then on. */
export function shed(strain: Strain, draining: boolean, plan: PlanName | undefined): Refusal | undefined {
  if (draining) return { why: 'process_draining' }
  if (strain === 'full' || (strain === 'some' && plan === 'trial')) return { why: 'process_strained' }
  return undefined
}

function exceeds(load: Load, strain: 'some' | 'full', share: number): boolean {
  const edges = strainEdges[strain]
  return (['loopDelayMs', 'memory', 'calls'] as const).some((of) => load[of] > edges[of] * share)
}
