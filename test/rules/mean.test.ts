// The mean of the latest calls.
import { expect, test } from 'vitest'
import { meanCalls } from '../../src/limits.ts'
import { learn, learned } from '../../src/mean.ts'
import { MapRoster } from '../../src/roster-map.ts'

test('[H3] before any call has ended nothing is learned', () => {
  expect(learned(new MapRoster())).toEqual({ mean: 0, calls: 0 })
})

test('[H3] each call counts alike until a hundred have shown it, and from then on a hundredth', () => {
  const roster = new MapRoster()
  for (let i = 0; i < meanCalls; i++) learn(roster, i % 2 === 0 ? 1_000 : 3_000)
  expect(learned(roster)).toEqual({ mean: 2_000, calls: meanCalls })
  for (const [value, mean] of [
    [12_000, 2_100],
    [100, 2_080],
  ] as const) {
    learn(roster, value)
    expect(learned(roster).mean).toBe(mean)
  }
})
