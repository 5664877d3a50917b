// What is held for running replies, and until when.
import { beforeEach, expect, test } from 'vitest'
import { heldOf, hold, holdOn, lapse, letGo, partOf, type Held } from '../../src/held.ts'
import { MapRoster } from '../../src/roster-map.ts'
import { noHold } from '../support/words.ts'

const estimate = { input: 800, output: 200, micro_usd: 13_000 }
let held: Held

beforeEach(() => {
  held = { input: new MapRoster(), output: new MapRoster(), micro_usd: new MapRoster(), untils: new MapRoster() }
})

function all(now: number): number[] {
  return (['tokens', 'input', 'output', 'micro_usd', 'live_ms', 'tts_characters'] as const).map((account) =>
    heldOf(held, account, now),
  )
}

test('[L4] what calls hold adds up, by account; of time and characters nothing is held', () => {
  hold(held, 'a', estimate, 100)
  hold(held, 'b', { input: 1, output: 2, micro_usd: 3 }, 100)
  expect(all(99)).toEqual([1_003, 801, 202, 13_003, 0, 0])
})

test('[L4] a call holds one estimate: the last', () => {
  hold(held, 'a', estimate, 100)
  hold(held, 'a', { input: 5, output: 0, micro_usd: 0 }, 100)
  expect(all(0)).toEqual([5, 5, 0, 0, 0, 0])
  hold(held, 'a', noHold, 100)
  expect([all(0), held.untils.size()]).toEqual([[0, 0, 0, 0, 0, 0], 0])
})

test('[L4] a hold runs out with its lease, unless the call is there', () => {
  hold(held, 'a', estimate, 100)
  hold(held, 'b', estimate, 100)
  holdOn(held, 'b', 200)
  holdOn(held, 'c', 200)
  expect(held.untils.size()).toBe(2) // of nothing there is nothing to hold on
  expect(all(100)).toEqual([1_000, 800, 200, 13_000, 0, 0])
  lapse(held, 200)
  expect([held.input.size(), held.output.size(), held.micro_usd.size(), held.untils.size()]).toEqual([0, 0, 0, 0])
})

test('[L4] what a call held comes back when it ends', () => {
  hold(held, 'a', estimate, 100)
  letGo(held, 'a')
  letGo(held, 'never there')
  expect(all(0)).toEqual([0, 0, 0, 0, 0, 0])
})

test('[L4] an estimate’s parts are its accounts', () => {
  const parts = (['tokens', 'input', 'output', 'micro_usd', 'live_ms'] as const).map((account) =>
    partOf(estimate, account),
  )
  expect(parts).toEqual([1_000, 800, 200, 13_000, 0])
})
