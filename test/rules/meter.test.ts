// Tokens of the last minute.
import { expect, test } from 'vitest'
import { note, taken, type Meter } from '../../src/meter.ts'
import { MapRoster } from '../../src/roster-map.ts'

const newMeter = (stepMs = 1_000, forMs = 60_000): Meter => {
  const [amounts, slots] = [new MapRoster(), new MapRoster()]
  return { amounts, slots, stepMs, forMs }
}

test('[P6] tokens of one second add up, and count for a minute', () => {
  const meter = newMeter()
  note(meter, 100, 10_200)
  note(meter, 50, 10_900)
  note(meter, 7, 30_000)
  expect(taken(meter, 69_999)).toBe(157)
  expect(taken(meter, 70_000)).toBe(7)
  expect(taken(meter, 90_000)).toBe(0)
})

test('[P6] what is past is forgotten with what is noted, whether or not anybody looks', () => {
  const meter = newMeter()
  for (let second = 0; second < 500; second++) note(meter, 1, second * 1_000)
  expect([meter.amounts.size(), meter.slots.size()]).toEqual([60, 60])
  expect(taken(meter, 499_000)).toBe(60)
  expect(taken(meter, 520_000)).toBe(39)
  expect([meter.amounts.size(), meter.slots.size()]).toEqual([39, 39])
})

test('[L7] a meter of longer steps forgets at its own pace', () => {
  const meter = newMeter(10_000, 600_000)
  for (let second = 0; second < 2_000; second++) note(meter, 1, second * 1_000)
  expect(meter.amounts.size()).toBe(60)
  expect(taken(meter, 1_999_000)).toBe(600)
})
