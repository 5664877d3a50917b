// The tokens a minute that one call is predicted to take, from its own replies. Knows no desk and no wire. Rules P3, P4.
import { paceMs } from './limits.ts'
import { contextTokens, totalTokens, type Usage } from './realtime/usage.ts'

interface Reply {
  at: number
  /** All that it read. */
  context: number
  output: number
}

const minuteMs = 60_000
/** Of a call that replies faster than this in the time that counts, the latest are enough to know its pace. */
const repliesMost = 64

export class Load {
  readonly #began: number
  #replies: Reply[] = []
  #firstMinute = 0

  /** `began`: when the call came live (ms). */
  constructor(began: number) {
    this.#began = began
  }

  /** A reply has ended; one of which the provider reports nothing, or that took nothing, tells nothing. */
  replied(usage: Usage | undefined, now: number): void {
    if (usage === undefined || totalTokens(usage) === 0) return
    const context = contextTokens(usage)
    const output = totalTokens(usage) - context
    if (now - this.#began < minuteMs) this.#firstMinute += context + output
    this.#replies = [...this.#replies, { at: now, context, output }].slice(-repliesMost)
  }

  get firstMinuteTokens(): number {
    return this.#firstMinute
  }

  /**
   * Replies a minute × (the context now + half of what it grows by in a minute) + the output a minute. Null in the first minute: what
   * a newcomer takes is known from others. One that is silent may speak at any moment: it counts as one reply in the time that counts.
   */
  predict(now: number): number | null {
    if (now - this.#began < minuteMs) return null
    const last = this.#replies.at(-1)
    if (last === undefined) return null
    const recent = this.#replies.filter(({ at }) => now - at < paceMs)
    const counted = recent.length > 0 ? recent : [last]
    const span = counted.length === repliesMost ? now - (counted[0] as Reply).at : Math.min(paceMs, now - this.#began)
    const minutes = Math.max(1_000, span) / minuteMs
    const context = last.context + last.output
    const output = counted.reduce((sum, reply) => sum + reply.output, 0) / minutes
    return Math.round((counted.length / minutes) * (context + growth(counted) / 2) + output)
  }
}

/** By how much the context grows in a minute. One that was cut does not shrink further by itself. */
function growth(replies: readonly Reply[]): number {
  const [first, last] = [replies[0], replies.at(-1)]
  if (first === undefined || last === undefined || last.at === first.at) return 0
  return Math.max(0, ((last.context - first.context) * minuteMs) / (last.at - first.at))
}
