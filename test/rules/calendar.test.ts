// Moments as text, beside the calendar of the runtime.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isoOf, msOf } from '../../src/calendar.ts'
import { seed } from '../contract/seed.ts'

test('[L5] a moment is written as the runtime writes it, and read back', () => {
  const most = Date.parse('9999-12-31T23:59:59.999Z')
  for (const day of ['1970-01-01', '2000-02-29', '2026-11-30', '2027-12-31', '2028-02-29', '2100-03-01'])
    expect(isoOf(Date.parse(day))).toBe(`${day}T00:00:00.000Z`)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: most }), (now) => {
      expect(isoOf(now)).toBe(new Date(now).toISOString())
      expect(msOf(isoOf(now))).toBe(now)
    }),
    { seed, numRuns: 5_000 },
  )
})
