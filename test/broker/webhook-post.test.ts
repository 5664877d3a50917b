// A webhook's POST on Node, on real sockets: what it reaches, what it does not, and when it gives up.
import { createHook } from 'node:async_hooks'
import { lookup, Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import {
  createServer as createTcp,
  Socket,
  type AddressInfo,
  type LookupFunction,
  type Server as TcpServer,
} from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { ofServers, type Address, type Resolve } from '../../broker/webhook-names.ts'
import { makePost } from '../../broker/webhook-post.ts'
import { Unsent } from '../../src/courier.ts'
import { webhookAnswerBytes } from '../../src/limits.ts'
import { eventually } from '../support/eventually.ts'
import { startNameServer, type NameServer } from '../support/name-server.ts'
import { nameForms, outside, redirects, textForms } from '../support/ssrf-forms.ts'

const parcel = (url: string) => ({ url, headers: { 'webhook-id': 'msg_1' }, body: '{"type":"webhook.test"}' })
const family = (address: string): Address => ({ address, family: address.includes(':') ? 6 : 4 })

/** What listens inside: counts whoever comes, on every address of this machine. */
let sink: TcpServer
let reached = 0
beforeAll(async () => {
  sink = createTcp((socket) => {
    reached++
    socket.destroy()
  })
  // One of few ports that a webhook may have: another run on this machine may have it for a while.
  const code = await eventually(
    () => listens('::'),
    (failed) => failed !== 'EADDRINUSE',
    20_000,
  )
  if (code !== undefined) expect(await listens('0.0.0.0')).toBeUndefined() // a machine without IPv6
}, 30_000)
afterAll(() => sink.close())

/** What it failed with, if it did. */
async function listens(host: string): Promise<string | undefined> {
  try {
    await once(sink.listen(8443, host), 'listening')
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

const servers: Server[] = []
afterEach(() => {
  vi.restoreAllMocks()
  reached = 0
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** A receiver on this machine; its URL. */
async function receiver(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
}

const toLoopback: Resolve = async () => [family('127.0.0.1')]
const inside = makePost({ may: { private: true }, timeoutMs: 2_000 })

test('[A5] the sink is there: in development it is reached by an address and by a name', async () => {
  await expect(inside(parcel('https://127.0.0.1:8443/'))).rejects.toThrow()
  await expect(inside(parcel('https://localhost:8443/'))).rejects.toThrow()
  await expect(
    makePost({ may: { private: true }, resolve: toLoopback })(parcel('https://n.example.com:8443/')),
  ).rejects.toThrow()
  expect(reached).toBe(3)
})

test(`[A5] none of ${textForms.length} URLs that lead inside reaches the loopback, whatever their names stand for`, async () => {
  const post = makePost({ may: { private: false }, resolve: toLoopback })
  for (const url of textForms) await expect(post(parcel(url)), url).rejects.toThrow(Unsent)
  expect(reached).toBe(0)
})

/** Where connections would go, which no longer leave this process. */
function dials(): string[] {
  const dialled: string[] = []
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...given: unknown[]) {
    const [{ host, lookup: ask }] = given as [{ host: string; lookup: LookupFunction }]
    ask(host, { all: true }, (_error, found) => {
      if (Array.isArray(found)) dialled.push(...found.map(({ address }) => address))
    })
    setImmediate(() => this.destroy(new Error('dialled')))
    return this
  })
  return dialled
}

test(`[A5] none of ${nameForms.length} names that stand for something inside is dialled there, whatever they stand for the next time`, async () => {
  const dialled = dials()
  for (const { url, answers } of nameForms) {
    let asked = 0
    const resolve: Resolve = async () => (answers[Math.min(asked++, answers.length - 1)] ?? []).map(family)
    const post = makePost({ may: { private: false }, resolve, timeoutMs: 300 })
    for (const answer of [answers[0], answers.at(-1)]) {
      const isPublic = answer?.join() === outside
      const says = isPublic ? 'dialled' : /^\S+ has (no address|an address that is not public)\.$/
      await expect(post(parcel(url)), url).rejects.toThrow(says)
      expect(dialled.splice(0), url).toEqual(isPublic ? [outside] : []) // the connection asks nobody again
    }
    expect(asked, url).toBe(2)
  }
})

test(`[A5] none of ${redirects.length} redirects to the loopback is followed: it is an answer like others`, async () => {
  for (const { status, to } of redirects) {
    const url = await receiver((_request, response) => response.writeHead(status, { location: to }).end())
    expect(await inside(parcel(url))).toBe(status)
  }
  expect(reached).toBe(0)
})

test('[A5] what is sent: a POST with the head and body that were given, and the connection ends', async () => {
  let came: { method?: string | undefined; headers?: IncomingMessage['headers']; body?: string } = {}
  const url = await receiver(async (request, response) => {
    let body = ''
    for await (const piece of request) body += String(piece)
    came = { method: request.method, headers: request.headers, body }
    response.writeHead(204).end()
  })
  expect(await inside(parcel(url))).toBe(204)
  expect(came).toMatchObject({ method: 'POST', body: '{"type":"webhook.test"}' })
  expect(came.headers).toMatchObject({ 'webhook-id': 'msg_1', connection: 'close', 'content-length': '23' })
})

test('[A5] a name is connected to where it was found to be, under its own name', async () => {
  let host: string | undefined
  const url = await receiver((request, response) => {
    host = request.headers.host
    response.end()
  })
  const named = url.replace('127.0.0.1', 'hooks.example.com')
  const post = makePost({ may: { private: true }, resolve: toLoopback })
  expect(await post(parcel(named))).toBe(200)
  expect(host).toBe(new URL(named).host)
})

test('[A5] a receiver that does not answer is cut at its bound, and so is a resolver', async () => {
  const { promise: gone, resolve } = Promise.withResolvers<void>()
  const url = await receiver((_request, response) => void response.once('close', resolve))
  const post = makePost({ may: { private: true }, timeoutMs: 200 })
  await expect(post(parcel(url))).rejects.toThrow('It did not answer within 0.2 s.')
  await gone
  const deaf = makePost({ may: { private: true }, timeoutMs: 200, resolve: () => new Promise(() => undefined) })
  await expect(deaf(parcel('https://hooks.example.com/'))).rejects.toThrow('It did not answer within 0.2 s.')
})

test(`[A5] of a long answer ${webhookAnswerBytes / 1024} KiB are read and no more: its status counts, and it is cut`, async () => {
  const { promise: cut, resolve } = Promise.withResolvers<void>()
  const url = await receiver((_request, response) => {
    response.on('close', resolve)
    response.write(Buffer.alloc(webhookAnswerBytes + 1)) // and then it is silent
  })
  expect(await makePost({ may: { private: true }, timeoutMs: 60_000 })(parcel(url))).toBe(200)
  await cut
})

test('[A5] a receiver that trickles its answer is cut at the bound, and its status counts', async () => {
  const url = await receiver((_request, response) => response.writeHead(202).write('.'))
  expect(await makePost({ may: { private: true }, timeoutMs: 200 })(parcel(url))).toBe(202)
})

test.each([
  ['ENOTFOUND', 'hooks.example.com has no address (ENOTFOUND).'],
  [undefined, 'hooks.example.com has no address (unknown).'],
])('[A5] a name that has no address (%s) is said to have none', async (code, says) => {
  const resolve: Resolve = () => Promise.reject(Object.assign(new Error('no'), { code }))
  await expect(makePost({ may: { private: false }, resolve })(parcel('https://hooks.example.com/'))).rejects.toThrow(
    says,
  )
})

/** A name server, and what asks it. */
async function asking(...answer: Parameters<typeof startNameServer>): Promise<NameServer & { resolve: Resolve }> {
  const server = await startNameServer(...answer)
  const resolve = ofServers(() => {
    const resolver = new Resolver({ timeout: 50, maxTimeout: 50, tries: 2 })
    resolver.setServers([server.address])
    return resolver
  })
  return { ...server, resolve }
}

test('[A5] what name servers say of a name, of either family, is what is judged and what is dialled', async () => {
  const told: Record<string, string> = { 'both.example.com': '2620:fe::fe ::1', 'mixed.example.com': '9.9.9.9 ::1' }
  const { resolve, close } = await asking((name, family) =>
    (told[name] ?? '127.0.0.1').split(' ').filter((address) => address.includes(':') === (family === 6)),
  )
  expect(await resolve('both.example.com')).toEqual([family('2620:fe::fe'), family('::1')])
  expect(await resolve('mixed.example.com')).toEqual([family('9.9.9.9'), family('::1')])
  const post = makePost({ may: { private: false }, resolve })
  for (const name of ['both', 'mixed', 'four'])
    await expect(post(parcel(`https://${name}.example.com:8443/`))).rejects.toThrow('has an address that is not public')
  expect(reached).toBe(0)
  await expect(
    makePost({ may: { private: true }, resolve })(parcel('https://four.example.com:8443/')),
  ).rejects.toThrow()
  expect(reached).toBe(1)
  close()
})

test('[A5] while name servers are silent of forty webhooks every other name is looked up at once', async () => {
  const { resolve, asked, close } = await asking(() => undefined)
  const post = makePost({ may: { private: false }, resolve })
  let over = 0
  const attempts = Array.from({ length: 40 }, async (_, i) => {
    const url = `https://n${i}.example.com/`
    await expect(post(parcel(url))).rejects.toThrow(`n${i}.example.com has no address (ETIMEOUT).`)
    over++
  })
  await lookup('localhost') // as the dial of a call does
  expect(over).toBe(0)
  await Promise.all(attempts)
  expect(new Set(asked).size).toBe(40)
  close()
})

test('[A5] no name of a webhook is looked up on the threads on which calls look up theirs', async () => {
  const kinds = new Set<string>()
  const hook = createHook({ init: (_id, kind) => void kinds.add(kind) }).enable()
  await expect(
    makePost({ may: { private: false }, timeoutMs: 50 })(parcel('https://hooks.example.invalid/')),
  ).rejects.toThrow(Unsent)
  hook.disable()
  expect([kinds.has('QUERYWRAP'), kinds.has('GETADDRINFOREQWRAP')]).toEqual([true, false])
})
