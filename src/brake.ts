// How fast a caller may send, and how far a peer may lag. Knows no frame and no socket. Rule C8.
import { bytesBurst, bytesPerSecond, framesBurst, framesPerSecond, lagBytes, lagMs } from './limits.ts'

/** Two leaky buckets: frames and bytes. */
export class Brake {
  #frames = 0
  #bytes = 0
  #at: number

  constructor(now: number) {
    this.#at = now
  }

  /** Takes one frame in; false when it comes too fast. */
  take(bytes: number, now: number): boolean {
    const seconds = Math.max(0, now - this.#at) / 1000
    this.#at = now
    this.#frames = Math.max(0, this.#frames - seconds * framesPerSecond) + 1
    this.#bytes = Math.max(0, this.#bytes - seconds * bytesPerSecond) + bytes
    return this.overMs === 0
  }

  /** How long until what was taken in would have fitted (ms); 0 when it did. */
  get overMs(): number {
    const seconds = Math.max(
      (this.#frames - framesBurst) / framesPerSecond,
      (this.#bytes - bytesBurst) / bytesPerSecond,
    )
    return Math.max(0, seconds * 1000)
  }
}

/** Reading a socket's backlog costs more than sending a frame: it is looked at once in so many bytes. */
const lookEvery = 32 * 1024

/** Watches what a peer has not read yet. */
export class Lag {
  #unlooked = 0
  #since: number | undefined

  /** Whether the backlog is due to be looked at, after a frame of so many bytes. */
  due(bytes: number): boolean {
    this.#unlooked += bytes
    return this.#unlooked >= lookEvery
  }

  /** True when the peer has been too far behind for too long. */
  stalled(buffered: number, now: number): boolean {
    this.#unlooked = 0
    if (buffered <= lagBytes) this.#since = undefined
    else this.#since ??= now
    return this.#since !== undefined && now - this.#since >= lagMs
  }
}
