// Tokens of the last minute.
import { expect, test } from 'vitest'
import { lastMinute, note } from '../../src/meter.ts'
import { MapRoster } from '../../src/roster-map.ts'

const newMeter = (): Parameters<typeof note>[0] => ({ amounts: new MapRoster(), slots: new MapRoster() })

test('[P6] tokens of one second add up, and count for a minute', () => {
  const meter = newMeter()
  note(meter, 100, 10_200)
  note(meter, 50, 10_900)
  note(meter, 7, 30_000)
  expect(lastMinute(meter, 69_999)).toBe(157)
  expect(lastMinute(meter, 70_000)).toBe(7)
  expect(lastMinute(meter, 90_000)).toBe(0)
})

test('[P6] what is past is forgotten, not kept', () => {
  const meter = newMeter()
  for (let second = 0; second < 500; second++) note(meter, 1, second * 1_000)
  expect(lastMinute(meter, 499_000)).toBe(60)
  expect(meter.amounts.size()).toBe(60)
})
