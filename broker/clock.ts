// The time of the host. Knows no call.
import type { Clock } from '../src/ports.ts'

/** Never back: put back, it goes on at nine tenths of its pace until the machine's has come up to it. So do Redis' steps (redis/lua/steps.lua). */
function steady(): () => number {
  let [read, told] = [0, 0]
  return () => {
    const now = Date.now()
    told = Math.max(now, told + Math.max(0, now - read) * 0.9)
    read = now
    return Math.floor(told)
  }
}

export const clock: Clock = {
  now: steady(),
  after: (ms, work) => {
    const timer = setTimeout(work, ms)
    return () => clearTimeout(timer)
  },
}
