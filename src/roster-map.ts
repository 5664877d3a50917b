// A roster in memory: the home for tests and simulation, and of what is kept as a whole (roster-packed.ts). Knows nothing of the others.
import type { Roster } from './roster.ts'

export class MapRoster implements Roster {
  readonly #rows: Map<string, number>

  constructor(pairs: Iterable<readonly [string, number]> = []) {
    this.#rows = new Map(pairs)
  }

  pairs(): [string, number][] {
    return [...this.#rows]
  }

  get(id: string): number | undefined {
    return this.#rows.get(id)
  }

  rank(id: string): number | undefined {
    const value = this.#rows.get(id)
    if (value === undefined) return undefined
    let before = 0
    for (const [name, other] of this.#rows) if (other < value || (other === value && byteLess(name, id))) before++
    return before
  }

  first(n: number): string[] {
    return ordered([...this.#rows]).slice(0, n)
  }

  size(): number {
    return this.#rows.size
  }

  sum(): number {
    let total = 0
    for (const value of this.#rows.values()) total += value
    return total
  }

  set(id: string, value: number): void {
    this.#rows.set(id, value)
  }

  add(id: string, value: number): number {
    const sum = (this.#rows.get(id) ?? 0) + value
    this.#rows.set(id, sum)
    return sum
  }

  delete(id: string): void {
    this.#rows.delete(id)
  }

  purge(upTo: number): string[] {
    const late = ordered([...this.#rows].filter(([, value]) => value <= upTo))
    for (const id of late) this.#rows.delete(id)
    return late
  }
}

function ordered(rows: [string, number][]): string[] {
  return rows.toSorted(([a, x], [b, y]) => x - y || (byteLess(a, b) ? -1 : 1)).map(([id]) => id)
}

// SQLite and Redis order names by their UTF-8 bytes, which is the order of code points; `<` on strings is by UTF-16 unit.
function byteLess(a: string, b: string): boolean {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a.codePointAt(i) as number
    const y = b.codePointAt(i) as number
    if (x !== y) return x < y
  }
  return a.length < b.length
}
