// How an upgrade would be answered, asked without one: typed over HTTP, where stock clients can read it.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import OpenAI, { APIError, BadRequestError, RateLimitError } from 'openai'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { app } from '../../src/http/app.ts'
import { still } from '../support/words.ts'
import { MemoryHouse, operatorKey } from './house.ts'

const model = 'gpt-realtime'
let house: MemoryHouse
let id: string
let key: string

async function tenant(own: object): Promise<void> {
  id = await house.tenant({ plan: 'scale', ...own })
  ;({ key } = await house.key(id))
}

beforeEach(async () => {
  house = new MemoryHouse()
  await tenant({})
})

/** A call that has used so many tokens, and holds some more. */
function talk(input_audio: number, input: number): void {
  const ref = { call: 'c', tenant: id, key: 'k', agent: null, caller: null, model: 'm', pool: 'openai' }
  const desk = house.desks.get(id)
  desk?.records.open({ id: 'c', key: 'k', agent: null, model: 'm', pool: 'openai', began: 0, admitted: 0 })
  const hold = { input, output: 0, micro_usd: 0 }
  desk?.debit(ref, [{ id: 'r', model: 'm', amounts: { input_audio } }], { ...still, hold }, Date.now())
}

async function asked(path = `/v1/realtime?model=${model}`, as: string | null = key): Promise<string> {
  const { status, body, headers } = await house.ask('GET', path, { key: as })
  return `${status} ${(body['error'] as { code: string }).code} ${headers.get('x-should-retry')}`
}

test('[L9] who would be let in is told to come with a WebSocket, and so is who sends no key', async () => {
  expect(await asked()).toBe('426 upgrade_required false')
  for (const path of [`/v1/realtime?model=${model}`, '/v1/realtime'])
    expect(await asked(path, null)).toBe('426 upgrade_required false')
})

test('[L9] a key that is bad, and a model that is not there, are what they are to an upgrade', async () => {
  for (const bad of ['sk-1', operatorKey, `${key}x`])
    expect(await asked(undefined, bad)).toBe('401 invalid_api_key false')
  expect(await asked('/v1/realtime')).toBe('400 missing_model false')
  expect(await asked('/v1/realtime?model=x')).toBe('404 model_not_found false')
  expect(await asked(`/v1/realtime?model=${model}&call_id=x`)).toBe('400 unsupported_parameter false')
  const [first] = house.desks.get(id)?.registry.keys() ?? []
  await house.ask('DELETE', `/admin/v1/tenants/${id}/keys/${first?.id}`)
  expect(await asked()).toBe('401 revoked_api_key false')
  house.desks.clear()
  expect(await asked()).toBe('401 invalid_api_key false')
})

test('[L9] a tenant that is suspended, or whose trial is over', async () => {
  house.desks.get(id)?.rosters.get('state').set('suspended', 1)
  expect(await asked()).toBe('429 tenant_suspended false')
  await tenant({ plan: 'trial', trialDays: 0 })
  expect(await asked()).toBe('403 trial_ended false')
})

test('[L9] a budget that is spent, and one of which the rest is held: soon, or not today', async () => {
  await tenant({ budgets: { tokensPerMonth: 900 } })
  talk(500, 399)
  expect(await asked()).toBe('429 budget_held true')
  talk(500, 0) // the same report again
  expect(await asked()).toBe('426 upgrade_required false')
  await tenant({ budgets: { tokensPerMonth: 500 } })
  talk(500, 0)
  const late = new Date(Date.now() + 90_000).getUTCMonth() === new Date().getUTCMonth()
  expect(await asked()).toBe(`429 budget_exhausted ${late ? 'false' : 'true'}`)
})

test('[L9] asking counts nothing and keeps nothing', async () => {
  await tenant({ budgets: { tokensPerMonth: 0 } })
  const before = house.desks.get(id)?.report(Date.now())
  await asked()
  expect(house.desks.get(id)?.report(Date.now())).toEqual(before)
  expect(house.desks.get(id)?.records.openIds()).toEqual([])
})

/** Each request that came, and the stock client in front. */
async function served(): Promise<{ client: OpenAI; requests: string[]; close: () => void }> {
  const requests: string[] = []
  const routes = app()
  const answer = getRequestListener((request) => routes.fetch(request, { house }), { overrideGlobalObjects: false })
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    void answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = new OpenAI({ apiKey: key, baseURL: `http://127.0.0.1:${port}/v1` })
  const close = (): void => void (server.closeAllConnections(), server.close())
  return { client, requests, close }
}

let close = (): void => undefined
afterEach(() => close())

async function thrown(work: Promise<unknown>): Promise<APIError> {
  const error: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (error instanceof APIError) return error
  throw new Error('the client threw no error of the API', { cause: error })
}

test('[R5] the openai SDK has a typed error of a spent budget, after one attempt', async () => {
  await tenant({ budgets: { tokensPerMonth: 0, tokensPerDay: 0 } })
  const front = await served()
  ;({ close } = front)
  const error = await thrown(front.client.get('/realtime', { query: { model } }))
  expect(error).toBeInstanceOf(RateLimitError)
  expect([error.status, error.code, error.type]).toEqual([429, 'budget_exhausted', 'rate_limit_error'])
  expect(error.requestID).toMatch(/^req_/)
  expect(error.headers?.get('x-ratelimit-remaining-tokens')).toBe('0')
  expect(error.message).toContain('budget of 0 tokens for this month is spent')
  expect(front.requests).toEqual([`/v1/realtime?model=${model}`])
})

test('[R5] where waiting is short the SDK comes again when it was told to', async () => {
  await tenant({ budgets: { tokensPerMonth: 900 } })
  talk(500, 399)
  const front = await served()
  ;({ close } = front)
  const began = performance.now()
  const error = await thrown(front.client.get('/realtime', { query: { model }, maxRetries: 1 }))
  expect([error.status, error.code]).toEqual([429, 'budget_held'])
  expect(front.requests.length).toBe(2)
  expect(performance.now() - began).toBeGreaterThan(4_900)
}, 20_000)

test('[R5] the SDK reads what was used as it reads OpenAI’s', async () => {
  talk(500, 0)
  const front = await served()
  ;({ close } = front)
  const query = { bucket_width: '1d', group_by: ['model'], limit: 1 }
  const page = await front.client.get<{ data: { results: object[] }[] }>('/usage', { query })
  expect(page.data[0]?.results).toMatchObject([{ model: 'm', tokens: 500 }])
  const bad = await thrown(front.client.get('/usage', { query: { limit: 0 } }))
  expect(bad).toBeInstanceOf(BadRequestError)
  expect(bad.param).toBe('limit')
})
