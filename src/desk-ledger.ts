// What a desk's tenant has used, and what its calls teach about the next: balances by window, the mean call. Knows no call's life.
import type { DeskRosters } from './desk-rosters.ts'
import { balances, debit, post, type Entry } from './ledger.ts'
import { firstMinuteCalls, firstMinuteTokens } from './limits.ts'
import { learn, learned } from './mean.ts'
import type { CallRecord } from './ports.ts'
import { etaMs } from './queue-notice.ts'
import { windowsAt } from './window.ts'

/** Accounts of the ledger that are shown. */
export const accounts = [
  'calls',
  'live_ms',
  'replies',
  'input_text',
  'input_audio',
  'input_image',
  'input_unknown',
  'cached_text',
  'cached_audio',
  'cached_image',
  'cached_unknown',
  'output_text',
  'output_audio',
  'output_image',
  'output_unknown',
  'transcribed_ms',
  'tts_characters',
  'micro_usd',
  'unpriced',
  'unreported',
  'partial',
  'odd',
] as const
export type Balances = Record<(typeof accounts)[number], number>

export class DeskLedger {
  readonly #rosters: DeskRosters

  constructor(rosters: DeskRosters) {
    this.#rosters = rosters
  }

  /** Debits each report once; returns those that were new (L1). */
  debit(call: string, entries: readonly Entry[], now: number): Entry[] {
    const books = { accounts: this.#rosters.get('accounts'), debited: this.#rosters.get(`debited:${call}`) }
    const windows = Object.values(windowsAt(now))
    return entries.filter((entry) => debit(books, entry, windows))
  }

  /** A call is over: said once, with its record. */
  ended(call: string, record: Pick<CallRecord, 'liveMs' | 'firstMinuteTokens'>, now: number): void {
    const { liveMs, firstMinuteTokens } = record
    this.#rosters.get(`debited:${call}`).purge(1e14)
    post(this.#rosters.get('accounts'), { calls: 1, live_ms: liveMs }, Object.values(windowsAt(now)))
    if (liveMs > 0) learn(this.#rosters.get('talk'), liveMs)
    if (liveMs > 0 && firstMinuteTokens !== null) learn(this.#rosters.get('minute'), firstMinuteTokens)
  }

  /** What a newcomer is taken to need: what this tenant's calls took in their first minute, once enough have shown it (P3). */
  newcomerLoad(): number {
    const { mean, calls } = learned(this.#rosters.get('minute'))
    return calls >= firstMinuteCalls ? Math.max(1, mean) : firstMinuteTokens
  }

  usage(now: number): { day: Balances; month: Balances } {
    const { day, month } = windowsAt(now)
    const ledger = this.#rosters.get('accounts')
    return { day: balances(ledger, day, accounts), month: balances(ledger, month, accounts) }
  }

  /** The mean of the latest calls, so that a place (from 0) can be told as a time (H3). */
  etaMs(place: number, lines: number): number | null {
    const { mean, calls } = learned(this.#rosters.get('talk'))
    return etaMs(place + 1, lines, mean, calls)
  }
}
