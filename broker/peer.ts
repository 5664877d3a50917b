// A WebSocket of `ws` that tells when its other side parts, as soon as it is known, and lets bytes that break a bound be answered in words.
// Knows no call.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws'
import {
  closeTimeoutMs,
  fragmentBytes,
  fragmentsLeast,
  frameMargin,
  pongsWaiting,
  readBytes,
  readsLeast,
} from '../src/limits.ts'
import type { Line } from '../src/ports.ts'

export class Peer extends WebSocket {
  #parted = false
  /** Who hears its frames. */
  line: Line | undefined
  /** A bug in what the line did with a frame. */
  broke: (error: unknown) => void = () => undefined
  /** The other side's close has come, or its connection is gone: once. */
  parted: (code: number, reason: string) => void = () => undefined
  /** Its bytes break a bound or the protocol; true: it is being told, and closed. */
  broken: (code: number) => boolean = () => false

  /** ws 8.23.0 calls this itself: with what the other side's close said, or with a code alone when its bytes cannot be taken. */
  override close(code?: number, said?: string | Buffer): void {
    const broke = code !== undefined && said === undefined
    if (broke && this.broken(code)) return
    super.close(code, said) // before anybody else closes it with another code
    if (broke) this.gone(1006, '')
    else this.gone(code ?? 1005, said?.toString() ?? '')
  }

  gone(code: number, reason: string): void {
    if (this.#parted) return
    this.#parted = true
    this.parted(code, reason)
  }

  /** Our own close. What the other side has sent may have been left unread (C8): its answer is among it. */
  part(code: number, reason: string): void {
    if (this.isPaused) this.resume()
    super.close(code, reason)
  }
}

/** What may be kept of one message, and of a peer that pings and never reads. A peer that ignores our close is cut off (C7). */
export function bounds(frameBytes: number): ServerOptions {
  const own = {
    perMessageDeflate: false,
    maxPayload: frameBytes + frameMargin,
    maxFragments: fragmentsLeast + Math.ceil(frameBytes / fragmentBytes),
    maxBufferedChunks: readsLeast + Math.ceil(frameBytes / readBytes),
    maxPendingAutoPongs: pongsWaiting,
    closeTimeout: closeTimeoutMs,
  }
  return own
}

/** Whether `ws` will take this upgrade: asked before anything is touched for it. */
export function wellFormed({ method, headers }: IncomingMessage): boolean {
  const { upgrade, 'sec-websocket-key': key = '', 'sec-websocket-version': version } = headers
  return (
    method === 'GET' &&
    upgrade?.toLowerCase() === 'websocket' &&
    /^[+/0-9A-Za-z]{22}==$/.test(key) &&
    (version === '13' || version === '8')
  )
}

/** Answers 101; undefined when the caller has gone meanwhile. */
export function accept(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  frameBytes: number,
  protocol: string | null,
): Peer | undefined {
  const server = new WebSocketServer({ ...bounds(frameBytes), noServer: true, clientTracking: false, WebSocket: Peer })
  // What was offered is read at the door; `ws` would refuse a list that names something twice.
  delete request.headers['sec-websocket-protocol']
  if (protocol !== null) server.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`))
  let peer: Peer | undefined
  server.handleUpgrade(request, socket, head, (ws) => (peer = ws))
  return peer
}
