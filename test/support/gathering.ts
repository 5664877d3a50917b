// What came in so far, and a wait for more: looked at again whenever something happened here. Knows no socket.

export type WireEvent = Record<string, unknown> & { type: string }

export interface Closed {
  code: number
  reason: string
}

const patienceMs = 8_000

/** Reads into nested data by a path such as `response.usage.input_tokens` or `output.0.id`. */
export function at(data: unknown, path: string): unknown {
  let here = data
  for (const name of path.split('.')) {
    if (typeof here !== 'object' || here === null) return undefined
    here = (here as Record<string, unknown>)[name]
  }
  return here
}

export class Gathering {
  readonly events: WireEvent[] = []
  #cursor = 0
  #waiting: (() => void)[] = []

  get types(): string[] {
    return this.events.map(({ type }) => type)
  }

  of(type: string): WireEvent[] {
    return this.events.filter((event) => event.type === type)
  }

  take(event: WireEvent): void {
    this.events.push(event)
    this.stir()
  }

  stir(): void {
    for (const look of this.#waiting) look() // `until` replaces the list, it never changes one
  }

  /** The next event of a type behind the last one awaited. */
  async next(type: string, withinMs?: number): Promise<WireEvent> {
    const find = () => this.events.findIndex((event, i) => i >= this.#cursor && event.type === type)
    await this.until(() => find() !== -1, type, withinMs)
    const found = find()
    this.#cursor = found + 1
    return this.events[found] as WireEvent
  }

  until(holds: () => boolean, what: string = holds.toString(), withinMs: number = patienceMs): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#waiting = this.#waiting.filter((other) => other !== look)
      }
      const look = (): void => {
        if (!holds()) return
        done()
        resolve()
      }
      const timer = setTimeout(() => {
        done()
        reject(new Error(`not within ${withinMs} ms: ${what}; last events: ${this.types.slice(-8).join(' ')}`))
      }, withinMs)
      this.#waiting = [...this.#waiting, look]
    })
  }
}
