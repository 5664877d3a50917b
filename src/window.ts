// The windows that a moment falls in, by id. Knows no account. UTC; a tenant's own time zone joins with rule L5.
import { isoOf } from './calendar.ts'

/** `day:2026-11-21` and `month:2026-11`. */
export function windowsAt(now: number): { day: string; month: string } {
  const iso = isoOf(now)
  return { day: `day:${iso.slice(0, 10)}`, month: `month:${iso.slice(0, 7)}` }
}
