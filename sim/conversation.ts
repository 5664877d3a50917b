// The items of one session in order, and which of them the model still reads. Knows no events and no sockets.

import type { Truncation } from './config-schema.ts'
import type { Item } from './item.ts'
import type { Model } from './models.ts'
import { NO_TOKENS, type Segment, totalOf } from './tokens.ts'

export class Conversation {
  readonly #items: Item[] = []

  find(id: string): Item | undefined {
    return this.#items.find((item) => item.id === id)
  }

  last(): Item | undefined {
    return this.#items.at(-1)
  }

  items(): readonly Item[] {
    return this.#items
  }

  /** The id of the item before this one, null for the first. */
  previousOf(item: Item): string | null {
    return this.#items[this.#items.indexOf(item) - 1]?.id ?? null
  }

  /** Adds after the item named, at the end if none is, at the front for `root`. False: no item has that name. */
  add(item: Item, after?: string): boolean {
    if (after === undefined) {
      this.#items.push(item)
      return true
    }
    const at = after === 'root' ? 0 : this.#items.findIndex((other) => other.id === after) + 1
    if (at === 0 && after !== 'root') return false
    this.#items.splice(at, 0, item)
    return true
  }

  remove(item: Item): void {
    this.#items.splice(this.#items.indexOf(item), 1)
  }

  hasCall(callId: string): boolean {
    return this.#items.some((item) => item.type === 'function_call' && item.call?.id === callId)
  }

  /**
   * Drops the oldest items from the model's context until the rest fits. False: it does not fit and may not be cut.
   * `prompt` is the weight of instructions and tools, which stay.
   */
  fit(truncation: Truncation, model: Model, prompt: number): boolean {
    const room = model.contextTokens - model.outputTokens - prompt
    const limits = typeof truncation === 'object' ? truncation.token_limits : undefined
    const limit = Math.min(limits?.post_instructions ?? room, room)
    let weight = this.#weight()
    if (weight <= limit) return true
    if (truncation === 'disabled') return false
    const target = typeof truncation === 'object' ? limit * truncation.retention_ratio : limit
    for (const item of this.#items) {
      if (weight <= target) break
      if (item.dropped || item === this.last()) continue
      item.dropped = true
      weight -= totalOf(item.tokens)
    }
    return true
  }

  segments(): Segment[] {
    return segmentsOf(this.#items)
  }

  #weight(): number {
    return this.#items.reduce((sum, item) => sum + (item.dropped ? 0 : totalOf(item.tokens)), 0)
  }
}

export function segmentsOf(items: readonly Item[]): Segment[] {
  return items
    .filter((item) => !item.dropped && item.status !== 'in_progress')
    .map((item) => ({ key: `${item.id} ${item.version}`, tokens: item.tokens }))
}

export function promptSegments(
  instructions: string,
  tools: string,
  weights: { instructions: number; tools: number },
): Segment[] {
  return [
    { key: `instructions ${instructions}`, tokens: { ...NO_TOKENS, text: weights.instructions } },
    { key: `tools ${tools}`, tokens: { ...NO_TOKENS, text: weights.tools } },
  ]
}
