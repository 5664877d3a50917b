// A tenant's clock, as plain data: how far it stands from UTC, and from when on. Knows no name of a zone and no runtime's calendar. Rule L5.

/** From a moment on (ms since 1970) the clock shows UTC + `offsetMs`. In order; the first holds before its moment, too. */
export type Zone = readonly Offset[]

export interface Offset {
  from: number
  offsetMs: number
}

export const utc: Zone = [{ from: 0, offsetMs: 0 }]

export function offsetAt(zone: Zone, now: number): number {
  let offsetMs = zone[0]?.offsetMs ?? 0
  for (const part of zone) if (part.from <= now) offsetMs = part.offsetMs
  return offsetMs
}

/**
 * When the clock first shows `local` (ms since 1970, as if it were UTC) or more, after `now`. A clock that is put forward may jump over
 * it; one that is put back shows it again, which does not count.
 */
export function momentOf(zone: Zone, local: number, now: number): number {
  let [from, offsetMs] = [now, offsetAt(zone, now)]
  for (const next of zone) {
    if (next.from <= now) continue
    if (Math.max(from, local - offsetMs) < next.from) break
    from = next.from
    offsetMs = next.offsetMs
  }
  return Math.max(from, local - offsetMs)
}

/** When the clock is put forward or back next; Infinity where that is not known. */
export function nextShift(zone: Zone, now: number): number {
  const next = zone.find(({ from }) => from > now)
  return next?.from ?? Infinity
}
