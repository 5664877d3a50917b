// From measurements to figures: quantiles, medians over rounds, ratios within a round. Refuses to know what was measured.

export function quantile(values: Float64Array | readonly number[], share: number): number {
  const sorted = Float64Array.from(values).toSorted()
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/** Of several rounds: the middle, and how far they lie apart. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
  /** Rounds that gave a value. */
  readonly rounds: number
}

export function spread(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== undefined && Number.isFinite(value)) as number[]
  if (known.length === 0) return undefined
  const sorted = known.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const median = ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
  return { median, least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0, rounds: sorted.length }
}

/** The n-th of one list with the n-th of the other: both were measured in the same round. */
export function paired(
  some: readonly (number | undefined)[],
  others: readonly (number | undefined)[],
  join: (one: number, other: number) => number,
): (number | undefined)[] {
  return some.map((one, i) => {
    const other = others[i]
    return one === undefined || other === undefined ? undefined : join(one, other)
  })
}
