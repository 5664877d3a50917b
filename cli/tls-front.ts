// TLS in front of a plain port: takes the encryption off and passes the bytes on, both ways.
// Refuses to know HTTP or WebSocket.
import { type AddressInfo, type Socket, connect } from 'node:net'
import { type TLSSocket, createServer } from 'node:tls'

export type TlsFrontOptions = {
  readonly port: number
  readonly host: string
  readonly target: { readonly host: string; readonly port: number }
  readonly certificate: { readonly cert: string; readonly key: string }
}

export type TlsFront = {
  readonly port: number
  close(): Promise<void>
}

export async function startTlsFront(options: TlsFrontOptions): Promise<TlsFront> {
  const open = new Set<Socket>()
  const remember = (socket: Socket): void => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  }
  const server = createServer(
    {
      cert: options.certificate.cert,
      key: options.certificate.key,
      ALPNProtocols: ['http/1.1'],
      allowHalfOpen: true,
      noDelay: true,
    },
    (outer) => {
      // Audio frames are small and late is worse than many packets.
      const inner = connect({ ...options.target, allowHalfOpen: true, noDelay: true })
      remember(inner)
      couple(outer, inner)
    },
  )
  // Before the handshake ends there is no TLS socket yet, so the raw ones are what close() must know.
  server.on('connection', remember)
  // A client that distrusts the certificate or speaks plain HTTP: its own affair, the socket is already gone.
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}

/** Each direction ends by itself (half-close). What breaks one socket breaks the other. */
function couple(outer: TLSSocket, inner: Socket): void {
  outer.pipe(inner)
  inner.pipe(outer)
  // A reset stays a reset: an end would look like a caller who left politely. TLS sockets cannot send one.
  outer.once('error', () => inner.resetAndDestroy())
  inner.once('error', () => outer.destroy())
  outer.once('close', () => outer.readableEnded || inner.destroy())
  inner.once('close', () => inner.readableEnded || outer.destroy())
}
