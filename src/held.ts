// held.ts: what running replies, and callers that have just come, are taken to need: kept back from those who come next. Knows no budget.
// Rule L4.
import type { BoundedAccount } from './budget.ts'
import type { Roster } from './roster.ts'

/** An estimate: tokens, micro-dollars. */
export interface Hold {
  input: number
  output: number
  micro_usd: number
}

/** Call → amount, for each part; and call → until when it holds (ms). */
export interface Held {
  input: Roster
  output: Roster
  micro_usd: Roster
  untils: Roster
}

export const parts = ['input', 'output', 'micro_usd'] as const

/** In the place of what the call held before; it runs out with the call's lease, unless it is held on. */
export function hold(held: Held, call: string, estimate: Hold, until: number): void {
  if (parts.every((part) => estimate[part] === 0)) return letGo(held, call)
  for (const part of parts) held[part].set(call, estimate[part])
  held.untils.set(call, until)
}

/** The call is still there, and with it what it holds. */
export function holdOn(held: Held, call: string, until: number): void {
  if (held.untils.get(call) !== undefined) held.untils.set(call, until)
}

export function letGo(held: Held, call: string): void {
  for (const roster of [held.input, held.output, held.micro_usd, held.untils]) roster.delete(call)
}

/** What is held of an account now, by all calls. */
export function heldOf(held: Held, account: BoundedAccount, now: number): number {
  lapse(held, now)
  if (account === 'tokens') return held.input.sum() + held.output.sum()
  return account === 'input' || account === 'output' || account === 'micro_usd' ? held[account].sum() : 0
}

/** Lets go of what was not held on. */
export function lapse(held: Held, now: number): void {
  for (const call of held.untils.purge(now)) letGo(held, call)
}

/** The same of one estimate. */
export function partOf(estimate: Hold, account: BoundedAccount): number {
  if (account === 'tokens') return estimate.input + estimate.output
  return account === 'input' || account === 'output' || account === 'micro_usd' ? estimate[account] : 0
}
