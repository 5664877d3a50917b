// One measurement of the storm bench, in a workerd started for it: ordinary callers of one tenant, with or without a storm of another's.
// Refuses to know rounds and figures.
import { execFileSync } from 'node:child_process'
import type { Arrived, Order as Arrivals } from './arrivals.ts'
import type { Child } from './child.ts'
import { quantile } from './figures.ts'
import type { Door } from './load.ts'
import { cpuMs } from './proc.ts'
import type { Stormed } from './stormer.ts'
import { brokerDoor, type Running } from './tenant.ts'

/**
 * `elsewhere`: the same storm at a bare server, which is what the machine has to bear. `livez`: of the cheapest request that this Worker
 * answers, which is what its runtime has to bear. `first`: from the storm's first upgrade on, its burst included. `after`: when a storm is over,
 * and what it left behind still lies there.
 */
export const ways = ['quiet', 'elsewhere', 'livez', 'storm', 'first', 'after'] as const
export type Way = (typeof ways)[number]

export interface Measured {
  readonly decidedP50: number
  readonly decidedP99: number
  readonly heardP50: number
  readonly heardP99: number
  readonly latenessP99: number
  readonly callers: number
  readonly lost: number
  /** Of one core (0…1): workerd, and the storm's client. */
  readonly brokerShare: number
  readonly stormShare: number
  readonly stormed: Stormed
}

export interface Stage {
  /** A broker, started afresh. */
  broker(): Promise<Running>
  readonly arrivals: Child
  readonly stormer: Child
  /** Where the bare server listens. */
  readonly barePort: number
  readonly callersPerSecond: number
  readonly stormPerSecond: number
  readonly seconds: number
  /** workerd has the first core for itself. */
  readonly pinned: boolean
}

export async function measure(stage: Stage, way: Way): Promise<Measured> {
  const running = await stage.broker()
  try {
    if (stage.pinned) for (const pid of running.pids) pin(pid, 0)
    // Every call of it that is let in is refused by its desk, and hears so.
    const full = { plan: 'trial', caps: { lines: 0 }, overflow: 'event' }
    const stormDoor = await brokerDoor(running.door.url.replace(/\/v1.*/, ''), full)
    await ask(stage, running.door, 4) // V8 compiles what runs often: every way gets as much to run before it counts
    if (way !== 'quiet') {
      const { url } = stormDoor
      const urls = { elsewhere: url.replace(/:\d+/, `:${stage.barePort}`), livez: new URL('/livez', url).href }
      const door = { ...stormDoor, url: way === 'elsewhere' || way === 'livez' ? urls[way] : url }
      const from = way === 'storm' || way === 'after' ? 'spent' : way === 'first' ? 'first' : 'settled'
      await stage.stormer.ask({ do: 'start', door, perSecond: stage.stormPerSecond, from })
    }
    if (way === 'after') await stage.stormer.ask({ do: 'stop' })
    const before = { broker: cpuMs(running.pids), storm: cpuMs([stage.stormer.pid]), at: performance.now() }
    const { decided, heard, lateness, lost } = await ask(stage, running.door, stage.seconds)
    const seconds = performance.now() - before.at
    const stormed = way === 'quiet' || way === 'after' ? {} : await stage.stormer.ask<Stormed>({ do: 'stop' })
    return {
      decidedP50: quantile(decided, 0.5),
      decidedP99: quantile(decided, 0.99),
      heardP50: quantile(heard, 0.5),
      heardP99: quantile(heard, 0.99),
      latenessP99: quantile(lateness, 0.99),
      callers: decided.length,
      lost,
      brokerShare: ((cpuMs(running.pids) ?? Number.NaN) - (before.broker ?? 0)) / seconds,
      stormShare: ((cpuMs([stage.stormer.pid]) ?? Number.NaN) - (before.storm ?? 0)) / seconds,
      stormed,
    }
  } finally {
    await running.stop()
  }
}

function ask(stage: Stage, door: Door, seconds: number): Promise<Arrived> {
  return stage.arrivals.ask<Arrived>({ door, perSecond: stage.callersPerSecond, seconds } satisfies Arrivals)
}

export function pin(pid: number, core: number): void {
  execFileSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], { stdio: 'ignore' })
}
