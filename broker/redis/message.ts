// What nodes tell each other of a tenant's calls, on its channels: whose turn has come, or a desk's word. Knows no Redis.
import type { Word } from '../../src/ports.ts'
import type { Words } from '../store.ts'

/** No word: their turn has come. `from`: the node that said so, which has told its own calls. */
export interface Message {
  calls: readonly string[]
  word?: Word
  from?: string
}

/** From another node, maybe of another version; undefined for what is none. */
export function readMessage(text: string): Message | undefined {
  try {
    const message: unknown = JSON.parse(text)
    const { calls, word, from }: Partial<Message> = Array.isArray(message) ? { calls: message } : (message as object)
    return Array.isArray(calls) && calls.every((call) => typeof call === 'string')
      ? { calls, ...(word && { word }), ...(from !== undefined && { from }) }
      : undefined
  } catch {
    return undefined
  }
}

/** To the calls of this node, which have heard its own word already. */
export function deliver({ calls, word, from }: Message, node: string, words: Words): void {
  if (from === node) return
  for (const call of calls) {
    if (word === undefined) words.seated(call)
    else words.told(call, word)
  }
}
