// Callers that come at random, and leave at random: before they are answered, while they wait, while they speak, politely or not. The same seed
// makes the same choices. Refuses to know whom they call.
import { setTimeout as wait } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { Door } from './load.ts'
import { append } from './wire.ts'

/** How many left how. */
export type Left = Record<'politely' | 'cut off' | 'before the answer' | 'by the other side' | 'never heard', number>

const meanStayMs = 1_500
const frameMs = 20
/** Of those who are cut off before the answer: how long they have patience, at most. */
const hastyMs = 20

export class Restless {
  readonly #door: Door
  readonly #perSecond: number
  readonly #random: () => number
  #calls = new Set<Promise<void>>()
  #left: Left = nobody()

  constructor(door: Door, seed: number, perSecond: number) {
    this.#door = door
    this.#random = mulberry(seed)
    this.#perSecond = perSecond
  }

  /** Resolves when all have left. */
  async run(ms: number): Promise<Left> {
    this.#left = nobody()
    const until = performance.now() + ms
    let due = performance.now()
    for (;;) {
      due += this.#exponential(1000 / this.#perSecond)
      if (due > until) break
      await wait(Math.max(0, due - performance.now()))
      const call = this.#call()
      this.#calls.add(call)
      void call.finally(() => this.#calls.delete(call))
    }
    await Promise.all(this.#calls)
    return this.#left
  }

  async #call(): Promise<void> {
    const [how, speaks, stayMs] = [this.#random(), this.#random() < 0.5, this.#exponential(meanStayMs)]
    const ws = new WebSocket(this.#door.url, [...this.#door.protocols], { perMessageDeflate: false })
    let [heard, leaving] = [false, false]
    ws.on('error', () => undefined)
    ws.on('message', () => (heard = true))
    const speech = speaks ? setInterval(() => ws.readyState === ws.OPEN && ws.send(append), frameMs) : undefined
    const closed = new Promise<void>((resolve) => ws.once('close', () => resolve()))
    const left = closed.then(() => leaving || this.#left['by the other side']++)
    const hasty = how < 0.1
    await Promise.race([left, wait(hasty ? stayMs % hastyMs : stayMs)])
    clearInterval(speech)
    if (ws.readyState === ws.CLOSED) return
    leaving = true
    if (hasty) this.#left['before the answer']++
    else if (!heard) this.#left['never heard']++
    else this.#left[how < 0.4 ? 'cut off' : 'politely']++
    if (how < 0.4) ws.terminate()
    else ws.close(1000)
    await closed
  }

  #exponential(mean: number): number {
    return -Math.log(1 - this.#random()) * mean
  }
}

function nobody(): Left {
  return { politely: 0, 'cut off': 0, 'before the answer': 0, 'by the other side': 0, 'never heard': 0 }
}

/** Mulberry32: 32 bits of state. */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
