// The time of the host. Knows no call.
import type { Clock } from '../src/ports.ts'

export const clock: Clock = {
  now: () => Date.now(),
  after: (ms, work) => {
    const timer = setTimeout(work, ms)
    return () => clearTimeout(timer)
  },
}
