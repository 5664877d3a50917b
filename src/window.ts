// The windows that a moment falls in, by a tenant's clock: their ids, and when they end. Knows no account. Rule L5.
import type { WindowName } from './budget.ts'
import { dayMs, isoOf, nextMonth } from './calendar.ts'
import { momentOf, nextShift, offsetAt, type Zone } from './zone.ts'

export interface Window {
  name: WindowName
  /** `hour:2026-11-21T14+01:00`, `day:2026-11-21`, `month:2026-11`. An hour that a clock shows twice is two windows. */
  id: string
  /** ms since 1970. */
  ends: number
}

const [minuteMs, hourMs] = [60_000, 3_600_000]

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

/** From when to when a window lasts (ms since 1970). */
export interface Span {
  starts: number
  ends: number
}

const spanned = { hour: { at: 0, ms: hourMs }, day: { at: 1, ms: dayMs } } as const

/** The hours or days, one after the other, from that in which `from` falls to the last that begins before `until`; no more than `most`, the first ones. */
export function spansOf(name: 'hour' | 'day', from: number, until: number, most: number, zone: Zone): Span[] {
  const { at, ms } = spanned[name]
  const endOf = (moment: number): number => windowsAt(moment, zone)[at].ends
  let [starts, ends] = [from, endOf(from - 2 * ms)] // of the last but one or the one before: no day is as long as two
  while (ends <= from) [starts, ends] = [ends, endOf(ends)]
  const spans: Span[] = []
  while (starts < until && spans.length < most) {
    spans.push({ starts, ends })
    ;[starts, ends] = [ends, endOf(ends)]
  }
  return spans
}

/** As ISO 8601 has it: `+01:00`. */
function shown(offsetMs: number): string {
  const minutes = Math.abs(offsetMs) / minuteMs
  return `${offsetMs < 0 ? '-' : '+'}${digits(Math.floor(minutes / 60))}:${digits(minutes % 60)}`
}

function digits(value: number): string {
  return `${value}`.padStart(2, '0')
}
