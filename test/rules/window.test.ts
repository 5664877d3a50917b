// The windows that a moment falls in.
import { expect, test } from 'vitest'
import { windowsAt } from '../../src/window.ts'

test.each([
  ['2026-11-21T00:00:00.000Z', 'day:2026-11-21', 'month:2026-11'],
  ['2026-11-21T23:59:59.999Z', 'day:2026-11-21', 'month:2026-11'],
  ['2026-11-30T23:59:59.999Z', 'day:2026-11-30', 'month:2026-11'],
  ['2026-12-01T00:00:00.000Z', 'day:2026-12-01', 'month:2026-12'],
  ['2027-01-01T00:00:00.000Z', 'day:2027-01-01', 'month:2027-01'],
  ['2028-02-29T12:00:00.000Z', 'day:2028-02-29', 'month:2028-02'],
])('[L5] %s falls in %s and %s', (at, day, month) => expect(windowsAt(Date.parse(at))).toEqual({ day, month }))
