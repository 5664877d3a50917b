// A caller's socket that workerd keeps open while its object is out of memory, and how it is closed in time. Knows no call. Rules C7, H7.
import { closeTimeoutMs } from '../src/limits.ts'
import type { Frame, Socket } from '../src/ports.ts'
import { clock } from './clock.ts'
import { socketOf } from './sockets.ts'

/**
 * workerd 1.20261117.1 (measured 2026-11-24) answers and ends a hibernatable socket at once when the caller closes it. After a close of
 * ours it keeps the TCP connection for 10 s more, until it evicts the object, however promptly the caller answers, and clients such as
 * `ws` report no close before. Only an object that ends lets go of its sockets at once.
 */
export class SleepingSocket implements Socket {
  readonly #socket: Socket
  #closed: 'no' | 'by us' | 'by the caller' = 'no'
  readonly #parted = Promise.withResolvers<void>()
  readonly #settled = Promise.withResolvers<void>()

  /** `end` ends the object: once the caller has answered our close, or taken too long (C7), and nobody is owed anything any more. */
  constructor(ws: WebSocket, end: () => void) {
    this.#socket = socketOf(ws)
    void Promise.all([this.#parted.promise, this.#settled.promise]).then(end)
  }

  send(frame: Frame): void {
    this.#socket.send(frame)
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
    if (this.#closed !== 'no') return
    this.#closed = 'by us'
    clock.after(closeTimeoutMs, () => this.#parted.resolve())
  }

  get buffered(): number {
    return this.#socket.buffered
  }

  /** The caller's close has come, or its connection is broken. True unless it is the answer to ours. */
  closing(): boolean {
    if (this.#closed === 'by us') this.#parted.resolve()
    else this.#closed = 'by the caller'
    return this.#closed === 'by the caller'
  }

  /** The call is over, and all that is left of it is this socket. */
  settled(): void {
    this.#settled.resolve()
  }
}
