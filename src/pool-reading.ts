// How a pool stands, in its settings' terms, as an operator reads it. Knows no store. Rules P1, P6.
import { planNames, type PlanName } from './plan.ts'
import { thresholdOf, type PoolSettings } from './pool-terms.ts'
import type { Unit } from './ports.ts'
import type { PoolFigures } from './shared-pool.ts'
import type { Ceiling } from './upstream.ts'

/** One unit's figures. `use` and `headroom` are shares of the ceiling, null where there is none; `room` is what a new call of a plan would find. */
export interface UnitReading {
  ceiling: number | null
  has: number
  wants: number
  granted: number
  kept: number
  use: number | null
  headroom: number | null
  room: Record<PlanName, number | null>
}

export interface PoolReading {
  id: string
  ceiling: Ceiling
  thresholds: Record<PlanName, number>
  floors: PoolSettings['floors']
  desks: number
  /** Its store was lost: nothing new is granted until the desks have said what they hold (P10). */
  learning: boolean
  tokensLastMinute: number
  units: Record<Unit, UnitReading>
}

/** `own`: the ceiling that the upstream comes with. */
export function poolReading(id: string, own: Ceiling, settings: PoolSettings, figures: PoolFigures): PoolReading {
  const ceiling = settings.ceiling ?? own
  const { learning, tokensLastMinute } = figures
  const thresholds = Object.fromEntries(planNames.map((plan) => [plan, thresholdOf(settings, plan)]))
  const { tokens, sessions } = figures.units
  return {
    id,
    ceiling,
    thresholds: thresholds as PoolReading['thresholds'],
    floors: settings.floors,
    desks: tokens.desks,
    learning,
    tokensLastMinute,
    units: {
      // P6: a meter that under-counts is not trusted over what the calls are known to take, nor the other way about.
      tokens: unitReading(settings, ceiling.tokensPerMinute, tokens, tokensLastMinute),
      sessions: unitReading(settings, ceiling.sessions, sessions, 0),
    },
  }
}

function unitReading(
  settings: PoolSettings,
  ceiling: number | null,
  { has, wants, granted, kept }: PoolFigures['units'][Unit],
  measured: number,
): UnitReading {
  const use = ceiling === null ? null : Math.max(has, measured) / Math.max(1, ceiling)
  const left = (plan: PlanName): number | null =>
    ceiling === null ? null : Math.max(0, Math.floor(ceiling * thresholdOf(settings, plan)) - granted - kept)
  const room = Object.fromEntries(planNames.map((plan) => [plan, left(plan)])) as UnitReading['room']
  return { ceiling, has, wants, granted, kept, use, headroom: use === null ? null : Math.max(0, 1 - use), room }
}
