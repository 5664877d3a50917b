// What holds of every plan, whatever its budgets: random ones under every assumption.
import * as fc from 'fast-check'
import { test } from 'vitest'
import { budgetNames, windowNames, type BudgetName, type Budgets } from '../../src/budget.ts'
import { assumptions, repliesOf } from '../../src/capacity/assumption.ts'
import { boundsOf, fill, windowMinutes, type Bound, type Busy, type Filled } from '../../src/capacity/fill.ts'
import { mostOf } from '../../src/capacity/reach.ts'
import { printSeed, seed } from '../contract/seed.ts'
import { checked, rates, rowOf } from './made-plan.ts'

printSeed('plan laws')
const runs = { seed, numRuns: 60 }

/** Of what a few lines use in minutes, up to days. */
const amounts = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 3_000_000 }))
const budgets: fc.Arbitrary<Budgets> = fc.dictionary(
  fc.constantFrom(...budgetNames.filter((name) => !name.endsWith('Month'))),
  amounts,
  { maxKeys: 5, noNullPrototype: true },
)
const lines = fc.integer({ min: 1, max: 300 })
const assumption = fc.constantFrom(...assumptions)
const steady = assumptions.filter(({ talkTokens }) => talkTokens !== null)

const busy = (assumed: (typeof assumptions)[number], lineCount: number, cacheShare = 0.9): Busy => ({
  replies: repliesOf(assumed, 5, rates, cacheShare),
  repeats: true,
  repliesPerMinute: assumed.repliesPerMinute,
  lines: lineCount,
})

/** In the units of the bound's account. */
function used({ account }: Bound, { used: { input, output, microUsd }, minutes }: Filled, lineCount: number): number {
  const all = {
    tokens: input + output,
    input,
    output,
    micro_usd: microUsd,
    live_ms: minutes * 60_000 * lineCount,
    tts_characters: 0,
  }
  return all[account]
}
const least = (minutes: number | null): number => minutes ?? Infinity
/** Floating point. */
const atMost = (a: number, b: number): boolean => a <= b * (1 + 1e-9) + 1e-6

test('[A6] lines that are busy for a day never use more than a budget, nor than can be reached', () => {
  fc.assert(
    fc.property(budgets, lines, assumption, fc.double({ min: 0, max: 1, noNaN: true }), (given, n, assumed, share) => {
      const bounds = boundsOf(given)
      for (const window of windowNames.filter((name) => name !== 'month')) {
        const filled = fill(bounds, busy(assumed, n, share), windowMinutes[window])
        for (const bound of bounds) {
          const most = mostOf(bound.account, window, bounds, n, rates)
          if (!atMost(used(bound, filled, n), most)) return false
          if (bound.window === window && !atMost(used(bound, filled, n), bound.amount)) return false
        }
      }
      return true
    }),
    runs,
  )
})

test('[A6] a budget that can never be reached stops nobody', () => {
  fc.assert(
    fc.property(budgets, lines, assumption, (given, n, assumed) => {
      const bounds = boundsOf(given)
      const { stops } = fill(bounds, busy(assumed, n), windowMinutes.day)
      return bounds.every((bound) => {
        const others = bounds.filter((other) => other !== bound)
        const never = mostOf(bound.account, bound.window, others, n, rates) < bound.amount * (1 - 1e-9)
        return !never || !stops.includes(bound.budget)
      })
    }),
    runs,
  )
})

test('[A6] a budget that is doubled is never spent earlier, and no other is', () => {
  fc.assert(
    fc.property(budgets, lines, fc.nat(), (given, n, which) => {
      const names = Object.keys(given) as BudgetName[]
      const name = names[which % Math.max(1, names.length)]
      if (name === undefined) return true
      const [before, after] = [given, { ...given, [name]: (given[name] ?? 0) * 2 }].map((one) =>
        checked({ lines: n, budgets: one }),
      ) as [ReturnType<typeof checked>, ReturnType<typeof checked>]
      return assumptions.every(({ name: assumed }) => {
        const [a, b] = [rowOf(before, 'made', assumed), rowOf(after, 'made', assumed)]
        const later = b.allLines.budgets.every(({ minutes }, index) =>
          atMost(least(a.allLines.budgets[index]?.minutes ?? null), least(minutes)),
        )
        return later && atMost(a.longestCall.minutes, b.longestCall.minutes)
      })
    }),
    { ...runs, numRuns: 25 },
  )
})

test('[A6] more lines never last longer', () => {
  fc.assert(
    fc.property(budgets, lines, lines, (given, n, more) => {
      const [few, many] = [n, n + more].map((count) => checked({ lines: count, budgets: given })) as [
        ReturnType<typeof checked>,
        ReturnType<typeof checked>,
      ]
      return assumptions.every(({ name }) => {
        const [a, b] = [rowOf(few, 'made', name).allLines, rowOf(many, 'made', name).allLines]
        const steadily = steady.some((one) => one.name === name)
        return (
          b.budgets.every(({ minutes }, index) => atMost(least(minutes), least(a.budgets[index]?.minutes ?? null))) &&
          (!steadily || atMost(b.fullMinutesPerDay, a.fullMinutesPerDay))
        )
      })
    }),
    { ...runs, numRuns: 25 },
  )
})

test('[A6] twice the lines are full for half the time, where each minute of a call is like the others and no hour ends it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), lines, fc.constantFrom(...steady), (tokens, n, assumed) => {
      const day = (count: number): number =>
        fill(boundsOf({ tokensPerDay: tokens }), busy(assumed, count), windowMinutes.day).minutes
      const [once, twice] = [day(n), day(2 * n)]
      return once >= windowMinutes.day || Math.abs(once / 2 - twice) < 1e-6
    }),
    runs,
  )
})

test('[A6] what is read again costs less the more of it is cached', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(assumption, share, share, (assumed, a, b) => {
      const cost = (cached: number): number =>
        repliesOf(assumed, 5, rates, cached).reduce((sum, { microUsd }) => sum + microUsd, 0)
      return atMost(cost(Math.max(a, b)), cost(Math.min(a, b)))
    }),
    runs,
  )
})
