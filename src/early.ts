// What a caller says before its provider answers: kept in order, within bounds. Knows no socket. Rules C2, H2.
import { earlyAudioBytes, earlyEventBytes, earlyEvents } from './limits.ts'

export class Early {
  readonly #frames: string[] = []
  #events = 0
  #eventBytes = 0
  #audioBytes = 0

  /** Keeps a frame; false when that would be too much. */
  keep(frame: string, isAudio: boolean): boolean {
    if (isAudio) this.#audioBytes += frame.length
    else {
      this.#events++
      this.#eventBytes += frame.length
    }
    if (this.#events > earlyEvents || this.#eventBytes > earlyEventBytes || this.#audioBytes > earlyAudioBytes)
      return false
    this.#frames.push(frame)
    return true
  }

  /** All that was kept, in order; once. */
  drain(): string[] {
    return this.#frames.splice(0)
  }
}
