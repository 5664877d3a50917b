// What one call has used: reports that its desk has not yet taken in, and the sums for its record. Knows no wire and no store. Rules L1, L2.
import type { Entry } from './ledger.ts'
import { unpostedReports } from './limits.ts'
import { Load } from './load.ts'
import type { CallRecord } from './ports.ts'
import { price, type PriceTable } from './price.ts'
import { contextTokens, totalTokens, type Modality, type Usage } from './realtime/usage.ts'

export class Tab {
  tokens = 0
  microUsd = 0
  replies = 0
  peakContextTokens = 0
  #load: Load | undefined
  readonly #prices: PriceTable
  readonly #fallbackMicroUsd: number
  readonly #unposted = new Map<string, Entry>()

  constructor(prices: PriceTable, fallbackMicroUsd: number) {
    this.#prices = prices
    this.#fallbackMicroUsd = fallbackMicroUsd
  }

  /** The call has come live: from now on it shows what it takes (P3, P4). */
  live(now: number): void {
    this.#load = new Load(now)
  }

  /** The tokens a minute that it is predicted to take; null while it is too young to tell. */
  load(now: number): number | null {
    return this.#load?.predict(now) ?? null
  }

  /** What its record says of it. */
  get figures(): Pick<CallRecord, 'tokens' | 'microUsd' | 'replies' | 'peakContextTokens' | 'firstMinuteTokens'> {
    const { tokens, microUsd, replies, peakContextTokens } = this
    return { tokens, microUsd, replies, peakContextTokens, firstMinuteTokens: this.#load?.firstMinuteTokens ?? null }
  }

  /** A reply's usage, by response id. A report that says nothing is counted as such, not as 0. */
  reply(id: string, model: string, usage: Usage | undefined, now: number): void {
    this.replies++
    this.#load?.replied(usage, now)
    if (usage !== undefined) this.peakContextTokens = Math.max(this.peakContextTokens, contextTokens(usage))
    this.#note(`reply:${id}`, model, usage, { replies: 1 })
  }

  /** A transcription's usage, at its own model's price (L2). */
  transcription(id: string, model: string, usage: Usage | undefined): void {
    if (usage !== undefined) this.#note(`transcript:${id}`, model, usage, {})
  }

  /** What the desk has not confirmed. Sent again until it has: the desk knows each by its id. */
  unposted(): Entry[] {
    return [...this.#unposted.values()]
  }

  posted(entries: readonly Entry[]): void {
    for (const { id } of entries) this.#unposted.delete(id)
  }

  #note(id: string, model: string, usage: Usage | undefined, amounts: Record<string, number>): void {
    const entry: Entry = {
      id,
      amounts: { ...amounts, ...(usage === undefined ? { unreported: 1 } : this.#priced(model, usage)) },
    }
    if (this.#unposted.size < unpostedReports) this.#unposted.set(id, entry)
  }

  #priced(model: string, usage: Usage): Record<string, number> {
    const cost = price(this.#prices, model, usage, this.#fallbackMicroUsd)
    this.tokens += totalTokens(usage)
    this.microUsd += cost.microUsd
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
