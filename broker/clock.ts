// The time of the host. Knows no call.
import { heartbeatJitter } from '../src/limits.ts'
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

/** So long, or a little less: what began together does not go on together, which would hold up whoever comes in that moment. */
export function about(ms: number): number {
  return ms * (1 - heartbeatJitter * Math.random())
}
