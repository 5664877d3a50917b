// Sounds that one process keeps ready to be spoken, within a bound. Knows neither where they come from nor who hears them.
import { recorded, type Format, type Recording } from './sound.ts'

export class ReadySounds {
  readonly #mostBytes: number
  #bytes = 0
  /** The one that was not wanted for the longest time comes first. */
  readonly #ready = new Map<string, Recording>()

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** `name` means the same samples always; they are fetched when they are not at hand, and encoded once. */
  async load(name: string, format: Format, fetch: () => Promise<Uint8Array>): Promise<Recording> {
    const place = `${format} ${name}`
    let recording = this.#take(place)
    if (recording === undefined) {
      const samples = await fetch()
      recording = this.#take(place) ?? recorded(format, samples) // of a crowd that wants it at once, one encodes it
    }
    this.#ready.set(place, recording)
    this.#bytes += bytesOf(recording)
    for (const oldest of this.#ready.keys()) {
      if (this.#bytes <= this.#mostBytes) break
      this.#take(oldest)
    }
    return recording
  }

  #take(place: string): Recording | undefined {
    const recording = this.#ready.get(place)
    if (recording === undefined) return undefined
    this.#ready.delete(place)
    this.#bytes -= bytesOf(recording)
    return recording
  }
}

/** Base64 is ASCII: a character is a byte. */
function bytesOf({ chunks }: Recording): number {
  return chunks.reduce((sum, { length }) => sum + length, 0)
}
