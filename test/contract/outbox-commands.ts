// What may be asked of an outbox, and random streams of it. Knows no rule and no home.
import * as fc from 'fast-check'
import { messageClaimMs, messageWaitMsMost } from '../../src/limits.ts'

export const hooks = ['h1', 'h2', 'h3'] as const
const messages = Array.from({ length: 12 }, (_, i) => `m${i}`)

const short = [0, 1, 5_000, 20_000, messageClaimMs - 1, messageClaimMs]
const passes = [...short, ...short, 300_000, 7_200_000, 86_400_000, messageWaitMsMost - 86_400_000, messageWaitMsMost]

export type OutboxCommand =
  | { do: 'put'; message: string; wanting: string[] }
  | { do: 'claim' }
  /** `back`: of the claims that were made, so many before the last. */
  | { do: 'settle'; back: number; taken: boolean; chance: number }
  | { do: 'drop'; hook: string }
  | { do: 'expire' }
  | { do: 'pass'; ms: number }

export const outboxCommand: fc.Arbitrary<OutboxCommand> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('put'),
      message: fc.constantFrom(...messages),
      wanting: fc.subarray([...hooks], { minLength: 1 }),
    }),
  },
  { weight: 8, arbitrary: fc.constant({ do: 'claim' }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('settle'),
      back: fc.constantFrom(0, 0, 0, 1, 2, 5),
      taken: fc.constantFrom(true, false, false),
      chance: fc.constantFrom(0, 0.5, 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop'), hook: fc.constantFrom(...hooks) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'expire' }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('pass'),
      ms: fc.constantFrom(...passes),
    }),
  },
) as fc.Arbitrary<OutboxCommand>
