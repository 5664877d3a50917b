// A thread that says when it is time, within some 0.1 ms: Node's timers are up to 1 ms late. Refuses to know what for.
import { parentPort, workerData } from 'node:worker_threads'

export interface Beat {
  /** On the clock of process.hrtime (ms). */
  readonly from: number
  readonly periodMs: number
  readonly periods: number
  /** Moments within each period (ms), in order. */
  readonly offsets: readonly number[]
}

const { from, periodMs, periods, offsets } = workerData as Beat
const never = new Int32Array(new SharedArrayBuffer(4))

for (let period = 0; period < periods; period++) {
  for (const offset of offsets) {
    const wait = from + period * periodMs + offset - Number(process.hrtime.bigint()) / 1e6
    if (wait > 0) Atomics.wait(never, 0, 0, wait)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin.
    parentPort?.postMessage(undefined)
  }
}
