// Time as the practice upstream sees it: now, and a call later on. ManualClock lets a test move time by hand.

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Runs once after so many milliseconds; the function returned takes it back. */
  after(ms: number, run: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

interface Appointment {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

export class ManualClock implements Clock {
  #now: number
  #order = 0
  #appointments: Appointment[] = []

  constructor(startMs = 1_790_000_000_000) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): () => void {
    const appointment = { at: this.#now + Math.max(0, ms), order: this.#order++, run }
    this.#appointments.push(appointment)
    return () => {
      this.#appointments = this.#appointments.filter((other) => other !== appointment)
    }
  }

  /** Moves time on and runs what falls due on the way, in order, each at its own time. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const next = this.#appointments
        .filter((appointment) => appointment.at <= until)
        .toSorted((a, b) => a.at - b.at || a.order - b.order)[0]
      if (next === undefined) break
      this.#appointments = this.#appointments.filter((other) => other !== next)
      this.#now = Math.max(this.#now, next.at)
      next.run()
    }
    this.#now = until
  }
}
