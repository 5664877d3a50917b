// The windows that a moment falls in, by a tenant's clock: their ids, and when they end. Knows no account. Rule L5.
import type { WindowName } from './budget.ts'
import { isoOf, nextMonth } from './calendar.ts'
import { momentOf, nextShift, offsetAt, type Zone } from './zone.ts'

export interface Window {
  name: WindowName
  /** `hour:2026-11-21T14+01:00`, `day:2026-11-21`, `month:2026-11`. An hour that a clock shows twice is two windows. */
  id: string
  /** ms since 1970. */
  ends: number
}

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000]

/** The hour, the day, the month: in this order. */
export function windowsAt(now: number, zone: Zone): [Window, Window, Window] {
  const offsetMs = offsetAt(zone, now)
  const local = now + offsetMs
  const iso = isoOf(local)
  const nextHour = Math.min(momentOf(zone, local - (local % hourMs) + hourMs, now), nextShift(zone, now))
  return [
    { name: 'hour', id: `hour:${iso.slice(0, 13)}${shown(offsetMs)}`, ends: nextHour },
    { name: 'day', id: `day:${iso.slice(0, 10)}`, ends: momentOf(zone, local - (local % dayMs) + dayMs, now) },
    { name: 'month', id: `month:${iso.slice(0, 7)}`, ends: momentOf(zone, nextMonth(local), now) },
  ]
}

/** As ISO 8601 has it: `+01:00`. */
function shown(offsetMs: number): string {
  const minutes = Math.abs(offsetMs) / minuteMs
  return `${offsetMs < 0 ? '-' : '+'}${digits(Math.floor(minutes / 60))}:${digits(minutes % 60)}`
}

function digits(value: number): string {
  return `${value}`.padStart(2, '0')
}
