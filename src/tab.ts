// What one call has used: reports that its desk has not yet taken in, and the sums for its record. Knows no wire and no store. Rules L1, L2.
import type { Outcome } from './call.ts'
import { Holds } from './holds.ts'
import type { Amounts, Entry } from './ledger.ts'
import { knownReports, unpostedReports } from './limits.ts'
import { Load } from './load.ts'
import type { Times } from './moments.ts'
import type { CallTerms } from './plan.ts'
import type { Brings, CallRecord, Metered, Offer, Progress, Target } from './ports.ts'
import { price, priceOfTime, type Billing, type PriceTable } from './price.ts'
import { contextTokens, totalTokens, type Modality, type Usage } from './realtime/usage.ts'

/** What a call is priced by. `fallbackMicroUsd`: its plan's rate per token for what the table lacks. */
export interface Rates {
  model: string
  prices: PriceTable
  billing: Billing
  fallbackMicroUsd: number
}

export function ratesOf(
  offer: Offer,
  { upstream }: Target,
  { fallbackMicroUsd }: CallTerms,
  { prices }: Brings,
): Rates {
  // A call that was parked by an earlier version knows one way of billing.
  return { model: offer.model, prices, billing: upstream.billing ?? 'tokens', fallbackMicroUsd }
}

export class Tab {
  tokens = 0
  replies = 0
  peakContextTokens = 0
  readonly #rates: Rates
  readonly #holds = new Holds()
  readonly #unposted = new Map<string, Entry>()
  /** The latest reports, by id, in the order in which they came. */
  readonly #known = new Set<string>()
  #load: Load | undefined
  #liveSince: number | undefined
  /** For what was reported, in micro-dollars. */
  #reported = 0
  /** Reports to which the provider gave no id are each one of its own. */
  #unnamed = 0
  /** What its replies read, and what of it was cached. */
  #read = { input: 0, cached: 0 }

  constructor(rates: Rates) {
    this.#rates = rates
  }

  /** The call has come live: from now on it shows what it takes (P3, P4), and pays for its time. Where that has no price it is said once. */
  live(now: number): void {
    this.#load = new Load(now)
    this.#liveSince = now
    if (this.#timeUnpriced) this.#note('time', this.#rates.model, { unpriced: 1 })
  }

  /** The tokens a minute that it is predicted to take; null while it is too young to tell. */
  load(now: number): number | null {
    return this.#load?.predict(now) ?? null
  }

  /** How it stands now. */
  progress(now: number): Progress & { metered: Metered } {
    const live_ms = this.#liveSince === undefined ? 0 : now - this.#liveSince
    const { hold } = this.#holds
    return { metered: { live_ms, micro_usd: this.#costOfTime(live_ms) }, ...(hold !== undefined && { hold }) }
  }

  /** Its record, when it has ended. */
  record(outcome: Outcome, times: Times, firstAudioMs: number | null): CallRecord {
    const { tokens, replies, peakContextTokens } = this
    const timeMicroUsd = this.#costOfTime(times.liveMs)
    const { input, cached } = this.#read
    const { heldTokens, settledTokens, firstReplyTokens } = this.#holds
    return {
      model: this.#rates.model,
      outcome,
      ...times,
      firstAudioMs,
      tokens,
      microUsd: this.#reported + timeMicroUsd,
      timeMicroUsd,
      replies,
      peakContextTokens,
      firstMinuteTokens: this.#load?.firstMinuteTokens ?? null,
      tokensPerMinute: times.liveMs > 0 ? Math.round((tokens * 60_000) / times.liveMs) : null,
      cachedShare: input > 0 ? Math.round((cached / input) * 10_000) / 10_000 : null,
      heldTokens,
      settledTokens,
      firstReplyTokens,
      silentMs: null,
    }
  }

  /** A reply has begun; `most`: the output tokens that it may have, where that is bounded (L4). */
  began(id: string, most: number | undefined): void {
    this.#holds.began(id, most)
  }

  /** A reply's usage, by response id: once. A report that says nothing is counted as such, not as 0. */
  reply(id: string, usage: Usage | undefined, now: number): void {
    const report = this.#fresh('reply', id)
    if (report === undefined) return this.#holds.finished(id, undefined, 0) // its beginning may have come again, too
    this.replies++
    this.#load?.replied(usage, now)
    if (usage !== undefined) this.peakContextTokens = Math.max(this.peakContextTokens, contextTokens(usage))
    const before = this.#reported
    this.#note(report, this.#rates.model, { replies: 1, ...this.#charge(this.#rates.model, usage) })
    if (usage !== undefined) this.#count(usage)
    this.#holds.finished(id, usage, this.#reported - before)
  }

  /** A transcription's usage, at its own model's price (L2): once, and counted where it is not reported, as with replies. */
  transcription(id: string, model: string, usage: Usage | undefined): void {
    const report = this.#fresh('transcript', id)
    if (report !== undefined) this.#note(report, model, this.#charge(model, usage))
  }

  /** What the desk has not confirmed. Sent again until it has: the desk knows each by its id. */
  unposted(): Entry[] {
    return [...this.#unposted.values()]
  }

  posted(entries: readonly Entry[]): void {
    for (const { id } of entries) this.#unposted.delete(id)
  }

  get #timeUnpriced(): boolean {
    const { billing, prices, model, fallbackMicroUsd } = this.#rates
    return billing === 'seconds' && priceOfTime(prices, model, 0, fallbackMicroUsd).unpriced
  }

  /** Of a provider that bills it: for all of it so far, so that nothing is rounded twice. */
  #costOfTime(ms: number): number {
    const { billing, prices, model, fallbackMicroUsd } = this.#rates
    return billing === 'seconds' ? priceOfTime(prices, model, ms, fallbackMicroUsd).microUsd : 0
  }

  /** How the desk knows this report; undefined where it came before. */
  #fresh(of: 'reply' | 'transcript', id: string): string | undefined {
    const report = `${of}:${id || `unnamed-${this.#unnamed++}`}`
    if (this.#known.has(report)) return undefined
    this.#known.add(report)
    const [oldest = report] = this.#known
    if (this.#known.size > knownReports) this.#known.delete(oldest)
    return report
  }

  #count(usage: Usage): void {
    const { input, cached } = this.#read
    const fromCache = Object.values(usage.cached).reduce((sum, tokens) => sum + tokens, 0)
    this.#read = { input: input + contextTokens(usage), cached: cached + fromCache }
  }

  #note(id: string, model: string, amounts: Amounts): void {
    if (this.#unposted.size < unpostedReports) this.#unposted.set(id, { id, model, amounts })
  }

  /** Adds a report to the sums; its amounts. */
  #charge(model: string, usage: Usage | undefined): Amounts {
    if (usage === undefined) return { unreported: 1 }
    const { prices, fallbackMicroUsd, billing } = this.#rates
    const cost = price(prices, model, usage, fallbackMicroUsd, billing)
    this.tokens += totalTokens(usage)
    this.#reported += cost.microUsd
    return {
      ...accounts('input', usage.input),
      ...accounts('cached', usage.cached),
      ...accounts('output', usage.output),
      ...(usage.seconds !== undefined && { transcribed_ms: Math.round(usage.seconds * 1000) }),
      ...(usage.characters !== undefined && { tts_characters: usage.characters }),
      ...(usage.partial && { partial: 1 }),
      ...(usage.odd && { odd: 1 }),
      ...(cost.unpriced && { unpriced: 1 }),
      micro_usd: cost.microUsd,
    }
  }
}

function accounts(side: string, parts: Partial<Record<Modality, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(parts).map(([modality, tokens]) => [`${side}_${modality}`, tokens]))
}
