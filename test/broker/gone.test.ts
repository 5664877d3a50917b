// Peers that are gone without a word: one that takes nothing more, some that nobody reads, and connections that TCP asks whether anybody is there.
import { readFile } from 'node:fs/promises'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { bytesBurst, lagBytes, pauseBytes, stuckMs } from '../../src/limits.ts'
import { BareUpstream } from '../support/bare-upstream.ts'
import type { Broker, MadeTenant } from '../support/broker.ts'
import { Caller } from '../support/caller.ts'
import { startNode } from '../support/node-broker.ts'
import { upgradeRequest } from '../support/raw-caller.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let broker: Broker
const upstream = new BareUpstream()
let socket: Socket
beforeAll(async () => {
  const url = await upstream.listen()
  broker = await startNode({}, () => url)
})
afterAll(async () => {
  socket.destroy()
  await broker.close()
  upstream.close()
})

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0')
}

/** Which timer Linux has set for a connection: 2 asks whether the other side is there (proc_net_tcp.txt). */
async function timerOf(local: number, remote: number): Promise<number> {
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n')
  const own = lines.find((line) => new RegExp(`^ *\\d+: 0100007F:${hex(local)} 0100007F:${hex(remote)} `).test(line))
  return Number.parseInt(own?.trim().split(/ +/)[5] ?? '-1', 16)
}

test('[C8] a caller that takes nothing more is cut off after a while, though its provider is not read and nothing piles up; its line is free', async () => {
  const tenant = await broker.tenant()
  socket = connect({ port: broker.port, host: '127.0.0.1' })
  socket.write(upgradeRequest(broker.port, '/v1/realtime?model=gpt-realtime-2.1', tenant.key))
  await upstream.until(() => upstream.socket !== undefined, 'a dial')
  await vi.waitFor(() => expect(socket.bytesRead).toBeGreaterThan(0))

  if (process.platform === 'linux') {
    const dialled = upstream.latest as Socket
    expect(await timerOf(broker.port, (socket.address() as AddressInfo).port)).toBe(2)
    expect(await timerOf(dialled.remotePort ?? 0, dialled.localPort ?? 0)).toBe(2)
  }

  socket.pause()
  const frame = JSON.stringify({ type: 'response.output_audio.delta', delta: 'A'.repeat(pauseBytes / 4) })
  for (let sent = 0; sent < 20 * lagBytes; sent += frame.length) upstream.socket?.send(frame)
  const since = performance.now()
  await broker.quiet(tenant, stuckMs + 20_000)
  expect(performance.now() - since).toBeGreaterThan(stuckMs - 1_000)
  expect((await broker.record(tenant)).outcome).toMatchObject({ by: 'caller', why: 'hung_up', code: 1006 })
})

/** A second, and what a busy machine may add: half of what it would take unseen. */
const seenMs = 2_000
const append = JSON.stringify({ type: 'input_audio_buffer.append', audio: 'A'.repeat(1_000_000) })

/** A live caller whose broker reads nothing more of it, because it sent too much or because its provider reads nothing. */
async function unread(tenant: MadeTenant, why: 'fast' | 'provider lags'): Promise<Caller> {
  const dials = upstream.dials
  const caller = new Caller(broker.wsUrl, tenant.key)
  await upstream.until(() => upstream.dials > dials && upstream.socket !== undefined, 'a dial')
  await caller.opened()
  if (why === 'provider lags') upstream.latest?.pause()
  // More than its burst, and than Linux keeps on the way (4 MiB towards the broker, 6 MiB at it, the same again to the provider).
  for (let sent = 0; sent < bytesBurst + 32_000_000; sent += append.length) caller.ws.send(append)
  let left = 0
  await vi.waitFor(
    async () => {
      const before = left
      left = caller.ws.bufferedAmount
      expect(left).toBeGreaterThan(0)
      expect(left).toBe(before)
    },
    { interval: 400, timeout: 10_000 },
  )
  return caller
}

for (const why of ['fast', 'provider lags'] as const)
  for (const how of ['reset', 'terminated'] as const)
    test(`[C6] a caller that is not read (${why}) is gone (${how}): that is seen within a second, and its line is free`, async () => {
      const tenant = await broker.tenant()
      const caller = await unread(tenant, why)
      if (how === 'reset') caller.reset()
      else caller.ws.terminate()
      expect((await broker.record(tenant, seenMs)).outcome).toMatchObject({ by: 'caller', why: 'hung_up', code: 1006 })
      expect(await broker.live(tenant)).toBe(0)
    })
