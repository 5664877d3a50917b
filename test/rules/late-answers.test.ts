// Answers that are held back: how long, how many of them, and who comes too soon after one.
import { expect, test } from 'vitest'
import { LateAnswers } from '../../src/late-answers.ts'
import { heldAnswers, heldAnswersInAll, heldMs, tooSoonMs } from '../../src/limits.ts'
import { HandClock, passes } from './host.ts'

/** Holds answers, and counts those that have gone. */
class Holding {
  readonly clock = new HandClock()
  readonly late = new LateAnswers(this.clock)
  gone = 0

  hold(times: number, nameOf: (i: number) => string): void {
    for (let i = 0; i < times; i++) void this.late.hold(nameOf(i)).then(() => this.gone++)
  }
}

test('[H6] an answer is held for a second, and not longer', async () => {
  const holding = new Holding()
  holding.hold(1, () => 'one')
  await passes(holding.clock, heldMs - 1)
  expect(holding.gone).toBe(0)
  await passes(holding.clock, 1)
  expect(holding.gone).toBe(1)
})

test('[H6] so many are held for one name, the rest go at once; when they have gone as many are held again', async () => {
  const holding = new Holding()
  for (const before of [0, heldAnswers + 3]) {
    holding.hold(heldAnswers + 3, () => 'one')
    await passes(holding.clock, 0)
    expect(holding.gone - before).toBe(3)
    await passes(holding.clock, heldMs)
    expect(holding.gone - before).toBe(heldAnswers + 3)
  }
})

test('[H6] so many are held in all, of whatever names; when they have gone as many are held again', async () => {
  const holding = new Holding()
  for (const before of [0, heldAnswersInAll + 2]) {
    holding.hold(heldAnswersInAll + 2, (i) => `name-${i % (heldAnswersInAll / 2)}`)
    await passes(holding.clock, 0)
    expect(holding.gone - before).toBe(2)
    await passes(holding.clock, heldMs)
    expect(holding.gone - before).toBe(heldAnswersInAll + 2)
  }
})

test('[H6] too soon is as long as nobody can have paused, and for that name alone', async () => {
  const holding = new Holding()
  holding.hold(1, () => 'one')
  await passes(holding.clock, heldMs - 1)
  expect(holding.late.tooSoon('one')).toBe(false)
  await passes(holding.clock, 1)
  expect([holding.late.tooSoon('one'), holding.late.tooSoon('other')]).toEqual([true, false])
  await passes(holding.clock, tooSoonMs - 1)
  expect(holding.late.tooSoon('one')).toBe(true)
  await passes(holding.clock, 1)
  expect(holding.late.tooSoon('one')).toBe(false)
})

test('[H6] of two answers the later one counts', async () => {
  const holding = new Holding()
  holding.hold(1, () => 'one')
  await passes(holding.clock, tooSoonMs - 10)
  holding.hold(1, () => 'one')
  await passes(holding.clock, heldMs + 10)
  expect(holding.late.tooSoon('one')).toBe(true)
  await passes(holding.clock, tooSoonMs)
  expect(holding.late.tooSoon('one')).toBe(false)
})

test('[H6] a name is forgotten as soon as nothing is held for it and its last answer is no longer new', async () => {
  const holding = new Holding()
  holding.hold(4, (i) => `name-${i % 2}`)
  expect(holding.late.names).toBe(2)
  await passes(holding.clock, heldMs + tooSoonMs)
  expect(holding.late.names).toBe(0)
})
