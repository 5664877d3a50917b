// A hand on the bytes of one TCP connection, below the WebSocket: hold them, drip them, cut at an exact byte.

import type { Socket } from 'node:net'
import type { Clock } from './clock.ts'

interface Write {
  readonly bytes: Buffer
  readonly done: (() => void) | undefined
}

const DRIP_MS = 50

export class Tap {
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #write: Socket['write']
  #waiting: Write[] = []
  #mode: 'open' | 'held' | 'drip' = 'open'
  #bytesPerSecond = 0
  #left = Number.POSITIVE_INFINITY
  #cancel: (() => void) | undefined

  constructor(socket: Socket, clock: Clock) {
    this.#socket = socket
    this.#clock = clock
    this.#write = socket.write.bind(socket)
    const patched = (chunk: Uint8Array | string, second?: unknown, third?: unknown): boolean => {
      const done = typeof second === 'function' ? second : third
      const bytes =
        typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
      return this.#take({ bytes, done: typeof done === 'function' ? () => void done() : undefined })
    }
    socket.write = patched
  }

  get cut(): boolean {
    return this.#left <= 0
  }

  hold(): void {
    this.#mode = 'held'
  }

  drip(bytesPerSecond: number): void {
    this.#mode = 'drip'
    this.#bytesPerSecond = bytesPerSecond
    this.#drop()
  }

  /** Destroys the connection once so many more bytes are out, in the midst of a frame if that is where they end. */
  cutAfter(bytes: number): void {
    this.#left = bytes
    if (bytes === 0) this.#socket.destroy()
  }

  open(): void {
    this.#mode = 'open'
    this.#cancel?.()
    const waiting = this.#waiting
    this.#waiting = []
    for (const write of waiting) this.#out(write)
  }

  #take(write: Write): boolean {
    if (this.#mode === 'open') return this.#out(write)
    this.#waiting.push(write)
    return false
  }

  #out(write: Write): boolean {
    const bytes = write.bytes.subarray(0, this.#left)
    this.#left -= bytes.length
    if (this.#left > 0) return this.#write(bytes, write.done)
    return this.#write(bytes, () => this.#socket.destroy())
  }

  #drop(): void {
    this.#cancel?.()
    if (this.#mode !== 'drip' || this.#socket.destroyed) return
    let share = Math.max(1, Math.round((this.#bytesPerSecond * DRIP_MS) / 1000))
    while (share > 0) {
      const first = this.#waiting[0]
      if (first === undefined) break
      const bytes = first.bytes.subarray(0, share)
      share -= bytes.length
      const whole = bytes.length === first.bytes.length
      this.#out({ bytes, done: whole ? first.done : undefined })
      if (whole) this.#waiting.shift()
      else this.#waiting[0] = { bytes: first.bytes.subarray(bytes.length), done: first.done }
    }
    this.#cancel = this.#clock.after(DRIP_MS, () => this.#drop())
  }
}
