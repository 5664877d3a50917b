// Whole deliveries on Node: a desk in a file, real sockets, a clock that is moved; and the embedded store as it keeps messages.
import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { clock } from '../../broker/clock.ts'
import type { Store } from '../../broker/store.ts'
import { openEmbedded } from '../../broker/stores/embedded.ts'
import { makePost } from '../../broker/webhook-post.ts'
import { lostRecord } from '../../src/desk-counts.ts'
import { Courier } from '../../src/courier.ts'
import { newHook, shownHook } from '../../src/hook-edits.ts'
import { webHmac } from '../../src/http/hmac.ts'
import { messageClaimMs } from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { Offer } from '../../src/ports.ts'
import { eventually } from '../support/eventually.ts'

const tenant = `ten_${'1'.padStart(32, '0')}`
const created_at = '2026-11-24T00:00:00.000Z'
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

interface Came {
  headers: IncomingHttpHeaders
  body: string
}

let dir: string
let store: Store
let server: Server
let url: string
let came: Came[] = []
let lateMs = 0
let answer: (response: ServerResponse, came: Came) => void
const faults: unknown[] = []
const now = Date.now

beforeEach(async () => {
  vi.spyOn(Date, 'now').mockImplementation(() => now() + lateMs)
  came = []
  answer = (response) => response.end()
  server = createServer(async (request, response) => {
    const one = { headers: request.headers, body: '' }
    for await (const piece of request) one.body += String(piece)
    came.push(one)
    answer(response, one)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  dir = mkdtempSync(join(tmpdir(), 'trunkline-webhooks-'))
  store = open()
  await makeDesk()
})
afterEach(async () => {
  await store.close()
  server.closeAllConnections()
  server.close()
  rmSync(dir, { recursive: true })
  vi.restoreAllMocks()
  expect(faults.splice(0)).toEqual([])
})

function open(timeoutMs = 2_000): Store {
  const post = makePost({ may: { private: true }, timeoutMs })
  return openEmbedded({
    dir,
    pools: { openai: { tokensPerMinute: null, sessions: null } },
    calls: { seated: () => undefined, told: () => undefined },
    tell: () => undefined,
    courier: new Courier({ now: () => clock.now(), hmac: webHmac, post }),
    fault: (_of, error) => faults.push(error),
  })
}

const desk = () => store.homes.desk(tenant)

async function makeDesk(): Promise<void> {
  await desk().create({
    ...TenantSettings.parse({ name: 'Acme', plan: 'trial', caps: { lines: 2 } }),
    id: tenant,
    created_at,
  })
  const times = { created_at, expires_at: null, revoked_at: null }
  await desk().addKey({ id: 'k1', name: 'first', lines: null, headStartSeconds: 0, hint: '…', ...times }, 'hash')
  await desk().addHook(newHook('hook_1', { url, events: null, enabled: true }, secret, created_at))
}

function offer(call: string): Offer {
  const asks = { model: 'gpt-realtime', models: ['gpt-realtime'], agent: 'sales', caller: null, unserved: null }
  return { call, tenant, keyHash: 'hash', ...asks, pool: 'openai' }
}

async function talk(call: string): Promise<void> {
  expect(await store.desks.admit(offer(call))).toMatchObject({ is: 'granted' })
  const ref = { call, tenant, key: 'k1', agent: 'sales', caller: null, model: 'gpt-realtime', pool: 'openai' }
  const lost = lostRecord('gpt-realtime', 61_000)
  const outcome = { ...lost.outcome, by: 'caller', why: 'hung_up', code: 1000 } as const
  await store.desks.end(ref, [], { ...lost, outcome, tokens: 1_234 })
}

const arrived = (count: number): Promise<Came[]> =>
  eventually(
    async () => came,
    (all) => all.length >= count,
  )

const shown = async (): Promise<Record<string, unknown>> => {
  const [kept] = (await desk().hooks()) ?? []
  return kept === undefined ? {} : shownHook(kept)
}

const noted = (status: number | null): Promise<Record<string, unknown>> =>
  eventually(shown, ({ last }) => last !== null && (last as { status: number | null }).status === status)

/** As after a start of the process: its files are read anew. */
async function restart(timeoutMs?: number): Promise<void> {
  await store.close()
  store = open(timeoutMs)
}

test('[A5] a call that ended is told, and the receiver verifies it with the library of Standard Webhooks', async () => {
  await talk('call_1')
  const [{ headers, body } = { headers: {}, body: '' }] = await arrived(1)
  expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
    type: 'call.ended',
    data: {
      tenant,
      call: 'call_1',
      key: 'k1',
      agent: 'sales',
      live_ms: 61_000,
      tokens: 1_234,
      outcome_by: 'caller',
      outcome_why: 'hung_up',
    },
  })
  expect(headers['webhook-id']).toBe('call_1_ended')
  expect(await noted(200)).toMatchObject({ enabled: true, last: { error: null } })
  const series = await eventually(
    () => store.homes.pool('openai').series(),
    (all) => all['trunkline_webhook_deliveries_total{"outcome":"delivered"}'] === 1,
  )
  expect(series['trunkline_webhook_messages_waiting{}']).toBe(0)
})

test('[A5] after a 500 it is told again once its time has come, also by the next life of the process', async () => {
  answer = (response) => response.writeHead(500).end()
  await talk('call_1')
  await noted(500)
  await restart()
  await eventually(shown, () => true)
  expect(came).toHaveLength(1) // not before its time
  answer = (response) => response.end()
  lateMs += 6_000
  await restart()
  await arrived(2)
  expect(came.map(({ headers }) => headers['webhook-id'])).toEqual(['call_1_ended', 'call_1_ended'])
  expect(came[1]?.body).toBe(came[0]?.body)
  await noted(200)
})

test('[A5] a process that dies between sending and noting: the next one tells it again', async () => {
  const { promise: sent, resolve } = Promise.withResolvers<void>()
  answer = () => resolve() // no answer: it dies first
  await talk('call_1')
  await sent
  lateMs += messageClaimMs
  answer = (response) => response.end()
  await restart()
  await arrived(2)
  expect(came.map(({ headers }) => headers['webhook-id'])).toEqual(['call_1_ended', 'call_1_ended'])
  await noted(200)
})

test('[A5] 410 switches the endpoint off: nothing more is sent, until it is switched on', async () => {
  answer = (response) => response.writeHead(410).end()
  await talk('call_1')
  expect(await noted(410)).toMatchObject({ enabled: false, disabled_reason: expect.stringContaining('410') as string })
  await talk('call_2')
  await desk().changeHook('hook_1', { enabled: true })
  answer = (response) => response.end()
  await talk('call_3')
  await arrived(2)
  await noted(200)
  expect(came.map(({ headers }) => headers['webhook-id'])).toEqual(['call_1_ended', 'call_3_ended'])
})

test('[A5] a redirect is not followed: it is a failure like others', async () => {
  answer = (response) => response.writeHead(307, { location: `${url}/elsewhere` }).end()
  await talk('call_1')
  expect(await noted(307)).toMatchObject({ enabled: true, last: { error: 'It answered 307.' } })
  expect(came).toHaveLength(1)
})

test('[A5] calls go on while a receiver hangs', async () => {
  await restart(60_000)
  answer = () => undefined
  await talk('call_1')
  await arrived(1)
  for (let i = 2; i < 12; i++) await talk(`call_${i}`)
  expect(await shown()).toMatchObject({ last: null }) // none of them waited for what comes of it
})

test('[A5] a receiver that hangs is cut at its bound', async () => {
  await restart(300)
  answer = () => undefined
  await talk('call_1')
  expect(await noted(null)).toMatchObject({ last: { error: 'It did not answer within 0.3 s.' } })
})

test('[A5] two secrets hold after a rotation: a receiver that knows only one of them takes it', async () => {
  const fresh = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'
  await desk().rotateHook('hook_1', fresh, 10_000)
  await talk('call_1')
  const [{ headers, body } = { headers: {}, body: '' }] = await arrived(1)
  for (const known of [secret, fresh])
    expect(new Webhook(known).verify(body, headers as Record<string, string>)).toMatchObject({ type: 'call.ended' })
  await noted(200)
  lateMs += 10_000
  await talk('call_2')
  await arrived(2)
  expect(came[1]?.headers['webhook-signature']).not.toContain(' ')
  await noted(200)
})

test('[A5] a test is sent at once and its outcome told', async () => {
  answer = (response) => response.writeHead(503).end()
  expect(await desk().testHook('hook_1', tenant, 'msg_1')).toEqual({ status: 503, error: 'It answered 503.' })
  const [one] = came
  expect(new Webhook(secret).verify(one?.body ?? '', one?.headers as Record<string, string>)).toMatchObject({
    type: 'webhook.test',
    data: { tenant, webhook: 'hook_1' },
  })
})
