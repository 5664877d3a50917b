// Amounts, times and money as people read them. Knows no plan.
import { named, unitsOf, type BoundedAccount, type Limit, type WindowName } from '../budget.ts'

/** `50,000 input tokens an hour`. */
export function limitText({ window, account, amount }: Limit): string {
  return `${amountText(account, amount)} ${each(window)}`
}

/** `an hour`. */
export function each(window: WindowName): string {
  return window === 'hour' ? 'an hour' : `a ${window}`
}

/** `50,000 input tokens`. */
export function amountText(account: BoundedAccount, amount: number): string {
  const units = amount / unitsOf({ account })
  return account === 'micro_usd' ? usdText(units) : `${numberText(units)} ${named({ account })}`
}

/** `11.5 s`, `9.6 min`, `24 h`. */
export function minutesText(minutes: number): string {
  if (minutes < 1) return `${numberText(minutes * 60)} s`
  return minutes < 120 ? `${numberText(minutes)} min` : `${numberText(minutes / 60)} h`
}

/** `149 USD`, `3.20 USD`, `0.0876 USD`: two decimals, or four of a fraction of a dollar. */
export function usdText(usd: number): string {
  const size = Math.abs(usd)
  const digits = Number.isInteger(usd) || size >= 1_000 ? 0 : size >= 1 ? 2 : 4
  return `${decimals(usd, digits, digits)} USD`
}

/** At most one decimal, and none from 100 on. */
export function numberText(value: number): string {
  return decimals(value, value < 100 ? 1 : 0, 0)
}

function decimals(value: number, most: number, least: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: most, minimumFractionDigits: least })
}

/** `a, b and c`. */
export function list(words: Iterable<string>): string {
  const all = [...words]
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
}

/** One figure for each assumption: `9.6 min (voice minute) and 3.1 min (burst)`, or the one that they share. */
export function under<Row extends { assumption: string }>(rows: readonly Row[], figure: (row: Row) => string): string {
  const figures = new Set(rows.map(figure))
  return figures.size === 1 ? list(figures) : list(rows.map((row) => `${figure(row)} (${row.assumption})`))
}
