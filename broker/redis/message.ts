// What nodes tell each other of a tenant's calls, on its channels: whose turn has come, or a desk's word. Knows no Redis.
import type { Word } from '../../src/ports.ts'

/** No word: their turn has come. */
export interface Message {
  calls: readonly string[]
  word?: Word
}

/** From another node, maybe of another version; undefined for what is none. */
export function readMessage(text: string): Message | undefined {
  try {
    const message: unknown = JSON.parse(text)
    const { calls, word } = Array.isArray(message) ? { calls: message, word: undefined } : (message as Partial<Message>)
    return Array.isArray(calls) && calls.every((call) => typeof call === 'string')
      ? { calls, ...(word && { word }) }
      : undefined
  } catch {
    return undefined
  }
}
