// The windows that a moment falls in, by clocks all over the world.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { windowsAt, type Window } from '../../src/window.ts'
import { zoneOf } from '../../src/zone-of.ts'
import { utc } from '../../src/zone.ts'
import { printSeed, seed } from '../contract/seed.ts'
import { intlWindows } from '../support/intl-windows.ts'

/** With clocks that shift at midnight, by half an hour, twice around Ramadan, against the sun, or never. */
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Havana',
  'America/Santiago',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Beirut',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Atlantic/Azores',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
]
const from = Date.parse('2026-01-01T00:00:00.000Z')
const moment = fc.integer({ min: 0, max: 690 * 86_400_000 }).map((ms) => from + ms)

test.each([
  ['2026-11-21T00:00:00.000Z', 'hour:2026-11-21T00+00:00', 'day:2026-11-21', 'month:2026-11'],
  ['2026-11-21T23:59:59.999Z', 'hour:2026-11-21T23+00:00', 'day:2026-11-21', 'month:2026-11'],
  ['2026-11-30T23:59:59.999Z', 'hour:2026-11-30T23+00:00', 'day:2026-11-30', 'month:2026-11'],
  ['2026-12-01T00:00:00.000Z', 'hour:2026-12-01T00+00:00', 'day:2026-12-01', 'month:2026-12'],
  ['2027-01-01T00:00:00.000Z', 'hour:2027-01-01T00+00:00', 'day:2027-01-01', 'month:2027-01'],
  ['2028-02-29T12:00:00.000Z', 'hour:2028-02-29T12+00:00', 'day:2028-02-29', 'month:2028-02'],
])('[L5] in UTC %s falls in %s, %s and %s', (at, ...ids) => {
  expect(windowsAt(Date.parse(at), utc).map(({ id }) => id)).toEqual(ids)
})

describe('windows end by the tenant’s clock', () => {
  test.each([
    [
      'Europe/Berlin',
      '2026-11-30T22:59:59.999Z',
      'day:2026-11-30',
      '2026-11-30T23:00:00.000Z',
      '2026-11-30T23:00:00.000Z',
    ],
    [
      'Europe/Berlin',
      '2026-03-29T00:30:00.000Z',
      'day:2026-03-29',
      '2026-03-29T22:00:00.000Z',
      '2026-03-31T22:00:00.000Z',
    ], // 23 hours
    [
      'Europe/Berlin',
      '2026-10-25T00:30:00.000Z',
      'day:2026-10-25',
      '2026-10-25T23:00:00.000Z',
      '2026-10-31T23:00:00.000Z',
    ], // 25 hours
    [
      'America/Santiago',
      '2026-09-06T03:59:00.000Z',
      'day:2026-09-05',
      '2026-09-06T04:00:00.000Z',
      '2026-10-01T03:00:00.000Z',
    ], // midnight is jumped over
    [
      'Africa/Cairo',
      '2026-10-29T20:30:00.000Z',
      'day:2026-10-29',
      '2026-10-29T22:00:00.000Z',
      '2026-10-31T22:00:00.000Z',
    ], // 23:00 comes twice
    [
      'Asia/Kolkata',
      '2026-11-21T18:29:00.000Z',
      'day:2026-11-21',
      '2026-11-21T18:30:00.000Z',
      '2026-11-30T18:30:00.000Z',
    ],
  ])('[L5] %s at %s: %s until %s, the month until %s', (timezone, at, day, dayEnds, monthEnds) => {
    const now = Date.parse(at)
    const [, ofDay, ofMonth] = windowsAt(now, zoneOf(timezone, now))
    expect([ofDay.id, ofDay.ends, ofMonth.ends]).toEqual([day, Date.parse(dayEnds), Date.parse(monthEnds)])
  })

  test('[L5] an hour that comes twice is two windows, each of sixty minutes', () => {
    const zone = zoneOf('Europe/Berlin', from)
    const hours = ['2026-10-25T00:00:00.000Z', '2026-10-25T01:00:00.000Z'].map(
      (at) => windowsAt(Date.parse(at), zone)[0],
    )
    expect(hours.map(({ id }) => id)).toEqual(['hour:2026-10-25T02+02:00', 'hour:2026-10-25T02+01:00'])
    expect(hours.map(({ ends }) => new Date(ends).toISOString())).toEqual([
      '2026-10-25T01:00:00.000Z',
      '2026-10-25T02:00:00.000Z',
    ])
  })
})

test('[L5] at any moment, by any clock: the windows are those of the runtime’s calendar, hold to their end, and are others from it on', () => {
  printSeed('windows at random moments')
  fc.assert(
    fc.property(fc.constantFrom(...zones), moment, (timezone, now) => {
      const zone = zoneOf(timezone, from)
      const windows = windowsAt(now, zone)
      expect(windows.map(({ id }) => id)).toEqual(intlWindows(timezone, now))
      windows.forEach((window, at) => {
        const then = (ms: number): Window => windowsAt(ms, zone)[at] as Window
        expect(window.ends).toBeGreaterThan(now)
        expect(then(window.ends - 1)).toEqual(window)
        expect(then(Math.floor((now + window.ends) / 2))).toEqual(window)
        expect(then(window.ends).id).not.toBe(window.id)
      })
      expect(windows[0].ends - now).toBeLessThanOrEqual(3_600_000)
    }),
    { seed, numRuns: 3_000 },
  )
})
