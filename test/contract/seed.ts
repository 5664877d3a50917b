// The seed of every random test: fixed, so that a run repeats itself, or TRUNKLINE_SEED, so that it looks elsewhere.

interface Host {
  process?: { env?: Record<string, string | undefined> }
}

const given = Number((globalThis as Host).process?.env?.['TRUNKLINE_SEED'])

export const seed: number = Number.isInteger(given) && given !== 0 ? given : 20_261_121

/** Says what was run and how to run it again. */
export function printSeed(what: string): void {
  console.info(`${what}: seed ${seed} (again: TRUNKLINE_SEED=${seed})`)
}
