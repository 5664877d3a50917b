// What a live caller hears: in which form, for how long still, and after which item. Knows no frame but a delta of audio. Rules C9, H2.
import type { CallTerms } from './plan.ts'
import type { OwnItem } from './realtime/own-item.ts'
import { hearing, type Hearing, type Json } from './realtime/session-format.ts'
import { bytesPerMs, type Format } from './sound.ts'

const deltaHead = '"delta":"'

export class Earshot {
  /** The item that was added last to the conversation, as the caller knows it. */
  last: string | null = null
  readonly #unsaid: Format
  #hearing: Hearing
  /** When all is played that came so far, if it is played as it comes (ms since 1970). */
  #playedAt = 0

  constructor({ pinned, hold }: CallTerms) {
    this.#unsaid = hold.format
    this.#hearing = hearing(undefined, pinned, this.#unsaid)
  }

  get hearing(): Hearing {
    return this.#hearing
  }

  /** The session as the provider has it: its word is the truth. */
  session(session: Json): void {
    this.#hearing = hearing(session, null, this.#unsaid)
  }

  add({ id }: Pick<OwnItem, 'id'>): void {
    this.last = id
  }

  /** A provider sends audio faster than it is heard. */
  audio(frame: string, now: number): void {
    const start = frame.indexOf(deltaHead) + deltaHead.length
    const bytes = Math.max(0, frame.indexOf('"', start) - start) * 0.75
    const format = this.#hearing.as === 'audio' ? this.#hearing.format : 'audio/pcm'
    this.#playedAt = Math.max(this.#playedAt, now) + bytes / bytesPerMs[format]
  }

  /** The caller talks into it, and clients play no more of it. */
  hushed(): void {
    this.#playedAt = 0
  }

  /** How much is left to be heard (ms). */
  leftMs(now: number): number {
    return Math.max(0, Math.floor(this.#playedAt - now))
  }
}
