// meter.ts: what was taken in the last while, as slots of time: tokens in a minute, spend in ten. Knows no pool and no provider. Rules P6, L7.
import type { Roster } from './roster.ts'

/** Slot → what it took, and slot → when it began (ms). A slot is `stepMs` long, and counts until `forMs` after it began. */
export interface Meter {
  amounts: Roster
  slots: Roster
  stepMs: number
  forMs: number
}

/** What is past goes with what is noted, whether or not anybody looks. */
export function note(meter: Meter, amount: number, now: number): void {
  const began = now - (now % meter.stepMs)
  forget(meter, now)
  meter.slots.set(`${began}`, began)
  meter.amounts.add(`${began}`, amount)
}

export function taken(meter: Meter, now: number): number {
  forget(meter, now)
  return meter.amounts.sum()
}

function forget({ amounts, slots, forMs }: Meter, now: number): void {
  for (const old of slots.purge(now - forMs)) amounts.delete(old)
}
