// Chance that can be repeated: the seed is printed, and may be set. Knows no test.

export interface Dice {
  seed: number
  /** A whole number from 0 up to, and without, this one. */
  readonly roll: (below: number) => number
}

/** `TRUNKLINE_SEED` repeats a run. */
export function dice(what: string): Dice {
  const given = process.env['TRUNKLINE_SEED']
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given)
  console.log(`${what}: TRUNKLINE_SEED=${seed}`)
  const next = chance(seed)
  return { seed, roll: (below) => Math.floor(next() * below) }
}

/** mulberry32: from 0 up to, and without, 1. */
export function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
