// A caller as bytes on a TCP socket: its upgrade and its frames by hand, so that it can vanish within any of them. Knows no events.
import { connect } from 'node:net'

export interface Vanishing {
  port: number
  /** All that it would send: the upgrade request, then frames. */
  handshake: Buffer
  frames: Buffer
  /** So many bytes of both go out; the rest never does. */
  sends: number
  /** It stays until it has received so many bytes, or until `patienceMs` after its last byte. */
  receives: number
  patienceMs: number
  /** A reset, or only gone. */
  reset: boolean
}

/** Resolves when it is gone; with the bytes that it had received. */
export function vanish({ port, handshake, frames, sends, receives, patienceMs, reset }: Vanishing): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const [first, rest] = [handshake.subarray(0, sends), frames.subarray(0, Math.max(0, sends - handshake.length))]
    let received = 0
    let opened = false
    let timer: NodeJS.Timeout | undefined
    const go = (): void => {
      if (reset) socket.resetAndDestroy()
      else socket.destroy()
    }
    const sent = (): void => {
      if (received >= receives) go()
      timer = setTimeout(go, patienceMs)
    }
    socket.on('connect', () => socket.write(first, () => (sends <= handshake.length ? sent() : undefined)))
    socket.on('data', (data) => {
      received += data.length
      if (!opened && sends > handshake.length) socket.write(rest, sent)
      else if (received >= receives) go()
      opened = true
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(received)
    })
  })
}

export function upgradeRequest(port: number, path: string, key: string): Buffer {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.${key}`,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
}

/** A text frame of a client (RFC 6455, 5.2), masked with zeros. */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const head = Buffer.alloc(payload.length < 126 ? 2 : 4)
  head[0] = 0x81
  head[1] = 0x80 | (payload.length < 126 ? payload.length : 126)
  if (payload.length >= 126) head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, Buffer.alloc(4), payload])
}
