// The callers of the bench, a process of its own: opens calls, sends frames at their times, notes when each echo came.
// Open model: a frame's latency counts from when it was due, also when it went out late. Refuses to know rows and figures.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { WebSocket } from 'ws'
import type { Beat } from './pacer.ts'
import { append, deltaHead } from './wire.ts'

export interface Door {
  readonly url: string
  readonly protocols: readonly string[]
}

export type Order =
  | { readonly do: 'open'; readonly door: Door; readonly calls: number; readonly atOnce: number }
  | { readonly do: 'run'; readonly framesPerSecond: number; readonly seconds: number }
  | { readonly do: 'keep'; readonly calls: number }

/** Milliseconds, one for each call. */
export interface Opened {
  readonly upgraded: number[]
  readonly firstFrame: number[]
}

export interface Run {
  /** From when the frame was due to its echo (ms), in no order. */
  readonly latencies: Float64Array
  /** From when the frame was due to when it was sent: what this program itself is to blame for. */
  readonly lateness: Float64Array
  readonly lost: number
}

interface Call {
  readonly ws: WebSocket
  /** Told of each echo. */
  heard: () => void
}

const patienceMs = 5_000
let calls: Call[] = []

process.on('message', (order: Order) => {
  void obey(order).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())

async function obey(order: Order): Promise<unknown> {
  if (order.do === 'open') return open(order.door, order.calls, order.atOnce)
  return order.do === 'run' ? run(order.framesPerSecond, order.seconds) : keep(order.calls)
}

async function open(door: Door, count: number, atOnce: number): Promise<Opened> {
  const opened: Opened = { upgraded: [], firstFrame: [] }
  let left = count
  const opener = async (): Promise<void> => {
    while (left-- > 0) calls.push(await begin(door, opened))
  }
  await Promise.all(Array.from({ length: atOnce }, opener))
  return opened
}

async function begin({ url, protocols }: Door, opened: Opened): Promise<Call> {
  const from = now()
  const ws = new WebSocket(url, [...protocols], { perMessageDeflate: false, skipUTF8Validation: true })
  const call: Call = { ws, heard: () => undefined }
  const signal = AbortSignal.timeout(patienceMs)
  ws.once('upgrade', () => opened.upgraded.push(now() - from))
  const [first] = (await once(ws, 'message', { signal })) as [Buffer]
  opened.firstFrame.push(now() - from)
  if (!first.toString().startsWith('{"type":"session.created"')) throw new Error(`a call was refused: ${String(first)}`)
  ws.on('message', (data: Buffer) => {
    if (data.toString('latin1', 0, deltaHead.length) === deltaHead) call.heard()
  })
  ws.on('error', () => undefined)
  return call
}

/** Ends all calls but so many. */
async function keep(count: number): Promise<void> {
  const ended = calls.slice(count)
  calls = calls.slice(0, count)
  await Promise.all(
    ended.map(async ({ ws }) => {
      const closed = once(ws, 'close')
      ws.close(1000)
      setTimeout(() => ws.terminate(), patienceMs).unref()
      await closed
    }),
  )
}

async function run(framesPerSecond: number, seconds: number): Promise<Run> {
  const periodMs = 1000 / framesPerSecond
  const periods = Math.round(seconds * framesPerSecond)
  // Calls are spread over the period on whole milliseconds.
  const offsets = calls.map((_, i) => Math.floor((i * periodMs) / calls.length))
  const from = now() + 100
  const due = (i: number, period: number): number => from + period * periodMs + (offsets[i] ?? 0)

  const latencies = new Float64Array(calls.length * periods)
  const lateness = new Float64Array(calls.length * periods)
  let [sent, heard] = [0, 0]
  const all = Promise.withResolvers<void>()
  const next = calls.map(() => 0)
  for (const [i, call] of calls.entries()) {
    let echo = 0 // one echo for each frame, in order: the n-th answers the n-th
    call.heard = () => {
      latencies[heard++] = now() - due(i, echo++)
      if (heard === latencies.length) all.resolve()
    }
  }
  const pacer = new Worker(new URL('pacer.ts', import.meta.url), {
    workerData: { from, periodMs, periods, offsets: [...new Set(offsets)] } satisfies Beat,
  })
  pacer.on('message', () => {
    const at = now()
    for (const [i, { ws }] of calls.entries()) {
      for (let period = next[i] ?? 0; period < periods && due(i, period) <= at; period++) {
        lateness[sent++] = at - due(i, period)
        ws.send(append)
        next[i] = period + 1
      }
    }
  })
  await once(pacer, 'exit')
  const patience = setTimeout(() => all.resolve(), patienceMs)
  await all.promise
  clearTimeout(patience)
  return { latencies: latencies.slice(0, heard), lateness: lateness.slice(0, sent), lost: latencies.length - heard }
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
