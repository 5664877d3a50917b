// Webhooks of a real Durable Object in workerd: its alarm sends what is due, whatever became of the object; and what its runtime's URL lets by.
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { lostRecord } from '../../src/desk-counts.ts'
import { newHook } from '../../src/hook-edits.ts'
import type { KeptHook } from '../../src/hook.ts'
import { urlProblem } from '../../src/http/webhook-post.ts'
import { messageClaimMs, webhookAnswerBytes } from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { Offer } from '../../src/ports.ts'
import type { DeskObject } from '../../worker/desk-object.ts'
import { makePost, policyOf } from '../../worker/webhook-post.ts'
import { eventually } from '../support/eventually.ts'
import { nameForms, textForms } from '../support/ssrf-forms.ts'

const created_at = '2026-11-24T00:00:00.000Z'
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const now = Date.now
let lateMs = 0
let tenants = 0
let tenant: string
let came: { url: string; init: RequestInit }[]
let answer: () => Promise<Response>

beforeEach(async () => {
  lateMs = 0
  came = []
  answer = async () => new Response('ok')
  vi.spyOn(Date, 'now').mockImplementation(() => now() + lateMs)
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
    came.push({ url: url as string, init: init as RequestInit })
    return answer()
  })
  tenant = `ten_${(0xa0000 + tenants++).toString(16).padStart(32, '0')}`
  await desk().create({ ...TenantSettings.parse({ name: 'Acme', plan: 'trial' }), id: tenant, created_at })
  const times = { created_at, expires_at: null, revoked_at: null }
  await desk().addKey({ id: 'k1', name: 'first', lines: null, headStartSeconds: 0, hint: '…', ...times }, 'hash')
  const settings = { url: 'https://hooks.example.com/in', events: null, enabled: true }
  await desk().addHook(newHook('hook_1', settings, secret, created_at))
})
afterEach(() => vi.restoreAllMocks())

/** Each time a new one: a stub that saw its object end is dead. */
function desk(): DurableObjectStub<DeskObject> {
  return env.DESK.getByName(tenant)
}

async function talk(call: string): Promise<void> {
  const asks = { model: 'm', models: ['m'], agent: null, caller: null, unserved: null, pool: 'openai' }
  const offer: Offer = { call, tenant, keyHash: 'hash', ...asks }
  await desk().admit(offer)
  await desk().end(
    { call, tenant, key: 'k1', agent: null, caller: null, model: 'm', pool: 'openai' },
    [],
    lostRecord('m', 5),
  )
}

const arrived = (count: number): Promise<number> =>
  eventually(
    async () => came.length,
    (there) => there >= count,
  )

const noted = (status: number): Promise<KeptHook | undefined> =>
  eventually(
    async () => ((await desk().hooks()) as KeptHook[] | undefined)?.[0],
    (kept) => kept?.state?.status === status,
  )

async function end(): Promise<void> {
  await runInDurableObject(desk(), (_object, state) => state.abort('ended by a test')).catch(() => undefined)
}

test('[A5] a call that ended is told by its desk’s object: signed, and no redirect is followed', async () => {
  await talk('call_1')
  await arrived(1)
  const [{ url, init } = { url: '', init: {} }] = came
  expect([url, init.method, init.redirect]).toEqual(['https://hooks.example.com/in', 'POST', 'manual'])
  const headers = init.headers as Record<string, string>
  expect(new Webhook(secret).verify(init.body as string, headers)).toMatchObject({ type: 'call.ended' })
  expect(headers['webhook-id']).toBe('call_1_ended')
  await noted(200)
})

test('[A5] what failed is sent by the alarm when its time has come, also where the object was reset meanwhile', async () => {
  answer = async () => new Response('no', { status: 500 })
  await talk('call_1')
  await noted(500)
  await end()
  answer = async () => new Response('ok')
  lateMs += 6_000
  const at = await runInDurableObject(desk(), (_object, { storage }) => storage.getAlarm())
  expect(at).not.toBeNull()
  await runDurableObjectAlarm(desk())
  await arrived(2)
  await noted(200)
  expect(came.map(({ init }) => (init.headers as Record<string, string>)['webhook-id'])).toEqual([
    'call_1_ended',
    'call_1_ended',
  ])
})

test('[A5] an object that ends between sending and noting sends it again', async () => {
  answer = () => new Promise(() => undefined)
  await talk('call_1')
  await arrived(1)
  await end()
  answer = async () => new Response('ok')
  lateMs += messageClaimMs + 1
  await desk().read() // whoever wakes it
  await arrived(2)
  await noted(200)
})

/** Runs the alarm; after how long the next one is set. Those come first that report what was counted, and that look after a claim. */
async function ahead(): Promise<number> {
  lateMs += messageClaimMs
  await runDurableObjectAlarm(desk())
  return runInDurableObject(desk(), async (_object, { storage }) => ((await storage.getAlarm()) ?? 0) - Date.now())
}

test('[A5] an idle desk arms its alarm for the next attempt, hours ahead', async () => {
  answer = async () => new Response('no', { status: 500 })
  await talk('call_1')
  await noted(500)
  for (const waitMs of [7_000, 400_000, 2_400_000]) {
    lateMs += waitMs
    const before = came.length
    await runDurableObjectAlarm(desk())
    await arrived(before + 1)
  }
  const at = await eventually(ahead, (ms) => ms > 3_600_000)
  expect(at).toBeLessThan(1.2 * 7_200_000)
  expect(came).toHaveLength(4)
})

test('[A5] of more than 300 forms that lead inside the runtime’s URL lets none by', () => {
  expect(textForms.filter((url) => urlProblem(url, { private: false }) === undefined)).toEqual([])
})

test('[A5] a name cannot be pinned here: where the operator names the hosts, no other is told', async () => {
  const may = policyOf({ ...env, TRUNKLINE_WEBHOOK_HOSTS: 'hooks.example.org, *.acme.example' })
  const post = makePost(may)
  for (const { url } of nameForms) await expect(post({ url, headers: {}, body: '' })).rejects.toThrow('does not tell')
  for (const url of textForms) await expect(post({ url, headers: {}, body: '' })).rejects.toThrow('Its URL')
  expect(came).toEqual([])
  expect(await post({ url: 'https://a.acme.example/', headers: {}, body: '' })).toBe(200)
  expect(policyOf(env)).toEqual({ private: false, hosts: undefined })
})

test('[A5] a receiver that does not answer is cut at its bound, one that floods at 64 KiB', async () => {
  vi.mocked(fetch).mockImplementation(
    (_url, init) =>
      new Promise((_resolve, reject) => {
        const signal = (init as RequestInit).signal as AbortSignal
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      }),
  )
  const post = makePost({ private: false }, 50)
  const parcel = { url: 'https://hooks.example.com/', headers: {}, body: '' }
  await expect(post(parcel)).rejects.toThrow('It did not answer within 0.05 s.')
  let pulled = 0
  const flood = new ReadableStream({
    pull: (controller) => {
      pulled += 8_192
      controller.enqueue(new Uint8Array(8_192))
    },
  })
  vi.mocked(fetch).mockImplementation(async () => new Response(flood))
  expect(await makePost({ private: false })(parcel)).toBe(200)
  expect(pulled).toBeLessThan(2 * webhookAnswerBytes)
})
