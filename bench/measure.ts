// One measurement of one row, in a runtime started for it: calls that speak, or calls that only stand. Refuses to know other rows.
import { setTimeout as wait } from 'node:timers/promises'
import type { Child } from './child.ts'
import { quantile } from './figures.ts'
import type { Opened, Run } from './load.ts'
import { cpuMs, residentKib } from './proc.ts'
import type { Running } from './tenant.ts'

export interface Speaking {
  readonly calls: number
  /** From when a frame was due to its echo (ms). */
  readonly p50: number
  readonly p99: number
  /** CPU of the row's processes, per 1,000 frames forwarded, both ways counted (ms); undefined for `direct`. */
  readonly cpuPer1000: number | undefined
  readonly frames: number
  readonly lost: number
  /** What the load program did itself: how late it sent (ms), how much of one core it used (0…1). */
  readonly latenessP99: number
  readonly loadShare: number | undefined
  /** Of one core, likewise: the row, and the provider that answers it. Where all of a machine is used, nothing is said about time. */
  readonly rowShare: number | undefined
  readonly upstreamShare: number | undefined
}

export interface Standing {
  readonly calls: number
  readonly kibPerCall: number | undefined
  /** From the upgrade to 101, and to the provider's first frame (ms). */
  readonly upgradeP50: number
  readonly upgradeP99: number
  readonly firstFrameP50: number
  readonly firstFrameP99: number
}

/** V8 compiles what runs often: every row gets as much to run before it counts. */
const warmCalls = 20
const warmSeconds = 2
const settleMs = 500
const standMs = 2_000

export async function speak(
  { load, upstream }: { load: Child; upstream: Child },
  row: Running,
  calls: number,
  fps: number,
  seconds: number,
): Promise<Speaking> {
  const taken = (): {
    row: number | undefined
    load: number | undefined
    upstream: number | undefined
    at: number
  } => ({
    row: cpuMs(row.pids),
    load: cpuMs([load.pid]),
    upstream: cpuMs([upstream.pid]),
    at: performance.now(),
  })
  const opened = Math.max(calls, warmCalls)
  await load.ask<Opened>({ do: 'open', door: row.door, calls: opened, atOnce: 5 })
  await load.ask<Run>({ do: 'run', framesPerSecond: fps, seconds: warmSeconds })
  await load.ask({ do: 'keep', calls })
  await wait(settleMs)
  const before = taken()
  const { latencies, lateness, lost } = await load.ask<Run>({ do: 'run', framesPerSecond: fps, seconds })
  const after = taken()
  await load.ask({ do: 'keep', calls: 0 })
  const frames = 2 * latencies.length
  return {
    calls,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    cpuPer1000: row.pids.length === 0 ? undefined : per(before.row, after.row, frames / 1000),
    frames,
    lost,
    latenessP99: quantile(lateness, 0.99),
    loadShare: per(before.load, after.load, after.at - before.at),
    rowShare: row.pids.length === 0 ? undefined : per(before.row, after.row, after.at - before.at),
    upstreamShare: per(before.upstream, after.upstream, after.at - before.at),
  }
}

export async function stand(load: Child, row: Running, calls: number): Promise<Standing> {
  // The first calls bring the code in; what they leave is not the cost of a call.
  await load.ask<Opened>({ do: 'open', door: row.door, calls: 10, atOnce: 1 })
  await load.ask({ do: 'keep', calls: 0 })
  await wait(standMs)
  const before = residentKib(row.pids)
  const { upgraded, firstFrame } = await load.ask<Opened>({ do: 'open', door: row.door, calls, atOnce: 1 })
  await wait(standMs)
  const kibPerCall = row.pids.length === 0 ? undefined : per(before, residentKib(row.pids), calls)
  await load.ask({ do: 'keep', calls: 0 })
  return {
    calls,
    kibPerCall,
    upgradeP50: quantile(upgraded, 0.5),
    upgradeP99: quantile(upgraded, 0.99),
    firstFrameP50: quantile(firstFrame, 0.5),
    firstFrameP99: quantile(firstFrame, 0.99),
  }
}

function per(before: number | undefined, after: number | undefined, units: number): number | undefined {
  return before === undefined || after === undefined ? undefined : (after - before) / units
}
