// Several processes of this host on one port: the first one starts them, replaces one that dies, and ends them together. Knows no call and
// no store; they meet in the store. What they say to each other is in siblings.ts.
import cluster, { type Worker } from 'node:cluster'
import { Gathering, tell, type Said } from './siblings.ts'

/** A process that dies as soon as it has begun is begun again later each time (ms). */
const againMs = { first: 100, most: 30_000, calmAfter: 10_000 }
/** What is wrong with the settings of one is wrong with those of all. */
const usageCode = 2

export interface FleetOptions {
  count: number
  /** The program and its arguments, as each process runs them. */
  exec: string
  args: readonly string[]
  log: (msg: string, more: Readonly<Record<string, unknown>>) => void
  /** Said once, when the first of them listens. */
  listening: (port: number) => void
}

export interface Fleet {
  /** Resolves when all have ended: 0 when they were told to and did, 2 with `problem` when they could not begin. */
  over: Promise<{ code: number; problem?: string }>
  stop(): void
}

const placeVariable = 'TRUNKLINE_WORKER'

/** Whether this process is one of several. */
export function isWorker(): boolean {
  return cluster.isWorker
}

/** Which of them; one that is begun again has the place of the one that died. undefined where there is one alone. */
export function placeOfWorker(): string | undefined {
  return process.env[placeVariable]
}

export function runFleet({ count, exec, args, log, listening }: FleetOptions): Fleet {
  cluster.setupPrimary({ exec, args: [...args] })
  const over = Promise.withResolvers<{ code: number; problem?: string }>()
  const gathering = new Gathering()
  const running = new Set<Worker>()
  const failures = new Map<number, number>()
  let [stopping, draining, heard, worst] = [false, false, false, 0]
  let problem: string | undefined

  const take = (worker: Worker, said: Said): void => {
    if (said.is === 'figures') gathering.take(said)
    else if (said.is === 'ask') void gathering.of(running).then((all) => tell(worker, { is: 'all', all, id: said.id }))
    else if (said.is === 'drain') {
      draining = said.on
      for (const one of running) if (one !== worker) tell(one, { is: 'drain', on: said.on })
    } else if (said.is === 'problem') {
      problem ??= said.problem
    } else {
      if (draining) tell(worker, { is: 'drain', on: true })
      if (!heard) listening(said.port)
      heard = true
    }
  }
  const begin = (place: number): void => {
    const worker = cluster.fork({ [placeVariable]: String(place) })
    const began = performance.now()
    running.add(worker)
    worker.on('message', (said: Said) => take(worker, said))
    worker.once('exit', (code: number | null, signal: string | null) => {
      // What it said last may come after its exit.
      if (worker.isConnected()) worker.once('disconnect', () => gone(code, signal))
      else gone(code, signal)
    })
    const gone = (code: number | null, signal: string | null): void => {
      running.delete(worker)
      if (code === usageCode && !heard) stop()
      if (stopping) return ended(code)
      const lived = performance.now() - began
      const times = lived > againMs.calmAfter ? 0 : (failures.get(place) ?? 0)
      failures.set(place, times + 1)
      const ms = Math.min(againMs.first * 2 ** times, againMs.most)
      log('a process ended by itself and is begun again', { pid: worker.process.pid, code, signal, again_ms: ms })
      setTimeout(() => (stopping ? undefined : begin(place)), ms)
    }
  }
  const ended = (code: number | null): void => {
    worst = Math.max(worst, code ?? 1)
    if (running.size > 0) return
    over.resolve(problem === undefined || heard ? { code: worst } : { code: usageCode, problem })
  }
  const stop = (): void => {
    stopping = true
    for (const worker of running) tell(worker, { is: 'stop' })
    if (running.size === 0) ended(0)
  }
  for (let place = 0; place < count; place++) begin(place)
  return { over: over.promise, stop }
}
