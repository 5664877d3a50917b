// The port under every rule: names with numbers, in order. Knows no rule, no clock and no store.

/** Names with numbers, in order of the numbers; ties are ordered by name. Numbers stay below 1e14 so that every home keeps them exact. */
export interface Roster {
  get(id: string): number | undefined
  /** How many stand before it; undefined when it is not there. */
  rank(id: string): number | undefined
  /** The n lowest names, in order. */
  first(n: number): string[]
  size(): number
  sum(): number
  set(id: string, value: number): void
  /** Adds to what is there (0 when absent) and returns the new value. */
  add(id: string, value: number): number
  delete(id: string): void
  /** Removes every name whose value is <= upTo and returns them, in order. */
  purge(upTo: number): string[]
}

/** The rosters of one store, by their names. */
export type Rosters = (name: string) => Roster
