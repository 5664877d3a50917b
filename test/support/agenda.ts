// A clock that goes from one appointment to the next, however many there are, with all that follows from each. Knows no test.
import type { Clock } from '../../src/ports.ts'

interface Appointment {
  at: number
  order: number
  work: (() => void) | undefined
}

export class Agenda implements Clock {
  #now: number
  #order = 0
  /** A binary heap: the next one stands first. */
  readonly #heap: Appointment[] = []
  readonly #settled: () => Promise<unknown>

  /** `settled`: all that follows from one appointment has happened. */
  constructor(now: number, settled: () => Promise<unknown> = () => new Promise(setImmediate)) {
    this.#now = now
    this.#settled = settled
  }

  now(): number {
    return this.#now
  }

  after(ms: number, work: () => void): () => void {
    const appointment: Appointment = { at: this.#now + Math.max(0, Math.ceil(ms)), order: this.#order++, work }
    this.#push(appointment)
    return () => (appointment.work = undefined)
  }

  /** Goes on until this holds, or nothing is left to do. */
  async until(holds: () => boolean): Promise<void> {
    await this.#settled()
    while (!holds()) {
      const next = this.#pop()
      if (next === undefined) return
      if (next.work === undefined) continue
      this.#now = next.at
      next.work()
      await this.#settled()
    }
  }

  #push(appointment: Appointment): void {
    const heap = this.#heap
    let at = heap.push(appointment) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(appointment, heap[parent] as Appointment)) break
      heap[at] = heap[parent] as Appointment
      at = parent
    }
    heap[at] = appointment
  }

  #pop(): Appointment | undefined {
    const heap = this.#heap
    const [first, last] = [heap[0], heap.pop()]
    if (first === undefined || last === undefined || heap.length === 0) return first
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      const [left, right] = [heap[child] as Appointment, heap[child + 1]]
      const lesser = right !== undefined && before(right, left) ? child + 1 : child
      if (!before(heap[lesser] as Appointment, last)) break
      heap[at] = heap[lesser] as Appointment
      at = lesser
    }
    heap[at] = last
    return first
  }
}

function before(one: Appointment, other: Appointment): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}
