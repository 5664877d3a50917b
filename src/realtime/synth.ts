// A reply that the broker gives itself: the frames of a complete response, and when each is due. Knows no clock and no line. Rule H2.
import { formatObject, type Recording } from '../sound.ts'
import { speechChunkMs } from '../limits.ts'
import { shownItem, type Ids, type OwnItem } from './own-item.ts'

export interface Words {
  /** Of the line, for those who read `response.metadata`. */
  name: string
  text: string
  /** Undefined for a caller that wants text. */
  recording?: Recording
}

/** Who breaks a reply off: the broker because the caller is put through, or the caller itself. */
export type CutBy = 'broker' | 'caller'

const nothingUsed = {
  total_tokens: 0,
  input_tokens: 0,
  output_tokens: 0,
  input_token_details: {
    text_tokens: 0,
    audio_tokens: 0,
    image_tokens: 0,
    cached_tokens: 0,
    cached_tokens_details: { text_tokens: 0, audio_tokens: 0, image_tokens: 0 },
  },
  output_token_details: { text_tokens: 0, audio_tokens: 0 },
}

export class Utterance {
  /** Kept up to date while it is spoken. */
  readonly item: OwnItem
  readonly #words: Words
  readonly #ids: Ids
  readonly #deltas: readonly string[]
  readonly #endMs: number
  #given = 0
  #begun = false
  #over = false

  /** `after`: the item before this one in the conversation as the caller knows it. */
  constructor(words: Words, ids: Ids, after: string | null) {
    const { recording, text } = words
    this.#words = words
    this.#ids = ids
    this.#endMs = recording?.ms ?? 0
    this.#deltas = shared(text, recording?.chunks.length ?? 1)
    const as = recording === undefined ? 'text' : 'audio'
    const reply = ids('resp')
    this.item = { id: ids('item'), reply, after, as, status: 'in_progress', text: '', ms: this.#endMs }
  }

  get over(): boolean {
    return this.#over
  }

  /** When the next frames are due, in ms after the first; undefined when all are given. */
  get nextMs(): number | undefined {
    if (this.#over) return undefined
    return this.#given < this.#deltas.length ? this.#given * speechChunkMs : this.#endMs
  }

  /** The frames that are due by then and were not yet given. The host adds its lead to the time that passed. */
  due(elapsedMs: number): string[] {
    const frames: string[] = []
    while (this.nextMs !== undefined && this.nextMs <= elapsedMs) {
      if (!this.#begun) frames.push(...this.#begin())
      frames.push(...(this.#given < this.#deltas.length ? this.#delta() : this.#end('completed', null)))
    }
    return frames
  }

  /**
   * The frames that end it now. Status `cancelled` and reason `turn_detected` are what every client meets whenever somebody talks into
   * a reply, so each has a way to take it; a reply that is cut but `completed` would show words that were never said.
   */
  cut(by: CutBy): string[] {
    if (this.#over) return []
    const reason = by === 'caller' ? 'client_cancelled' : 'turn_detected'
    if (this.#begun) return this.#end('cancelled', { type: 'cancelled', reason })
    this.#over = true
    this.item.status = 'incomplete'
    return []
  }

  #begin(): string[] {
    this.#begun = true
    const item = shownItem(this.item, false)
    return [
      this.#frame('response.created', { response: this.#shown('in_progress', null) }),
      this.#frame('response.output_item.added', { ...this.#place(), item }),
      this.#frame('conversation.item.added', { previous_item_id: this.item.after, item }),
      this.#part('response.content_part.added', { part: this.#content('') }),
    ]
  }

  #delta(): string[] {
    const delta = this.#deltas[this.#given] ?? ''
    const audio = this.#words.recording?.chunks[this.#given]
    this.#given++
    this.item.text += delta
    if (this.item.as === 'text') return [this.#part('response.output_text.delta', { delta })]
    const frames = delta === '' ? [] : [this.#part('response.output_audio_transcript.delta', { delta })]
    return audio === undefined ? frames : [...frames, this.#part('response.output_audio.delta', { delta: audio })]
  }

  #end(status: 'completed' | 'cancelled', details: object | null): string[] {
    this.#over = true
    this.item.status = status === 'completed' ? 'completed' : 'incomplete'
    const { text } = this.item
    const item = shownItem(this.item)
    return [
      ...(this.item.as === 'text'
        ? [this.#part('response.output_text.done', { text })]
        : [
            this.#part('response.output_audio.done', {}),
            this.#part('response.output_audio_transcript.done', { transcript: text }),
          ]),
      this.#part('response.content_part.done', { part: this.#content(text) }),
      this.#frame('response.output_item.done', { ...this.#place(), item }),
      this.#frame('conversation.item.done', { previous_item_id: this.item.after, item }),
      this.#frame('response.done', { response: this.#shown(status, details) }),
    ]
  }

  #shown(status: string, status_details: object | null): object {
    const { name, recording } = this.#words
    const running = status === 'in_progress'
    return {
      object: 'realtime.response',
      id: this.item.reply,
      status,
      status_details,
      output: running ? [] : [shownItem(this.item)],
      conversation_id: 'conv_trunkline',
      output_modalities: [this.item.as],
      max_output_tokens: 'inf',
      ...(recording !== undefined && { audio: { output: { format: formatObject(recording.format), voice: null } } }),
      usage: running ? null : nothingUsed,
      metadata: { trunkline: name },
    }
  }

  #content(text: string): object {
    return this.item.as === 'text' ? { type: 'text', text } : { type: 'audio', transcript: text }
  }

  #place(): object {
    return { response_id: this.item.reply, output_index: 0 }
  }

  #part(type: string, members: object): string {
    return this.#frame(type, { ...this.#place(), item_id: this.item.id, content_index: 0, ...members })
  }

  #frame(type: string, members: object): string {
    return JSON.stringify({ type, event_id: this.#ids('event'), ...members })
  }
}

/** A text in so many parts that go with its sound, each ending where a word does. */
function shared(text: string, parts: number): string[] {
  let from = 0
  return Array.from({ length: parts }, (_, part) => {
    const space = text.indexOf(' ', Math.ceil((text.length * (part + 1)) / parts))
    const to = space < 0 ? text.length : space
    const words = text.slice(from, to)
    from = to
    return words
  })
}
