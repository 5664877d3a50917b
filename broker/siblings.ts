// What the processes of one port say to each other, by way of the first: their figures, and that all drain or stop. Knows no call.
import type { Worker } from 'node:cluster'
import type { Series } from '../src/metrics.ts'

/** One that does not answer in time is left out: it has more to do than it can. */
const answerMs = 500

/** To the first process. `problem`: why one cannot begin. */
export type Said =
  | { is: 'listening'; port: number }
  | { is: 'problem'; problem: string }
  | { is: 'ask'; id: number }
  | { is: 'figures'; figures: Series; id: number }
  | { is: 'drain'; on: boolean }

/** From the first process. */
export type Told =
  | { is: 'want'; id: number }
  | { is: 'all'; all: Series[]; id: number }
  | { is: 'drain'; on: boolean }
  | { is: 'stop' }

/** One process's way to the others. */
export class Siblings {
  readonly #waiting = new Map<number, (all: Series[]) => void>()
  #next = 0

  /** `figures`: those of this process; `drain`: another one was told to drain, or to stay. */
  constructor(figures: () => Series, drain: (on: boolean) => void) {
    process.on('message', (told: Told) => {
      if (told.is === 'want') void say({ is: 'figures', figures: figures(), id: told.id })
      else if (told.is === 'drain') drain(told.on)
      else if (told.is === 'all') {
        this.#waiting.get(told.id)?.(told.all)
        this.#waiting.delete(told.id)
      }
    })
  }

  /** The figures of each, this one's included. */
  figures(): Promise<Series[]> {
    const id = this.#next++
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      void say({ is: 'ask', id })
    })
  }

  /** The others drain too, or stay; one that is begun later as well. */
  drain(on: boolean): void {
    void say({ is: 'drain', on })
  }
}

/** Asks all for their figures, and has what came in time. */
export class Gathering {
  readonly #open = new Map<number, (figures: Series) => void>()
  #next = 0

  take({ figures, id }: { figures: Series; id: number }): void {
    this.#open.get(id)?.(figures)
  }

  async of(all: Iterable<Worker>): Promise<Series[]> {
    const came = await Promise.all([...all].map((worker) => this.#ask(worker)))
    return came.filter((one) => one !== undefined)
  }

  async #ask(worker: Worker): Promise<Series | undefined> {
    const id = this.#next++
    const { promise, resolve } = Promise.withResolvers<Series | undefined>()
    const late = setTimeout(() => resolve(undefined), answerMs)
    this.#open.set(id, resolve)
    tell(worker, { is: 'want', id })
    const figures = await promise
    clearTimeout(late)
    this.#open.delete(id)
    return figures
  }
}

/** To one that is on its way out nothing can be told. */
export function tell(worker: Worker, told: Told): void {
  if (worker.isConnected()) worker.send(told, () => undefined)
}

/** Resolves when it is on its way. */
export function say(said: Said): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(said, () => resolve())
  })
}
