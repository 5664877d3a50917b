// meter.ts: what was taken in the last while, as slots of time: tokens in a minute, spend in ten. Knows no pool and no provider. Rules P6, L7.
import type { Roster } from './roster.ts'

/** Slot → what it took, and slot → when it began (ms). */
export interface Meter {
  amounts: Roster
  slots: Roster
}

const slotMs = 1_000
const spanMs = 60_000

export function note(meter: Meter, amount: number, now: number, stepMs = slotMs): void {
  const began = now - (now % stepMs)
  meter.slots.set(`${began}`, began)
  meter.amounts.add(`${began}`, amount)
}

/** Tokens of the slots that began within the last 60 s. */
export function lastMinute(meter: Meter, now: number): number {
  return within(meter, now, spanMs)
}

export function within(meter: Meter, now: number, forMs: number): number {
  for (const old of meter.slots.purge(now - forMs)) meter.amounts.delete(old)
  return meter.amounts.sum()
}
