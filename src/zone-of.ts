// The clock of a named time zone for the time around a moment, from the runtime's calendar. Knows no tenant. Rule L5.
import { dayMs } from './calendar.ts'
import { utc, type Offset, type Zone } from './zone.ts'

/** What windows that began before may need, and as far as an admin plans. */
const [beforeMs, afterMs] = [40 * dayMs, 2 * 366 * dayMs]
/** Two shifts of one clock are further apart: the nearest on record are Morocco's around Ramadan, some 30 days. */
const stepMs = 7 * dayMs

const known = new Map<string, { zone: Zone; until: number }>()

/** `timezone`: an IANA name. Computed once a month and zone. */
export function zoneOf(timezone: string, now: number): Zone {
  if (timezone === 'UTC') return utc
  const before = known.get(timezone)
  if (before !== undefined && now < before.until && now > before.until - 31 * dayMs) return before.zone
  const zone = shifts(timezone, now - beforeMs, now + afterMs)
  known.set(timezone, { zone, until: now + 30 * dayMs })
  return zone
}

function shifts(timezone: string, from: number, until: number): Zone {
  const offsetOf = offsets(timezone)
  const zone: Offset[] = [{ from: floored(from), offsetMs: offsetOf(floored(from)) }]
  for (let at = floored(from); at < until; at += stepMs) {
    const offsetMs = offsetOf(at + stepMs)
    if (offsetMs !== zone.at(-1)?.offsetMs)
      zone.push({ from: firstWith(offsetOf, offsetMs, at, at + stepMs), offsetMs })
  }
  return zone
}

/** The minute from which it holds: clocks shift at whole ones. */
function firstWith(offsetOf: (at: number) => number, offsetMs: number, before: number, at: number): number {
  let [not, does] = [before, at]
  while (does - not > 60_000) {
    const middle = floored((not + does) / 2)
    if (offsetOf(middle) === offsetMs) does = middle
    else not = middle
  }
  return does
}

function offsets(timezone: string): (at: number) => number {
  const parts = {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  } as const
  const format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, hourCycle: 'h23', ...parts })
  return (at) => {
    const shown = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown
    return Date.UTC(year, month - 1, day, hour, minute, second) - at
  }
}

function floored(at: number): number {
  return at - (at % 60_000)
}
