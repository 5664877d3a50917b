// WebSockets of `ws` as the core wants them, and how the two of a call hold each other back. Knows no call. Rules C7, C8.
import type { Duplex } from 'node:stream'
import { lagMs, pauseBytes, stuckMs } from '../src/limits.ts'
import type { RawData, WebSocket } from 'ws'
import type { Frame, Line, Socket } from '../src/ports.ts'
import { clock } from './clock.ts'
import type { Peer } from './peer.ts'

/** A little late, so that what has lagged for `lagMs` is found to. */
const lookAfterMs = lagMs + 50

/**
 * While a text frame is being heard: it, and the bytes that it came as. Passed on in that moment it is sent as these: `ws` then has nothing to
 * encode, and masks and frames them into one buffer for one write (2026-11-25: a sixth of what a frame costs).
 */
let heardText: string | undefined
let heardBytes: Buffer = Buffer.alloc(0)
const asText = { binary: false }

export class NodeSocket implements Socket {
  readonly #peer: Peer
  readonly #connection: Duplex & { bytesWritten?: number }
  /** Who is not read while this one lags. */
  #other: NodeSocket | undefined
  #lags: (() => void) | undefined
  /** Reasons not to read from it now. */
  #holds = 0
  #cancelLook: (() => void) | undefined
  readonly #knockMs: number | undefined
  #cancelKnock: (() => void) | undefined

  /** `knockMs`: while it is not read it is written to so often, to hear of its end all the same. What it sent and nobody read is lost by that. */
  constructor(peer: Peer, connection: Duplex, knockMs?: number) {
    this.#peer = peer
    this.#connection = connection
    this.#knockMs = knockMs
    peer.on('close', () => {
      this.#drained()
      this.#cancelKnock?.()
    })
  }

  /** From now on whichever lags keeps the other from being read; `lags` is called when it has for a while. */
  static couple(caller: NodeSocket, upstream: NodeSocket, lags: () => void): void {
    caller.#other = upstream
    upstream.#other = caller
    caller.#lags = upstream.#lags = lags
  }

  send(frame: Frame): void {
    const peer = this.#peer
    if (peer.readyState !== peer.OPEN) return
    if (frame === heardText) peer.send(heardBytes, asText)
    else peer.send(frame)
    if (this.#cancelLook === undefined && this.#other !== undefined && peer.bufferedAmount > pauseBytes) this.#full()
  }

  close(code: number, reason: string): void {
    this.#peer.part(code, reason)
  }

  get buffered(): number {
    return this.#peer.bufferedAmount
  }

  rest(ms: number): void {
    this.#hold()
    clock.after(ms, () => this.#release())
  }

  #full(): void {
    if (this.#other !== undefined) this.#other.#hold()
    this.#connection.once('drain', () => this.#drained())
    this.#look(this.#taken, clock.now())
  }

  /** TCP alone finds a peer that has gone in silence after some fifteen minutes, when bytes for it are under way. */
  #look(taken: number, since: number): void {
    this.#cancelLook = clock.after(lookAfterMs, () => {
      this.#lags?.()
      const [takenNow, now] = [this.#taken, clock.now()]
      if (takenNow === taken && now - since >= stuckMs) this.#peer.terminate()
      else if (this.#cancelLook !== undefined) this.#look(takenNow, takenNow === taken ? since : now)
    })
  }

  #drained(): void {
    if (this.#cancelLook === undefined) return
    this.#cancelLook()
    this.#cancelLook = undefined
    if (this.#other !== undefined) this.#other.#release()
  }

  get #taken(): number {
    return (this.#connection.bytesWritten ?? 0) - this.#connection.writableLength
  }

  #hold(): void {
    if (this.#holds++ > 0 || this.#peer.readyState !== this.#peer.OPEN) return
    this.#peer.pause()
    this.#knock()
  }

  #release(): void {
    if (--this.#holds > 0) return
    this.#cancelKnock?.()
    this.#peer.resume()
  }

  /**
   * Neither a FIN, which may stand behind bytes that nobody reads, nor a reset is told of a socket that is not read (libuv does not poll it). Who
   * is gone answers what is written with a reset, and the next write fails. A pong that was not asked for asks for no answer (RFC 6455, 5.5.3).
   */
  #knock(): void {
    if (this.#knockMs === undefined) return
    this.#cancelKnock = clock.after(this.#knockMs, () => {
      if (this.#peer.bufferedAmount === 0) this.#peer.pong() // else what is under way says it
      this.#knock()
    })
  }
}

/** From now on its frames and its end go to the line; `broke` hears of a bug in what the line does with them. */
export function listen(peer: Peer, line: Line, broke: (error: unknown) => void): void {
  peer.line = line
  peer.broke = broke
  peer.on('message', hear)
  peer.parted = (code, reason) => {
    try {
      line.closed(code, reason)
    } catch (error) {
      broke(error)
    }
  }
  peer.on('close', () => peer.gone(1006, ''))
  peer.on('error', () => undefined) // the close says it too
}

/**
 * ws has checked that a text frame is UTF-8: as a string it is the same bytes. Binary ones are views of what was read. One function for all
 * sockets: beyond the kernel a frame costs what it touches of its call, which is seldom in the cache (2026-11-25).
 */
function hear(this: WebSocket, data: RawData, binary: boolean): void {
  const { line, broke } = this as Peer
  const bytes = data as Buffer
  try {
    if (binary) return line?.message(bytes)
    heardText = bytes.toString()
    heardBytes = bytes
    line?.message(heardText)
  } catch (error) {
    broke(error)
  } finally {
    heardText = undefined
  }
}
