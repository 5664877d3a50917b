// Ordinary callers of the storm bench, a process of its own: each comes at its time, notes when it was answered, and goes.
// Open model: an answer counts from when the caller was due, also when it came late. Refuses to know of storms.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { WebSocket } from 'ws'
import type { Door } from './load.ts'
import type { Beat } from './pacer.ts'

export interface Order {
  readonly door: Door
  readonly perSecond: number
  readonly seconds: number
}

/** Milliseconds, one for each caller, in no order. */
export interface Arrived {
  /** From when it was due to the 101: the desk has decided. */
  readonly decided: number[]
  /** To its first event: 20 ms later by design (H2), and after the dial. */
  readonly heard: number[]
  /** To when it came: what this program itself is to blame for. */
  readonly lateness: number[]
  readonly lost: number
}

const patienceMs = 5_000

process.on('message', (order: Order) => {
  void arrive(order).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())

async function arrive({ door, perSecond, seconds }: Order): Promise<Arrived> {
  const arrived: Arrived = { decided: [], heard: [], lateness: [], lost: 0 }
  // Spread by the golden section: in step with no other clock.
  const offsets = Array.from({ length: perSecond }, (_, i) => ((i * 0.618_034) % 1) * 1000).toSorted((a, b) => a - b)
  const from = now() + 100
  const due = Array.from({ length: seconds }, (_, second) => offsets.map((offset) => from + second * 1000 + offset))
  const pacer = new Worker(new URL('pacer.ts', import.meta.url), {
    workerData: { from, periodMs: 1000, periods: seconds, offsets } satisfies Beat,
  })
  const left = due.flat()
  const calls: Promise<void>[] = []
  pacer.on('message', () => {
    for (let at = left[0]; at !== undefined && at <= now(); at = left[0]) {
      left.shift()
      calls.push(call(door, at, arrived))
    }
  })
  await once(pacer, 'exit')
  const over = await Promise.allSettled(calls)
  return { ...arrived, lost: left.length + over.filter(({ status }) => status === 'rejected').length }
}

async function call({ url, protocols }: Door, dueAt: number, arrived: Arrived): Promise<void> {
  arrived.lateness.push(now() - dueAt)
  const ws = new WebSocket(url, [...protocols], { perMessageDeflate: false })
  ws.once('upgrade', () => arrived.decided.push(now() - dueAt))
  try {
    await once(ws, 'message', { signal: AbortSignal.timeout(patienceMs) })
    arrived.heard.push(now() - dueAt)
  } finally {
    ws.on('error', () => undefined)
    ws.close(1000)
  }
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
