// What hostile and slow peers do to the Node host: bytes by hand on a TCP socket, and peers that stop reading.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import type { SimSession } from '../../sim/record.ts'
import { frameBytes, frameMargin, headFields, pauseBytes } from '../../src/limits.ts'
import { BareUpstream } from '../support/bare-upstream.ts'
import { adminKey, type Broker, type MadeTenant } from '../support/broker.ts'
import { Caller, liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { startNode } from '../support/node-broker.ts'
import { textFrame, upgradeRequest } from '../support/raw-caller.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 })

let broker: Broker
let tenant: MadeTenant
let sockets: Socket[] = []
beforeAll(async () => {
  broker = await startNode({ recordFrames: true })
  tenant = await broker.tenant({ caps: { lines: 100 } })
})
afterAll(() => broker.close())
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await broker.quiet(tenant, 2_000)
})

const path = '/v1/realtime?model=gpt-realtime-2.1'

interface Raw {
  socket: Socket
  heard: () => Buffer
  ended: Promise<void>
}

/** `stays`: it does not end its side when the host ends its own. */
function raw(request: Buffer | string, stays = false): Raw {
  const socket = connect({ port: broker.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: stays })
  sockets.push(socket)
  const pieces: Buffer[] = []
  socket.on('data', (data) => pieces.push(data))
  socket.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.write(request)
  return { socket, heard: () => Buffer.concat(pieces), ended }
}

/** A raw caller whose call is live. */
async function live(): Promise<Raw> {
  const caller = raw(upgradeRequest(broker.port, path, tenant.key))
  await hears(caller, 'session.created')
  return caller
}

async function hears({ heard }: Raw, word: string): Promise<void> {
  await eventually(
    async () => heard().includes(word),
    (yes) => yes,
  )
}

/** A client's frame, masked with zeros (RFC 6455, 5.2). */
function frame(opcode: number, fin: boolean, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}

async function residentBytes(): Promise<number> {
  const status = await readFile(`/proc/${broker.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

test('[C8] one-byte fragments without end: cut off after a bounded number, its line is free', async () => {
  const caller = await live()
  const head = frame(1, false, Buffer.from('{'))
  const more = frame(0, false, Buffer.from(' '))
  caller.socket.write(Buffer.concat([head, ...Array.from({ length: 4_000 }, () => more)]))
  await caller.ended
  await broker.quiet(tenant, 1_000)
})

test.runIf(process.platform === 'linux')(
  '[C8] twenty such callers, and twenty that send a frame a byte at a time, take little memory',
  async () => {
    await live()
    const before = await residentBytes()
    const more = frame(0, false, Buffer.from(' '))
    const many = Buffer.concat([frame(1, false, Buffer.from('{')), ...Array.from({ length: 60 }, () => more)])
    const callers = await Promise.all(Array.from({ length: 40 }, () => live()))
    for (const [i, { socket }] of callers.entries()) {
      if (i % 2 === 0) socket.write(many)
      else {
        socket.write(textFrame('x'.repeat(60_000)).subarray(0, 8))
        for (let sent = 0; sent < 500; sent++) socket.write('x')
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect((await residentBytes()) - before).toBeLessThan(64 * 1024 * 1024)
  },
)

test('[C8] a caller that pings and never reads is cut off', async () => {
  const caller = await live()
  caller.socket.pause()
  const ping = frame(9, true, Buffer.alloc(125))
  const pings = Buffer.concat(Array.from({ length: 500 }, () => ping))
  for (let i = 0; i < 400 && !caller.socket.destroyed; i++) {
    if (!caller.socket.write(pings)) await Promise.race([once(caller.socket, 'drain').catch(() => []), caller.ended])
  }
  caller.socket.resume() // or its end is not seen
  await caller.ended
  await broker.quiet(tenant, 1_000)
})

test('[C8] a frame far over the bound is refused at its head, in words, before it is read', async () => {
  const caller = await liveCaller(broker.wsUrl, tenant.key)
  caller.send({ type: 'input_audio_buffer.append', audio: 'A'.repeat(3 * frameBytes) })
  expect(await caller.error()).toMatchObject({
    code: 'frame_too_large',
    message: expect.stringContaining(
      `more than ${frameBytes + frameMargin} bytes is over the limit of ${frameBytes}`,
    ) as string,
  })
  expect(await caller.closing()).toEqual({ code: 1009, reason: 'invalid_request_error.frame_too_large' })
  await broker.quiet(tenant, 1_000)
  expect((await broker.records(tenant))[0]?.record?.outcome).toMatchObject({ by: 'caller', why: 'frame_too_large' })
})

test('[C6] a text frame that is not UTF-8, an unmasked one, an unknown opcode: closed by the protocol’s own code, the line is free', async () => {
  const bad = [
    { bytes: frame(1, true, Buffer.from([0xc3, 0x28])), code: 1007 },
    { bytes: Buffer.from([0x81, 0x01, 0x20]), code: 1002 },
    { bytes: frame(3, true, Buffer.from('x')), code: 1002 },
  ]
  for (const { bytes, code } of bad) {
    const caller = await live()
    caller.socket.write(bytes)
    await caller.ended
    expect(caller.heard().subarray(-2).readUInt16BE()).toBe(code)
    await broker.quiet(tenant, 1_000)
  }
})

test('[C6] [C7] a caller that says goodbye and keeps its connection: over at once, cut off after a second', async () => {
  const caller = await live()
  const session = broker.sim.sessions.at(-1) as SimSession
  const since = performance.now()
  caller.socket.write(frame(8, true, Buffer.from([0x03, 0xe8])))
  await session.ended(250)
  await broker.quiet(tenant, 1_000)
  await caller.ended
  expect(performance.now() - since).toBeLessThan(1_500)
})

test.each([
  ['no key of its own', 'Sec-WebSocket-Key: short'],
  ['an unknown version', 'Sec-WebSocket-Version: 7'],
])('[G5] an upgrade with %s is refused before a line is taken for it', async (_what, header) => {
  const [name = ''] = header.split(':')
  const request = upgradeRequest(broker.port, path, tenant.key)
    .toString()
    .replace(new RegExp(`${name}: .*`), header)
  const caller = raw(request)
  await caller.ended
  expect(caller.heard().toString()).toMatch(/^HTTP\/1\.1 426 .*"code":"upgrade_required"/s)
  expect(await broker.live(tenant)).toBe(0)
})

test('[H6] who is refused and keeps its connection is cut off after a second, and has its answer whole although it sends on', async () => {
  const request = upgradeRequest(broker.port, path, 'sk_wrong')
  const caller = raw(request, true)
  caller.socket.pause()
  await new Promise((resolve) => caller.socket.write(Buffer.alloc(16 * 1024 * 1024), resolve))
  caller.socket.resume()
  await once(caller.socket, 'end')
  const since = performance.now()
  const [head = '', body = ''] = caller.heard().toString().split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 401 /)
  expect(Buffer.byteLength(body)).toBe(Number(/content-length: (\d+)/.exec(head)?.[1]))
  await eventually(
    async () => caller.socket.destroyed || caller.socket.write('x'),
    () => caller.socket.destroyed,
  )
  expect(performance.now() - since).toBeLessThan(2_000)
})

test('[R4] a sub-protocol offered twice is offered once', async () => {
  const request = upgradeRequest(broker.port, path, tenant.key).toString().replace('realtime, ', 'realtime, realtime, ')
  const caller = raw(request)
  await hears(caller, 'session.created')
  expect(caller.heard().toString()).toContain('Sec-WebSocket-Protocol: realtime\r\n')
})

test('[A1] an offer to go on in another protocol is not taken up: the request is answered as it would be without', async () => {
  const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk'
  const body = '{"name":"Acme","plan":"trial"}'
  const post = `POST /admin/v1/tenants HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminKey}\r\nContent-Length: ${body.length}\r\n${offer}\r\n\r\n${body}`
  const made = raw(post)
  await hears(made, '"object":"tenant"')
  expect(made.heard().toString()).toMatch(/^HTTP\/1\.1 201 /)
  made.socket.write(`GET /livez HTTP/1.1\r\nHost: x\r\n${offer}\r\n\r\n`) // on the same connection
  await hears(made, 'ok\n')
  const strange = raw(
    'POST /v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n',
  )
  await strange.ended
  expect(strange.heard().toString()).toMatch(/^HTTP\/1\.1 404 .*There is nothing at POST \/v1\/nothing/s)
})

test('[A1] too long an address, too many fields, too large a head, two keys: refused, each with its status', async () => {
  const good = upgradeRequest(broker.port, path, tenant.key).toString()
  const added = (lines: string) => good.replace('\r\n\r\n', `\r\n${lines}\r\n\r\n`)
  const many = Array.from({ length: headFields }, (_, i) => `X-${i}: 1`).join('\r\n')
  const requests: [string, number, string][] = [
    [good.replace(path, `${path}&x=${'a'.repeat(9_000)}`), 414, 'url_too_long'],
    [added(many), 431, 'too_many_headers'],
    [added(`X-Large: ${'a'.repeat(17_000)}`), 431, ''],
    [added('Authorization: Bearer a\r\nAuthorization: Bearer b'), 400, 'ambiguous_api_key'],
  ]
  for (const [request, status, code] of requests) {
    const caller = raw(request)
    await caller.ended
    expect(caller.heard().toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*${code}`, 's'))
  }
})

test('[A1] the page comes with its headers; what is not of it does not come, however it is asked for', async () => {
  const page = await fetch(`${broker.url}/`)
  expect([page.status, page.headers.get('content-security-policy')]).toEqual([
    200,
    expect.stringMatching(/^default-src 'self'/),
  ])
  for (const wish of [
    '/_headers',
    '/../package.json',
    '/%2e%2e/package.json',
    '/hold/../../package.json',
    '/hold',
    '/.git',
  ]) {
    const caller = raw(`GET ${wish} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    await caller.ended
    expect(caller.heard().toString()).toMatch(/^HTTP\/1\.1 404 /)
  }
})

test('[H6] a head that does not come to its end is not waited for', async () => {
  const since = performance.now()
  const caller = raw('GET /livez HTTP/1.1\r\nHost: x\r\n')
  await caller.ended
  expect(performance.now() - since).toBeLessThan(10_000)
  expect(caller.heard().toString()).toMatch(/^HTTP\/1\.1 408 /)
})

const delta = (i: number) => JSON.stringify({ type: 'response.output_audio.delta', i, delta: 'A'.repeat(20_000) })

test('[C8] a caller that reads nothing: its provider is not read either, beyond a bounded backlog, and all comes in order when it reads again', async () => {
  const upstream = new BareUpstream()
  const url = await upstream.listen()
  const other = await startNode({}, () => url)
  try {
    const own = await other.tenant()
    const caller = new Caller(other.wsUrl, own.key)
    await caller.opened()
    await upstream.until(() => upstream.socket !== undefined, 'a dial')
    caller.ws.pause()
    const { socket } = upstream
    const frames = 2_000 // 40 MB: far more than the kernel's buffers on both ways
    for (let i = 0; i < frames; i++) socket?.send(delta(i))
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(socket?.bufferedAmount).toBeGreaterThan(10 * pauseBytes)
    caller.ws.resume()
    await caller.until(() => caller.events.length === frames, 'all frames', 20_000)
    expect(caller.events.map(({ i }) => i)).toEqual(Array.from({ length: frames }, (_, i) => i))
    await caller.hangUp()
  } finally {
    await other.close()
    upstream.close()
  }
})
