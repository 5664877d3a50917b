// The TLS port in front of the plain one: bytes pass, ends and faults too.
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, type Server, type Socket, createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { type TLSSocket, connect } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type Certificate, ensureCertificate } from '../../cli/certificate.ts'
import { type TlsFront, startTlsFront } from '../../cli/tls-front.ts'

let dir: string
let certificate: Certificate
let ca: Buffer
const ends: (() => unknown)[] = []

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trunkline-front-'))
  certificate = await ensureCertificate(dir)
  ca = await readFile(certificate.caFile)
})

afterAll(() => rm(dir, { recursive: true }))

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

async function frontFor(port: number): Promise<TlsFront> {
  const target = { host: '127.0.0.1', port }
  const front = await startTlsFront({ port: 0, host: '127.0.0.1', target, certificate })
  ends.push(() => front.close())
  return front
}

async function plain(serve: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer({ allowHalfOpen: true }, serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => server.close())
  return (server.address() as AddressInfo).port
}

async function dial(front: TlsFront, allowHalfOpen = false): Promise<TLSSocket> {
  const options = { host: '127.0.0.1', port: front.port, ca, servername: 'localhost', allowHalfOpen }
  const client = connect(options)
  ends.push(() => client.destroy())
  await once(client, 'secureConnect')
  return client
}

test('[CLI] a WebSocket passes through the TLS port, text and binary, and so does its close code', async () => {
  const upstream = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  ends.push(() => upstream.close())
  upstream.on('connection', (socket) => {
    socket.on('message', (data: Buffer, isBinary) => {
      if (data.toString() === 'bye') socket.close(4001, 'so long')
      else socket.send(data, { binary: isBinary })
    })
  })
  if (upstream.address() === null) await once(upstream, 'listening')
  const front = await frontFor((upstream.address() as AddressInfo).port)
  const client = new WebSocket(`wss://127.0.0.1:${front.port}/v1/realtime`, 'realtime', { ca })
  await once(client, 'open')
  client.send('hello')
  expect(String((await once(client, 'message'))[0])).toBe('hello')
  client.send(Buffer.alloc(300_000, 7))
  expect(Buffer.alloc(300_000, 7).equals((await once(client, 'message'))[0])).toBe(true)
  client.send('bye')
  const [code, reason] = await once(client, 'close')
  expect([code, String(reason)]).toEqual([4001, 'so long'])
})

test('[CLI] a client that has ended its side still gets the answer', async () => {
  const port = await plain((socket) => {
    void text(socket).then((asked) => socket.end(`you said ${asked}`))
  })
  const client = await dial(await frontFor(port), true)
  client.end('good day')
  expect(await text(client)).toBe('you said good day')
})

test('[CLI] eight megabytes arrive whole, at the pace of a slow reader', async () => {
  const sent = Buffer.alloc(8 * 1024 * 1024, 'trunkline')
  const port = await plain((socket) => void socket.end(sent))
  const client = await dial(await frontFor(port))
  client.pause()
  expect(sent.equals(await buffer(client))).toBe(true)
})

test('[CLI] when the plain port is not there the client is hung up on, and the front stays', async () => {
  const port = await plain(() => undefined)
  await ends.pop()?.()
  const front = await frontFor(port)
  for (const _ of [1, 2]) {
    const client = await dial(front)
    client.resume()
    client.on('error', () => undefined)
    await once(client, 'close')
  }
})

test('[CLI] a client that is reset takes its plain connection with it', async () => {
  const accepted = Promise.withResolvers<Socket>()
  const port = await plain((socket) => accepted.resolve(socket))
  const front = await frontFor(port)
  const raw = createConnection(front.port, '127.0.0.1')
  const client = connect({ socket: raw, ca, servername: 'localhost' }).on('error', () => undefined)
  await once(client, 'secureConnect')
  const inner = await accepted.promise
  const fault = once(inner.resume(), 'error')
  raw.resetAndDestroy()
  expect((await fault)[0]).toMatchObject({ code: 'ECONNRESET' })
})

test('[CLI] closing the front ends live connections and frees its port', async () => {
  const port = await plain((socket) => void socket.on('error', () => undefined).resume())
  const front = await frontFor(port)
  const client = await dial(front)
  client.on('error', () => undefined).resume()
  await Promise.all([once(client, 'close'), front.close()])
  const again = createServer().listen(front.port, '127.0.0.1')
  await once(again, 'listening')
  again.close()
})
