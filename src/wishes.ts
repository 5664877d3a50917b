// What a waiting caller asks for: kept in order and within bounds, for the provider that it has not got yet. Knows no socket. Rules C2, H2.
import { earlyEventBytes, earlyEvents } from './limits.ts'
import { readEvent, type ControlEvent } from './realtime/control-event.ts'
import { mentionsOurs, type Answer, type Ids, type OwnItems } from './realtime/own-item.ts'
import { isJson, mergedSession, type Json } from './realtime/session-format.ts'

export type Keeping =
  | { is: 'kept' }
  | { is: 'dropped' } // audio, which nobody hears; or it came too late
  | { is: 'tooMuch' } // the call must end: `early_too_much`
  | Exclude<Answer, { is: 'rewritten' }>

export class Wishes {
  readonly #items: OwnItems
  readonly #ids: Ids
  /** All `session.update`s as one, under the id of the last. */
  #update: ControlEvent | undefined
  #updateBytes = 0
  #frames: string[] = []
  #bytes = 0

  /** `kept`: the frames of a caller that waited before its host was restarted or hibernated. */
  constructor(items: OwnItems, ids: Ids, kept: readonly string[] = []) {
    this.#items = items
    this.#ids = ids
    for (const frame of kept) this.keep(frame, typeOf(frame))
  }

  /** The caller's session as it wants it so far; undefined while it has not said. */
  get session(): Json | undefined {
    const session = this.#update?.['session']
    return isJson(session) ? session : undefined
  }

  /** What is to be sent upstream, in order: the session first, because all else stands on it. */
  get frames(): readonly string[] {
    return this.#update === undefined ? this.#frames : [JSON.stringify(this.#update), ...this.#frames]
  }

  /** Takes a frame that was checked and pinned; `type` is its event's. */
  keep(frame: string, type: string): Keeping {
    if (type.startsWith('input_audio_buffer.')) return { is: 'dropped' } // a commit of nothing would only be refused
    if (type !== 'session.update' && !mentionsOurs(frame)) return this.#push(frame)
    const reading = readEvent(frame)
    if (reading.is === 'bad') return { is: 'refused', refusal: reading.refusal, causedBy: undefined }
    const answer = this.#items.answer(reading.event, this.#ids)
    if (answer?.is === 'rewritten') return this.#push(answer.frame)
    if (answer !== undefined) return answer
    return type === 'session.update' ? this.#merge(reading.event, frame.length) : this.#push(frame)
  }

  /** All that was kept, in order; once. */
  drain(): string[] {
    const frames = [...this.frames]
    this.#update = undefined
    this.#updateBytes = 0
    this.#frames = []
    this.#bytes = 0
    return frames
  }

  #push(frame: string): Keeping {
    const events = this.#frames.length + 1 + (this.#update === undefined ? 0 : 1)
    const bytes = this.#bytes + frame.length
    if (!hasRoom(events, bytes + this.#updateBytes)) this.#updateBytes = measured(this.#update)
    if (!hasRoom(events, bytes + this.#updateBytes)) return { is: 'tooMuch' }
    this.#frames.push(frame)
    this.#bytes += frame.length
    return { is: 'kept' }
  }

  /** Its size is guessed high, and measured only where the guess breaks the bound: many small updates of a large one cost little. */
  #merge(event: ControlEvent, bytes: number): Keeping {
    const [below, above] = [this.#update?.['session'], event['session']]
    const session = isJson(below) && isJson(above) ? mergedSession(below, above) : (above ?? below)
    const update = { ...event, session }
    const events = this.#frames.length + 1
    let guess = this.#updateBytes + bytes
    if (!hasRoom(events, this.#bytes + guess)) guess = measured(update)
    if (!hasRoom(events, this.#bytes + guess)) return { is: 'tooMuch' }
    this.#update = update
    this.#updateBytes = guess
    return { is: 'kept' }
  }
}

function measured(update: ControlEvent | undefined): number {
  return update === undefined ? 0 : JSON.stringify(update).length
}

function hasRoom(events: number, bytes: number): boolean {
  return events <= earlyEvents && bytes <= earlyEventBytes
}

function typeOf(frame: string): string {
  const reading = readEvent(frame)
  return reading.is === 'event' ? reading.event.type : ''
}
