// meter.ts: tokens taken in the last minute, as slots of one second. Knows no pool and no provider. Rules P6.
import type { Roster } from './roster.ts'

/** Slot → its tokens, and slot → when it began (ms). */
export interface Meter {
  tokens: Roster
  slots: Roster
}

const slotMs = 1_000
const spanMs = 60_000

export function note(meter: Meter, tokens: number, now: number): void {
  const began = now - (now % slotMs)
  meter.slots.set(`${began}`, began)
  meter.tokens.add(`${began}`, tokens)
}

/** Tokens of the slots that began within the last 60 s. */
export function lastMinute(meter: Meter, now: number): number {
  for (const old of meter.slots.purge(now - spanMs)) meter.tokens.delete(old)
  return meter.tokens.sum()
}
