// What one call's running replies are taken to need, from its own last one. Knows no desk and no wire. Rule L4.
import type { Hold } from './held.ts'
import { firstReply } from './limits.ts'
import { contextTokens, totalTokens, type Usage } from './realtime/usage.ts'

export class Holds {
  /** Of replies that have ended: what was held for them, and what they took. */
  heldTokens = 0
  settledTokens = 0
  firstReplyTokens: number | null = null
  readonly #running = new Map<string, Hold>()
  /** What the next one is taken to need. */
  #next: Hold = firstReply
  #any = false

  /** Of all that run now; undefined before the first one has begun. */
  get hold(): Hold | undefined {
    if (!this.#any) return undefined
    const sum = { input: 0, output: 0, micro_usd: 0 }
    for (const { input, output, micro_usd } of this.#running.values()) {
      sum.input += input
      sum.output += output
      sum.micro_usd += micro_usd
    }
    return sum
  }

  /** `most`: the output tokens that it may have, where that is bounded. */
  began(id: string, most = Infinity): void {
    this.#any = true
    this.#running.set(id, { ...this.#next, output: Math.min(this.#next.output, most) })
  }

  /** The next one reads what this one has read and said. One that took nothing, for it was refused, tells nothing of the next. */
  finished(id: string, usage: Usage | undefined, microUsd: number): void {
    const held = this.#running.get(id)
    this.#running.delete(id)
    if (usage === undefined) return
    const [input, tokens] = [contextTokens(usage), totalTokens(usage)]
    if (held !== undefined) {
      this.heldTokens += held.input + held.output
      this.settledTokens += tokens
    }
    if (tokens === 0) return
    this.firstReplyTokens ??= tokens
    this.#next = { input: tokens, output: Math.max(1, tokens - input), micro_usd: microUsd }
  }
}
