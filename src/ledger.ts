// ledger.ts: what a tenant has used, as balances by account. Knows no price, no provider and no calendar. Rules L1, L2.
import type { Roster } from './roster.ts'

/** `accounts`: "window/account" → balance. `debited`: report id → 1, for the reports of one call that were taken in. */
export interface Books {
  accounts: Roster
  debited: Roster
}

/** One report of usage. Amounts are integers: tokens, milliseconds or micro-dollars, by the account's name. */
export interface Entry {
  /** The provider's own id (a response, a transcribed item): the same id is never debited twice (L1). */
  id: string
  amounts: Readonly<Record<string, number>>
}

/** Adds the entry to each window; false when this report was debited before. */
export function debit(books: Books, entry: Entry, windows: readonly string[]): boolean {
  if (books.debited.get(entry.id) !== undefined) return false
  books.debited.set(entry.id, 1)
  post(books.accounts, entry.amounts, windows)
  return true
}

/** Adds amounts whose once-only is kept elsewhere (a call's end, written once with its record). */
export function post(accounts: Roster, amounts: Entry['amounts'], windows: readonly string[]): void {
  for (const window of windows) {
    for (const [account, amount] of Object.entries(amounts)) {
      if (amount !== 0) accounts.add(`${window}/${account}`, amount)
    }
  }
}

/** The balances of one window for the named accounts; an account that was never debited reads 0. */
export function balances<A extends string>(accounts: Roster, window: string, names: readonly A[]): Record<A, number> {
  return Object.fromEntries(names.map((name) => [name, accounts.get(`${window}/${name}`) ?? 0])) as Record<A, number>
}

/** All tokens of a report: cached ones are part of input. */
export function tokensOf({ amounts }: Entry): number {
  const counted = Object.entries(amounts).filter(
    ([account]) => account.startsWith('input_') || account.startsWith('output_'),
  )
  return counted.reduce((sum, [, tokens]) => sum + tokens, 0)
}
