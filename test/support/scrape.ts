// One page of /metrics, and the books that it must keep. Knows no broker.

export interface Books {
  offered: number
  admitted: number
  waiting: number
  refused: number
  abandoned: number
}

export class Scrape {
  readonly #lines: string[]

  constructor(text: string) {
    this.#lines = text.split('\n')
  }

  /** The sum of a metric's series whose labels have all these values. */
  sum(name: string, labels: Record<string, string> = {}): number {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
    const series = this.#lines.filter((line) => line.startsWith(name) && /^[{ ]/.test(line.slice(name.length)))
    const chosen = series.filter((line) => wanted.every((label) => line.includes(label)))
    return chosen.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
  }

  get books(): Books {
    const decided = (decision: string): number => this.sum('trunkline_admissions_total', { decision })
    return {
      offered: this.sum('trunkline_calls_offered_total'),
      admitted: decided('admitted'),
      waiting: this.sum('trunkline_calls_waiting'),
      refused: decided('refused'),
      abandoned: decided('abandoned'),
    }
  }
}
