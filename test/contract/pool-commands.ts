// What may be asked of a pool, its meter and a desk's holding of it, and random streams of it. Knows no rule.
import * as fc from 'fast-check'

export const desks = ['a', 'b', 'é', '𝒳', '\uFFFD'] as const
export type DeskId = (typeof desks)[number]

/** Of the four plans, the lowest first. */
export const thresholds = [0.7, 0.8, 0.85, 1] as const
export const ttlMs = 10
export const answerMs = 3

export type PoolCommand =
  | {
      do: 'share'
      desk: DeskId
      has: number
      /** What it wants above what it has. */
      more: number
      /** Without a call it had one since its last word. */
      had: boolean
      block: number
      weight: number
      tier: number
      learning: boolean
      /** It was sent before one that has arrived. */
      late: boolean
    }
  | { do: 'refill'; ceiling: number; learning: boolean }
  | { do: 'reserve'; desk: DeskId; floor: number }
  | { do: 'pass'; ms: number }
  | { do: 'note'; tokens: number }
  | { do: 'read' }
  | { do: 'ask'; desk: DeskId; has: number }
  /** The desk hears a grant: its latest, or one of those before it. */
  | { do: 'take'; desk: DeskId; before: number; as: 'answer' | 'word' }
  | { do: 'unanswered'; desk: DeskId }

const desk = fc.constantFrom(...desks)
const has = fc.constantFrom(0, 0, 10, 20, 25, 60)
const learning = fc.constantFrom(false, false, false, false, false, false, false, true)

/** Loads are few and small, so that shares are often equal, and blocks often fit exactly or just not. */
export const poolCommand: fc.Arbitrary<PoolCommand> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('share' as const),
      desk,
      has,
      more: fc.constantFrom(0, 5, 10, 20, 40, 200),
      had: fc.constantFrom(false, false, true),
      block: fc.constantFrom(0, 10, 10, 10, 20, 45),
      weight: fc.constantFrom(1, 1, 2, 4),
      tier: fc.nat(thresholds.length - 1),
      learning,
      late: fc.constantFrom(false, false, false, false, false, true),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('refill' as const),
      ceiling: fc.constantFrom(0, 40, 100, 100, 200),
      learning,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('reserve' as const), desk, floor: fc.constantFrom(0, 0, 10, 25, 60) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 1, 1, 2, 5, 9, 10) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(999, 1_000, 59_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('note' as const), tokens: fc.constantFrom(0, 1, 500) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('read' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('ask' as const), desk, has }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      desk,
      before: fc.constantFrom(0, 0, 0, 1, 2),
      as: fc.constantFrom('answer' as const, 'word' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unanswered' as const), desk }) },
)
