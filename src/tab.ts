// What one call has used: reports that its desk has not yet taken in, and the sums for its record. Knows no wire and no store. Rules L1, L2.
import type { Outcome } from './call.ts'
import { Holds } from './holds.ts'
import type { Entry } from './ledger.ts'
import { unpostedReports } from './limits.ts'
import { Load } from './load.ts'
import type { Times } from './moments.ts'
import type { CallRecord, Progress } from './ports.ts'
import { price } from './price.ts'
import { contextTokens, totalTokens, type Modality, type Usage } from './realtime/usage.ts'

export class Tab {
  tokens = 0
  microUsd = 0
  replies = 0
  peakContextTokens = 0
  readonly #model: string
  readonly #fallbackMicroUsd: number
  readonly #holds = new Holds()
  readonly #unposted = new Map<string, Entry>()
  #load: Load | undefined
  #liveSince: number | undefined
  /** What its replies read, and what of it was cached. */
  #read = { input: 0, cached: 0 }

  constructor(model: string, fallbackMicroUsd: number) {
    this.#model = model
    this.#fallbackMicroUsd = fallbackMicroUsd
  }

  /** The call has come live: from now on it shows what it takes (P3, P4). */
  live(now: number): void {
    this.#load = new Load(now)
    this.#liveSince = now
  }

  /** The tokens a minute that it is predicted to take; null while it is too young to tell. */
  load(now: number): number | null {
    return this.#load?.predict(now) ?? null
  }

  /** How it stands now. */
  progress(now: number): Progress {
    const live_ms = this.#liveSince === undefined ? 0 : now - this.#liveSince
    const { hold } = this.#holds
    return { metered: { live_ms, micro_usd: 0 }, ...(hold !== undefined && { hold }) }
  }

  /** Its record, when it has ended. */
  record(outcome: Outcome, times: Times, firstAudioMs: number | null): CallRecord {
    const { tokens, microUsd, replies, peakContextTokens } = this
    const { input, cached } = this.#read
    const { heldTokens, foretoldTokens, firstReplyTokens } = this.#holds
    return {
      model: this.#model,
      outcome,
      ...times,
      firstAudioMs,
      tokens,
      microUsd,
      timeMicroUsd: 0,
      replies,
      peakContextTokens,
      firstMinuteTokens: this.#load?.firstMinuteTokens ?? null,
      tokensPerMinute: times.liveMs > 0 ? Math.round((tokens * 60_000) / times.liveMs) : null,
      cachedShare: input > 0 ? Math.round((cached / input) * 10_000) / 10_000 : null,
      heldTokens,
      foretoldTokens,
      firstReplyTokens,
      silentMs: null,
    }
  }

  /** A reply has begun; `most`: the output tokens that it may have, where that is bounded (L4). */
  began(id: string, most: number | undefined): void {
    this.#holds.began(id, most)
  }

  /** A reply's usage, by response id. A report that says nothing is counted as such, not as 0. */
  reply(id: string, usage: Usage | undefined, now: number): void {
    this.replies++
    this.#load?.replied(usage, now)
    if (usage !== undefined) this.peakContextTokens = Math.max(this.peakContextTokens, contextTokens(usage))
    const before = this.microUsd
    this.#note(`reply:${id}`, this.#model, usage, { replies: 1 })
    if (usage !== undefined) this.#count(usage)
    this.#holds.finished(id, usage, this.microUsd - before)
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

  #count(usage: Usage): void {
    const { input, cached } = this.#read
    const fromCache = Object.values(usage.cached).reduce((sum, tokens) => sum + tokens, 0)
    this.#read = { input: input + contextTokens(usage), cached: cached + fromCache }
  }

  #note(id: string, model: string, usage: Usage | undefined, amounts: Record<string, number>): void {
    const entry: Entry = {
      id,
      model,
      amounts: { ...amounts, ...(usage === undefined ? { unreported: 1 } : this.#priced(model, usage)) },
    }
    if (this.#unposted.size < unpostedReports) this.#unposted.set(id, entry)
  }

  #priced(model: string, usage: Usage): Record<string, number> {
    const cost = price(model, usage, this.#fallbackMicroUsd)
    this.tokens += totalTokens(usage)
    this.microUsd += cost.microUsd
    return {
      ...accounts('input', usage.input),
      ...accounts('cached', usage.cached),
      ...accounts('output', usage.output),
      ...(usage.seconds !== undefined && { transcribed_ms: Math.round(usage.seconds * 1000) }),
      ...(usage.partial && { partial: 1 }),
      ...(cost.unpriced && { unpriced: 1 }),
      micro_usd: cost.microUsd,
    }
  }
}

function accounts(side: string, parts: Partial<Record<Modality, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(parts).map(([modality, tokens]) => [`${side}_${modality}`, tokens]))
}
