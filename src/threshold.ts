// threshold.ts: when what was used reaches what was meant to be used: at 80 % it is told, at 100 % it is spent. Knows no tenant. Rule L6.
import type { Limit } from './budget.ts'
import type { Page, Sheet } from './ledger.ts'

/** In the order in which they are reached. */
export const levels = [
  { level: 'warning', percent: 80 },
  { level: 'exhausted', percent: 100 },
] as const
export type Level = (typeof levels)[number]['level']

/** A threshold that is reached now and was not told of before, in this window and for this limit. */
export interface Reached extends Limit {
  level: Level
  used: number
  /** When its window ends (ms since 1970). */
  ends: number
}

/** Tells each once: at the threshold and not before, however far a step goes. `as`: whose limits they are, to be told apart from others. */
export function reached(pages: readonly Page[], limits: readonly Limit[], as = ''): Reached[] {
  const news: Reached[] = []
  for (const limit of limits) {
    const page = pageOf(pages, limit)
    const used = page?.used.get(limit.account) ?? 0
    for (const { level, percent } of levels) {
      if (page === undefined || used * 100 < limit.amount * percent) continue
      const name = `${as}${level}/${limit.account}`
      if (page.told.get(name) === limit.amount) continue
      page.told.set(name, limit.amount)
      news.push({ ...limit, level, used, ends: page.window.ends })
    }
  }
  return news
}

export interface Spent {
  limit: Limit
  ends: number
}

/** The spent budget that begins anew last, if any is spent. */
export function spent(pages: readonly Sheet[], limits: readonly Limit[]): Spent | undefined {
  let last: Spent | undefined
  for (const limit of limits) {
    const page = pageOf(pages, limit)
    if (page === undefined || (page.used.get(limit.account) ?? 0) < limit.amount) continue
    if (last === undefined || page.window.ends > last.ends) last = { limit, ends: page.window.ends }
  }
  return last
}

/** How many more there is room for, and the limit that has room for no more; no limit: for any number. */
export interface Room {
  seats: number
  limit: Limit | undefined
}

/**
 * For how many more who each ask for so much there is room beside what is held already. Where nothing is held the rest of a budget is given
 * whole: it would be of no use otherwise.
 */
export function roomIn(
  pages: readonly Sheet[],
  limits: readonly Limit[],
  held: (limit: Limit) => number,
  asked: (limit: Limit) => number,
): Room {
  let least: Room = { seats: Infinity, limit: undefined }
  for (const limit of limits) {
    const each = asked(limit)
    if (each === 0) continue // nothing is held of it
    const [used, others] = [pageOf(pages, limit)?.used.get(limit.account) ?? 0, held(limit)]
    const seats = Math.max(others > 0 ? 0 : 1, Math.floor((limit.amount - used - others) / each))
    if (seats < least.seats) least = { seats, limit }
  }
  return least
}

export function pageOf<S extends Sheet>(pages: readonly S[], { window }: Limit): S | undefined {
  return pages.find((page) => page.window.name === window)
}
