// Several processes of this host on one port: the first one starts them, replaces one that dies, ends them together, and lets each ask for
// the figures of all. Knows no call and no store; they meet in the store.
import cluster, { type Worker } from 'node:cluster'
import type { Series } from '../src/metrics.ts'

/** A process that dies as soon as it has begun is begun again later each time (ms). */
const againMs = { first: 100, most: 30_000, calmAfter: 10_000 }
/** One that does not answer in time is left out: it has more to do than it can. */
const answerMs = 500

type Asked = { ask: 'figures' | 'drain'; id: number }
type Word = { want: 'figures'; id: string }
type Said = { figures: Series; id: string }
type Answer = { all: Series[]; id: number }

export interface Fleet {
  count: number
  /** The program and its arguments, as each process runs them. */
  exec: string
  args: readonly string[]
  log: (msg: string, more: Readonly<Record<string, unknown>>) => void
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

/** Runs them until all have ended; resolves with the exit code: the worst of theirs, 0 when they were told to stop. */
export function runFleet({ count, exec, args, log }: Fleet): {
  over: Promise<number>
  stop: (signal: NodeJS.Signals) => void
} {
  cluster.setupPrimary({ exec, args: [...args] })
  const over = Promise.withResolvers<number>()
  const asked = new Gathering()
  const failures = new Map<number, number>()
  let stopping = false
  let worst = 0

  const begin = (place: number): void => {
    const worker = cluster.fork({ [placeVariable]: String(place) })
    const began = performance.now()
    worker.on('message', (message: Asked | Said) => {
      if ('figures' in message) asked.take(message)
      else if (message.ask === 'drain') for (const one of workers()) one.process.kill('SIGTERM')
      else void asked.of(workers()).then((all) => tell(worker, { all, id: message.id }))
    })
    worker.once('exit', (code: number | null, signal: string | null) => {
      worst = Math.max(worst, code ?? 1)
      // A setting that is wrong is wrong for all of them, and was said.
      if (code === 2) stop('SIGTERM')
      if (stopping) return workers().length === 0 ? over.resolve(worst) : undefined
      const lived = performance.now() - began
      const times = lived > againMs.calmAfter ? 0 : (failures.get(place) ?? 0)
      failures.set(place, times + 1)
      const ms = Math.min(againMs.first * 2 ** times, againMs.most)
      log('a process ended by itself and is begun again', { pid: worker.process.pid, code, signal, again_ms: ms })
      setTimeout(() => (stopping ? undefined : begin(place)), ms)
    })
  }
  const stop = (signal: NodeJS.Signals): void => {
    if (!stopping) worst = 0
    stopping = true
    for (const worker of workers()) worker.process.kill(signal)
    if (workers().length === 0) over.resolve(worst)
  }
  for (let place = 0; place < count; place++) begin(place)
  return { over: over.promise, stop }
}

/** One process's way to the others. */
export class Siblings {
  readonly #waiting = new Map<number, (all: Series[]) => void>()
  #next = 0

  /** `own`: the figures of this process. */
  constructor(own: () => Series) {
    process.on('message', (message: Word | Answer) => {
      if ('want' in message) process.send?.({ figures: own(), id: message.id } satisfies Said)
      else if ('all' in message) {
        this.#waiting.get(message.id)?.(message.all)
        this.#waiting.delete(message.id)
      }
    })
  }

  /** The figures of each, this one's included. */
  figures(): Promise<Series[]> {
    const id = this.#next++
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      process.send?.({ ask: 'figures', id } satisfies Asked)
    })
  }

  /** All of them shut down, this one too. */
  drainAll(): void {
    process.send?.({ ask: 'drain', id: this.#next++ } satisfies Asked)
  }
}

/** Asks all for their figures, and has what came in time. */
class Gathering {
  readonly #under = new Map<string, (figures: Series) => void>()
  #next = 0

  take({ figures, id }: Said): void {
    this.#under.get(id)?.(figures)
    this.#under.delete(id)
  }

  async of(all: readonly Worker[]): Promise<Series[]> {
    const ids = all.map(() => `${this.#next++}`)
    const figures = all.map((worker, i) => {
      const id = ids[i] as string
      return new Promise<Series | undefined>((resolve) => {
        this.#under.set(id, resolve)
        setTimeout(() => resolve(undefined), answerMs).unref()
        tell(worker, { want: 'figures', id })
      })
    })
    const came = await Promise.all(figures)
    for (const id of ids) this.#under.delete(id)
    return came.filter((one) => one !== undefined)
  }
}

function workers(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
}

/** To one that is on its way out nothing can be told. */
function tell(worker: Worker, word: Word | Answer): void {
  if (worker.isConnected()) worker.send(word, () => undefined)
}
