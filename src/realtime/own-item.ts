// Conversation items that the broker made, and answers to what a caller asks of them: the provider knows none of them. Rule H2.
import type { Refusal } from '../refusal.ts'
import type { ControlEvent } from './control-event.ts'

/** An id that nobody else makes: `item_trunkline_…`. Item ids have at most 32 characters. */
export interface Ids {
  (kind: 'event' | 'item' | 'resp'): string
  /** The number of the next one. */
  next: number
}

/** Ids of one call. `from`: the first number, higher than all that the call has used. */
export function idsOf(call: string, from = 0): Ids {
  const made = (kind: string): string => `${kind}_trunkline_${call.slice(-8)}_${(ids.next++).toString(36)}`
  const ids: Ids = Object.assign(made, { next: from })
  return ids
}

/** Plain data, so that a host can keep it. */
export interface OwnItem {
  id: string
  /** The id of the reply that it came in. */
  reply: string
  /** The item that it was announced to follow, or null for none. */
  after: string | null
  as: 'audio' | 'text'
  status: 'in_progress' | 'completed' | 'incomplete'
  /** What has been said of it so far. */
  text: string
  ms: number
}

export type Answer =
  | { is: 'answered'; frame: string }
  | { is: 'rewritten'; frame: string } // to be passed on like this
  | { is: 'cancelled' } // the caller wants to hear no more of the line that is being spoken
  | { is: 'dropped' } // a cancel of a line that is over: the caller has what it wants
  | { is: 'refused'; refusal: Refusal; causedBy: string | undefined }

/** A frame that may be about something of ours; a cheap look before it is parsed. */
export function mentionsOurs(frame: string): boolean {
  return frame.includes('_trunkline_') || frame.includes('response.cancel')
}

export class OwnItems {
  readonly #items = new Map<string, OwnItem>()
  /** That of the line that was begun last, also when its caller has deleted it. */
  #latest: OwnItem | undefined

  /** `items`: those of an earlier life of the host; a line that it was in the middle of goes no further. */
  constructor(items: readonly OwnItem[] = []) {
    for (const item of items) this.add(item.status === 'in_progress' ? { ...item, status: 'incomplete' } : item)
  }

  get all(): readonly OwnItem[] {
    return [...this.#items.values()]
  }

  get last(): string | null {
    return this.all.at(-1)?.id ?? null
  }

  add(item: OwnItem): void {
    this.#items.set(item.id, item)
    this.#latest = item
  }

  /** The answer to an event about something of ours; undefined when it is about none, and goes on its way. */
  answer(event: ControlEvent, ids: Ids): Answer | undefined {
    if (event.type === 'conversation.item.create') return this.#create(event)
    if (event.type === 'response.cancel') return this.#cancel(event['response_id'])
    const verb = /^conversation\.item\.(retrieve|truncate|delete)$/.exec(event.type)?.[1]
    const id = event['item_id']
    if (verb === undefined || !isOurs(id, 'item')) return undefined
    const item = this.#items.get(id)
    if (item === undefined) {
      const refusal: Refusal = { why: 'item_unknown', details: { verb, item: id.slice(0, 64), param: 'item_id' } }
      return { is: 'refused', refusal, causedBy: typeof event.event_id === 'string' ? event.event_id : undefined }
    }
    const event_id = ids('event')
    if (verb === 'retrieve') return answered({ type: 'conversation.item.retrieved', event_id, item: shownItem(item) })
    if (verb === 'delete') {
      this.#items.delete(id)
      return answered({ type: 'conversation.item.deleted', event_id, item_id: id })
    }
    const [content_index, audio_end_ms] = [whole(event['content_index']), whole(event['audio_end_ms'])]
    if (item.status !== 'in_progress') item.text = heard(item, audio_end_ms)
    return answered({ type: 'conversation.item.truncated', event_id, item_id: id, content_index, audio_end_ms })
  }

  /** An item after one of ours goes after what the provider knows of before it. */
  #create(event: ControlEvent): Answer | undefined {
    let after = event['previous_item_id']
    if (!isOurs(after, 'item')) return undefined
    while (isOurs(after, 'item')) after = this.#items.get(after)?.after ?? 'root'
    return { is: 'rewritten', frame: JSON.stringify({ ...event, previous_item_id: after }) }
  }

  /** One without a name, while we are silent, is about a reply of the provider's. */
  #cancel(response: unknown): Answer | undefined {
    const { status, reply } = this.#latest ?? {}
    if (status === 'in_progress' && (response === undefined || response === reply)) return { is: 'cancelled' }
    return isOurs(response, 'resp') ? { is: 'dropped' } : undefined
  }
}

/** The item as the wire shows it. */
export function shownItem({ id, as, status, text }: OwnItem, content = true): object {
  const part = as === 'audio' ? { type: 'output_audio', transcript: text } : { type: 'output_text', text }
  return { id, object: 'realtime.item', type: 'message', status, role: 'assistant', content: content ? [part] : [] }
}

function answered(event: object): Answer {
  return { is: 'answered', frame: JSON.stringify(event) }
}

/** The words that were heard by then. */
function heard({ text, ms }: OwnItem, heardMs: number): string {
  if (heardMs >= ms) return text
  const cut = Math.floor((text.length * heardMs) / ms)
  return text.slice(0, Math.max(0, text.lastIndexOf(' ', cut)))
}

function isOurs(id: unknown, kind: 'item' | 'resp'): id is string {
  return typeof id === 'string' && id.startsWith(`${kind}_trunkline_`)
}

function whole(value: unknown): number {
  return Number.isSafeInteger(value) ? Math.max(0, value as number) : 0
}
