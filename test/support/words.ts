// What a call tells its desk where a test does not look at it. Knows no rule.
import type { Hold } from '../../src/held.ts'
import type { Entry } from '../../src/ledger.ts'
import type { CallRecord, Progress } from '../../src/ports.ts'

/** Nothing was metered, and nothing is held anew. */
export const still: Progress = { metered: { live_ms: 0, micro_usd: 0 } }

/** Of a call whose replies have ended. */
export const noHold: Hold = { input: 0, output: 0, micro_usd: 0 }

/** The same of one between its replies: it holds no more. */
export const silent: Progress = { ...still, hold: { input: 0, output: 0, micro_usd: 0 } }

/** What a record says of the ledger. */
export const unremarkable = {
  timeMicroUsd: 0,
  tokensPerMinute: null,
  cachedShare: null,
  heldTokens: 0,
  settledTokens: 0,
  firstReplyTokens: null,
  silentMs: null,
} satisfies Partial<CallRecord>

export function entry(id: string, amounts: Entry['amounts']): Entry {
  return { id, model: 'gpt-realtime', amounts }
}
