// ledger.ts: what a tenant has used, as balances by window and account. Knows no price, no provider and no calendar. Rules L1, L2, L5.
import { cellsMost } from './limits.ts'
import type { Roster } from './roster.ts'
import type { Window } from './window.ts'

/** Account → amount, in integers: tokens, milliseconds, micro-dollars or pieces, by the account's name. */
export type Amounts = Readonly<Record<string, number>>

/** One report of usage, of one model. */
export interface Entry {
  /** The provider's own id (a response, a transcribed item), or `time`: the same id is never debited twice (L1). */
  id: string
  model: string
  amounts: Amounts
}

/** What is told apart within a window: the key that a call came with, the model, the call's agent. */
export interface Cell {
  key: string
  model: string
  agent: string | null
}

/** What was used in one window. */
export interface Sheet {
  window: Window
  /** Account → balance. */
  used: Pick<Roster, 'get' | 'add'>
  /** The same balances told apart, where they are: a cell's text → its number, `number/account` → balance. */
  apart?: { cells: Roster; split: Roster }
}

/** One window of the ledger. */
export interface Page extends Sheet {
  used: Roster
  /** Level and account → the limit for which it was told that its threshold is reached (src/threshold.ts). */
  told: Roster
}

/** False when this report was taken in before. `debited`: the reports of one call. */
export function isNew(debited: Roster, { id }: Entry): boolean {
  if (debited.get(id) !== undefined) return false
  debited.set(id, 1)
  return true
}

/** Adds amounts to each page. That they come once is kept elsewhere. */
export function post(pages: readonly Sheet[], amounts: Amounts, cell: Cell): void {
  const posted = Object.entries(amounts).filter(([, amount]) => amount !== 0)
  if (posted.length === 0) return
  for (const { used, apart } of pages) {
    for (const [account, amount] of posted) used.add(account, amount)
    if (apart === undefined) continue
    const number = numberOf(apart.cells, cell)
    for (const [account, amount] of posted) apart.split.add(`${number}/${account}`, amount)
  }
}

/** The balances of the named accounts; one that was never debited reads 0. */
export function balances<A extends string>(used: Roster, names: readonly A[]): Record<A, number> {
  return Object.fromEntries(names.map((name) => [name, used.get(name) ?? 0])) as Record<A, number>
}

/** With what they come to in all, which budgets are about. */
export function withTotals(amounts: Amounts): Amounts {
  const [input, output] = [sumOf(amounts, 'input_'), sumOf(amounts, 'output_')]
  return { ...amounts, input, output, tokens: input + output }
}

/** All tokens of a report: cached ones are part of input. */
export function tokensOf(amounts: Amounts): number {
  return sumOf(amounts, 'input_') + sumOf(amounts, 'output_')
}

/** The text of a cell in its roster; `cellOf` reads it. An agent may be called anything: it stands last. */
export function textOf({ key, model, agent }: Cell): string {
  return `${key}\n${model}\n${agent ?? ''}`
}

export function cellOf(text: string): Cell {
  const [key = '', model = '', ...rest] = text.split('\n')
  const agent = rest.join('\n')
  return { key, model, agent: agent === '' ? null : agent }
}

/** Agents are named by callers: those above a bound are counted together. */
const otherAgents = '(other)'

function numberOf(cells: Roster, cell: Cell): number {
  const [text, full] = [textOf(cell), cells.size() >= cellsMost]
  const known = cells.get(text)
  if (known !== undefined) return known
  if (full && cell.agent !== null && cell.agent !== otherAgents) return numberOf(cells, { ...cell, agent: otherAgents })
  const number = cells.size() + 1
  cells.set(text, number)
  return number
}

function sumOf(amounts: Amounts, prefix: string): number {
  const parts = Object.entries(amounts).filter(([account]) => account.startsWith(prefix))
  return parts.reduce((sum, [, amount]) => sum + amount, 0)
}
