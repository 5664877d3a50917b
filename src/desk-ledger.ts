// What a desk's tenant has used, and what its calls teach about the next: balances by window, the mean call. Knows no call's life and no budget.
import { bounded } from './budget.ts'
import type { DeskPages } from './desk-pages.ts'
import type { DeskRosters } from './desk-rosters.ts'
import type { Hold } from './held.ts'
import { balances, isNew, post, tokensOf, withTotals, type Amounts, type Cell, type Entry } from './ledger.ts'
import { firstMinuteCalls, firstMinuteTokens, firstReply, heartbeatMs } from './limits.ts'
import { learn, learned } from './mean.ts'
import type { Tenant } from './plan.ts'
import type { CallRecord, CallRef, Metered } from './ports.ts'
import { etaMs } from './queue-notice.ts'

/** Accounts of the ledger that are shown. */
export const accounts = [
  'calls',
  'live_ms',
  'replies',
  'tokens',
  'input',
  'output',
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
  'tts_characters',
  'transcribed_ms',
  'micro_usd',
  'unpriced',
  'unreported',
  'partial',
  'odd',
  'lost',
] as const
export type Balances = Record<(typeof accounts)[number], number>

interface SoFar extends Pick<CallRecord, 'tokens' | 'microUsd' | 'timeMicroUsd' | 'replies' | 'silentMs'> {
  /** Since when it cannot have been there any more, or it would have spoken. */
  goneMs: number
}

export class DeskLedger {
  readonly #rosters: DeskRosters
  readonly #pages: DeskPages

  constructor(rosters: DeskRosters, pages: DeskPages) {
    this.#rosters = rosters
    this.#pages = pages
  }

  /** Debits each report once; returns those that were new (L1). */
  debit(ref: CallRef, entries: readonly Entry[], tenant: Tenant, now: number): Entry[] {
    const debited = this.#rosters.get(`debited:${ref.call}`)
    const fresh = entries.filter((entry) => isNew(debited, entry))
    for (const { model, amounts } of fresh) {
      this.#post(ref.call, amounts, { ...ref, model }, tenant, now)
      this.#note(ref.call, {
        tokens: tokensOf(amounts),
        cost: amounts['micro_usd'] ?? 0,
        replies: amounts['replies'] ?? 0,
      })
    }
    return fresh
  }

  /** Debits what came on top of what this call told before (L8). Told again, or late, it is nothing. It was heard in any case. */
  metered({ call, ...cell }: CallRef, metered: Metered | undefined, tenant: Tenant, now: number): Metered {
    const { live_ms, micro_usd } = metered ?? { live_ms: 0, micro_usd: 0 }
    const more = {
      live_ms: this.#more(`metered:${call}`, 'live_ms', live_ms),
      micro_usd: this.#more(`metered:${call}`, 'micro_usd', micro_usd),
    }
    if (more.live_ms + more.micro_usd > 0) this.#post(call, { ...more }, cell, tenant, now)
    this.#note(call, { cost: more.micro_usd })
    this.#rosters.get(`metered:${call}`).set('heard', now)
    return more
  }

  /** What a call has told of itself, and since when it is silent: for one that cannot tell any more. It speaks with each heartbeat. */
  soFar(call: string, now: number): SoFar {
    const told = this.#rosters.get(`metered:${call}`)
    const of = (account: string): number => told.get(account) ?? 0
    const heard = told.get('heard')
    const since = heard === undefined ? undefined : Math.max(0, now - heard)
    const silentMs = since === undefined ? null : Math.min(heartbeatMs, since)
    const goneMs = (since ?? 0) - (silentMs ?? 0)
    const [tokens, microUsd, timeMicroUsd, replies] = [of('tokens'), of('cost'), of('micro_usd'), of('replies')]
    return { tokens, microUsd, timeMicroUsd, replies, silentMs, goneMs }
  }

  /** A call is over: said once, with its record, after its last words. */
  ended({ call, ...cell }: CallRef, record: CallRecord, tenant: Tenant, now: number): void {
    const { liveMs, firstMinuteTokens, firstReplyTokens } = record
    const lost = record.outcome.why === 'call_reset' ? 1 : 0
    this.#post(call, { calls: 1, lost }, cell, tenant, now)
    for (const name of ['debited', 'metered']) this.#rosters.get(`${name}:${call}`).purge(1e14)
    if (liveMs > 0) learn(this.#rosters.get('talk'), liveMs)
    if (liveMs > 0 && firstMinuteTokens !== null) learn(this.#rosters.get('minute'), firstMinuteTokens)
    if (firstReplyTokens !== null) learn(this.#rosters.get('reply'), firstReplyTokens)
  }

  /** What a newcomer is taken to need: what this tenant's calls took in their first minute, once enough have shown it (P3). */
  newcomerLoad(): number {
    const { mean, calls } = learned(this.#rosters.get('minute'))
    return calls >= firstMinuteCalls ? Math.max(1, mean) : firstMinuteTokens
  }

  /** What a newcomer's first reply is taken to need, in the same way (L4). */
  newcomerHold(): Hold {
    const { mean, calls } = learned(this.#rosters.get('reply'))
    const share = calls >= firstMinuteCalls ? mean / (firstReply.input + firstReply.output) : 1
    const { input, output, micro_usd } = firstReply
    const part = (amount: number): number => Math.max(1, Math.round(amount * share))
    return { input: part(input), output: part(output), micro_usd: part(micro_usd) }
  }

  usage(tenant: Tenant, now: number): { hour: Balances; day: Balances; month: Balances } {
    const [hour, day, month] = this.#pages.at(tenant, now).map(({ used }) => balances(used, accounts)) as [
      Balances,
      Balances,
      Balances,
    ]
    return { hour, day, month }
  }

  /** The mean of the latest calls, so that a place (from 0) can be told as a time (H3). */
  etaMs(place: number, lines: number): number | null {
    const { mean, calls } = learned(this.#rosters.get('talk'))
    return etaMs(place + 1, lines, mean, calls)
  }

  /** On the pages of the tenant and on those of the call, which may be given budgets while it talks. */
  #post(call: string, amounts: Amounts, cell: Cell, tenant: Tenant, now: number): void {
    const [pages, all] = [this.#pages.at(tenant, now), withTotals(amounts)]
    this.#pages.opened(pages)
    post(pages, all, cell)
    post(this.#pages.ofCall(call, pages), only(all), cell)
  }

  #note(call: string, amounts: Amounts): void {
    const told = this.#rosters.get(`metered:${call}`)
    for (const [account, amount] of Object.entries(amounts)) if (amount > 0) told.add(account, amount)
  }

  #more(roster: string, account: string, total: number): number {
    const so = this.#rosters.get(roster)
    const before = so.get(account) ?? 0
    if (total > before) so.set(account, total)
    return Math.max(0, total - before)
  }
}

/** What budgets are about. */
function only(amounts: Amounts): Amounts {
  return Object.fromEntries(bounded.map(({ account }) => [account, amounts[account] ?? 0]))
}
