// The load that is predicted for one call, from its own replies.
import { expect, test } from 'vitest'
import { paceMs } from '../../src/limits.ts'
import { Load } from '../../src/load.ts'
import type { Usage } from '../../src/realtime/usage.ts'

const minute = 60_000
const usage = (context: number, output: number): Usage => ({
  input: { text: context },
  cached: {},
  output: { audio: output },
  partial: false,
})

/** When the calls came live; all else is told from then. */
const began = 7 * minute

interface Call {
  replied(usage: Usage | undefined, at: number): void
  predict(at: number): number | null
  firstMinuteTokens(): number
}

function fresh(): Call {
  const load = new Load(began)
  return {
    replied: (usage, at) => load.replied(usage, began + at),
    predict: (at) => load.predict(began + at),
    firstMinuteTokens: () => load.firstMinuteTokens,
  }
}

/** A call with a reply of this context and output each so many ms, up to `until`. */
function call(everyMs: number, until: number, context: (at: number) => number, output = 100): Call {
  const load = fresh()
  for (let at = everyMs; at <= until; at += everyMs) load.replied(usage(context(at), output), at)
  return load
}

test('[P4] nothing is predicted in the first minute, or of a call that has not replied yet', () => {
  const load = call(10_000, 50_000, () => 1_000)
  expect(load.predict(minute - 1)).toBeNull()
  expect(load.predict(minute)).not.toBeNull()
  expect(fresh().predict(10 * minute)).toBeNull()
})

test('[P4] a steady call takes its replies a minute times what each reads, and what it says', () => {
  const load = call(10_000, 2 * minute - 1, () => 1_000)
  // 11 replies in 2 minutes; the next reads the last one's context and its output.
  expect(load.predict(2 * minute)).toBe(Math.round((11 / 2) * 1_100 + (11 * 100) / 2))
  expect(call(10_000, 89_999, () => 1_000).predict(90_000)).toBe(Math.round((8 / 1.5) * 1_100 + (8 * 100) / 1.5))
})

test('[P4] a call whose context grows weighs more, by half of what a minute adds', () => {
  const flat = call(10_000, 2 * minute - 1, () => 4_000)
  const growing = call(10_000, 2 * minute - 1, (at) => 4_000 - 110_000 / 50 + at / 50)
  const halfOfAMinute = (minute / 50 / 2) * (11 / 2)
  expect((growing.predict(2 * minute) ?? 0) - (flat.predict(2 * minute) ?? 0)).toBe(halfOfAMinute)
})

test('[P4] one whose context was cut weighs less at once', () => {
  const load = call(10_000, 2 * minute - 1, () => 20_000)
  const before = load.predict(2 * minute) ?? 0
  load.replied(usage(2_000, 100), 2 * minute)
  expect(load.predict(2 * minute) ?? 0).toBeLessThan(before / 5)
})

test('[P4] what is past does not count; one that is silent counts as one reply in the time that counts', () => {
  const load = call(1_000, minute, () => 1_000)
  const silent = load.predict(minute + paceMs)
  expect(silent).toBe(Math.round(1_100 / 2 + 100 / 2))
  expect(load.predict(60 * minute)).toBe(silent)
})

test('[P4] a reply counts for two minutes, and not at their end', () => {
  const load = call(30_000, minute, () => 1_000)
  expect(load.predict(30_000 + paceMs - 1)).toBe(1_200)
  expect(load.predict(30_000 + paceMs)).toBe(600)
})

test('[P4] of one that replies very fast the latest replies tell its pace', () => {
  const load = fresh()
  for (let at = 0; at <= 2 * minute; at += 500) load.replied(usage(900, 100), at)
  // 64 replies in 31.5 s.
  const perMinute = 64 / (31_500 / minute)
  expect(load.predict(2 * minute)).toBe(Math.round(perMinute * 1_000 + perMinute * 100))
})

test('[P3] the first minute counts all that was reported in it, and no more', () => {
  const load = call(20_000, 3 * minute, () => 1_000)
  expect(load.firstMinuteTokens()).toBe(2 * 1_100)
  expect(fresh().firstMinuteTokens()).toBe(0)
})

test('[L2] [P4] a reply of which nothing was reported, or that took nothing, changes nothing', () => {
  const load = call(10_000, minute, () => 1_000)
  const before = load.predict(minute)
  for (const nothing of [undefined, usage(0, 0)]) load.replied(nothing, minute)
  expect(load.predict(minute)).toBe(before)
})
