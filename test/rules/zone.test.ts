// Clocks as plain data.
import { describe, expect, test } from 'vitest'
import { momentOf, nextShift, offsetAt, utc, type Zone } from '../../src/zone.ts'

const hour = 3_600_000
/** Put forward by an hour at 10 h, back at 20 h. */
const zone: Zone = [
  { from: 2 * hour, offsetMs: hour },
  { from: 10 * hour, offsetMs: 2 * hour },
  { from: 20 * hour, offsetMs: hour },
]

test('[L5] an offset holds from its moment on, the first one also before', () => {
  const at = [0, 2, 9.99, 10, 19.99, 20, 99].map((hours) => offsetAt(zone, hours * hour) / hour)
  expect(at).toEqual([1, 1, 1, 2, 2, 1, 1])
  expect([offsetAt(utc, 5), offsetAt([], 5)]).toEqual([0, 0])
})

describe('the moment of a time on the clock', () => {
  test.each([
    ['before any shift', 5, 8, 7],
    ['that is jumped over', 5, 11.5, 10],
    ['just after a jump', 5, 12, 10],
    ['after a jump', 5, 13, 11],
    ['that comes twice, the first time', 15, 21.5, 19.5],
    ['that comes twice, the second time', 20, 21.5, 20.5],
    ['after both', 5, 25, 24],
    ['after the last', 30, 40, 39],
    ['that has passed', 30, 31, 30],
    ['at the very moment of a shift', 10, 12.5, 10.5],
  ])('[L5] %s', (_, now, local, expected) => {
    expect(momentOf(zone, local * hour, now * hour) / hour).toBe(expected)
  })

  test('[L5] where the clock never shifts', () => expect(momentOf(utc, 70, 5)).toBe(70))
})

test('[L5] the next shift is after now, and may not be known', () => {
  expect([0, 2, 9, 10, 20].map((hours) => nextShift(zone, hours * hour) / hour)).toEqual([2, 10, 10, 20, Infinity])
})
