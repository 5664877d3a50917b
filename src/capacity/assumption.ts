// What a call is assumed to use, reply by reply: tokens by the arithmetic of the Realtime protocol, money by a model's rates. Knows no plan.
import type { Rate } from '../price.ts'
import shipped from './assumptions.json' with { type: 'json' }

export interface Assumption {
  name: string
  says: string
  source: string
  /** ISO 8601, a date. */
  asOf: string
  /** A whole number. */
  repliesPerMinute: number
  /** Instructions and tools, which every reply reads again. */
  instructionTokens: number
  /** So much of the earlier talk is read again; null: all of it, so that the call grows. */
  talkTokens: number | null
  /** Calls are so long, one after another, where the plan lets them. */
  callMinutes: number
}

/** What one reply uses, of one call. */
export interface Reply {
  input: number
  output: number
  microUsd: number
}

/** Micro-dollars per token. */
export interface Rates {
  text: Rate
  audio: Rate
}

export const assumptions: readonly Assumption[] = shipped.assumptions
/** Of what is read again, the part that the provider has in its cache. Nobody publishes it; the gauge of a live tenant tells. */
export const assumedCacheShare: number = shipped.cacheShare

const { heardAudioPerMinute, saidAudioPerMinute, saidTextPerMinute } = shipped.speech
const newPerMinute = heardAudioPerMinute + saidAudioPerMinute + saidTextPerMinute
const textShareOfTalk = saidTextPerMinute / newPerMinute

/** The replies of a call of so many minutes, each at the end of its part of a minute. */
export function repliesOf(assumed: Assumption, minutes: number, rates: Rates, cacheShare: number): Reply[] {
  const count = Math.max(1, Math.round(minutes * assumed.repliesPerMinute))
  return Array.from({ length: count }, (_, before) => reply(assumed, before, rates, cacheShare))
}

/** The reply that so many stand before. What was heard, and the answer before, are new to the provider; all else it read already. */
function reply(assumed: Assumption, before: number, { text, audio }: Rates, cacheShare: number): Reply {
  const { repliesPerMinute, instructionTokens, talkTokens } = assumed
  const grows = talkTokens === null
  const heard = heardAudioPerMinute / repliesPerMinute
  const saidAudio = saidAudioPerMinute / repliesPerMinute
  const saidText = saidTextPerMinute / repliesPerMinute
  const answers = grows && before === 0 ? 0 : 1
  const talkSoFar = grows ? (before * newPerMinute) / repliesPerMinute - answers * (saidAudio + saidText) : talkTokens
  const talk = Math.min(talkSoFar, shipped.contextTokens - instructionTokens)
  const again = (tokens: number, rate: Rate): number =>
    tokens * (cacheShare * rate.cached + (1 - cacheShare) * rate.input)
  return {
    input: instructionTokens + talk + answers * (saidAudio + saidText) + heard,
    output: saidAudio + saidText,
    microUsd:
      again(instructionTokens + talk * textShareOfTalk, text) +
      again(talk * (1 - textShareOfTalk), audio) +
      (heard + answers * saidAudio) * audio.input +
      answers * saidText * text.input +
      saidAudio * audio.output +
      saidText * text.output,
  }
}
