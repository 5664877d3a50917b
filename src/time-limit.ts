// Work that must not take longer than it may: what is silent for too long has not answered. Knows no work.
import type { Clock } from './ports.ts'

/** Rejects with `late` when its time (ms) is over; what it still brings is dropped. */
export function limited<T>(work: Promise<T>, ms: number, late: string, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const over = clock.after(ms, () => reject(new Error(late)))
    work.then(resolve, reject).finally(over)
  })
}
