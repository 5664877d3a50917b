// A tenant’s budgets over HTTP while calls are live: what was used and is left, how a refusal reads to a stock client, and what its operator sees and lifts.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI, { RateLimitError } from 'openai'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Broker, MadeTenant } from '../support/broker.ts'
import { Caller, liveCaller, type CallerOptions } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { at } from '../support/gathering.ts'
import { pricedBroker } from '../support/priced-broker.ts'

const model = 'gpt-realtime-2.1'
/** A cent a token: a reply of a hundred tokens is a dollar. */
const dear = { input: 10_000, cached: 10_000, output: 10_000 }

let broker: Broker
let callers: Caller[] = []
beforeAll(async () => {
  broker = await pricedBroker({ [model]: { text: dear, audio: dear } })
})
afterAll(() => broker.close())
afterEach(() => {
  for (const caller of callers.splice(0)) caller.vanish()
})

const tenantOf = (settings: object = {}): Promise<MadeTenant> => broker.tenant({ plan: 'scale', ...settings })

async function live({ key }: MadeTenant, options?: CallerOptions): Promise<Caller> {
  const caller = await liveCaller(broker.wsUrl, key, options)
  callers.push(caller)
  return caller
}

/** One reply, of which the desk was told. */
async function talked(tenant: MadeTenant, options?: CallerOptions): Promise<Caller> {
  const before = (await broker.usage(tenant))['replies'] ?? 0
  const caller = await live(tenant, options)
  caller.send({ type: 'response.create' })
  await caller.next('response.done')
  await eventually(
    () => broker.usage(tenant),
    ({ replies }) => replies === before + 1,
  )
  return caller
}

interface Bucket {
  results: Record<string, number | string | null>[]
}

test('[L9] what calls used is told apart by agent and model, comes to the whole, and stands in figures and headers', async () => {
  const tenant = await tenantOf({ budgets: { tokensPerMonth: 1_000_000 } })
  await talked(tenant, { query: { trunkline_agent: 'sales' } })
  await talked(tenant, { query: { trunkline_agent: 'support' } })
  const month = await broker.usage(tenant)
  const path = `/v1/usage?bucket_width=1h&limit=2&group_by=agent,model`
  const { body, headers } = await broker.ask('GET', path, tenant.key)
  const results = (body['data'] as Bucket[]).flatMap(({ results }) => results)
  const labels = new Set(results.map(({ agent, model, key }) => [agent, model, key].join(' ')))
  expect(labels).toEqual(new Set([`sales ${model} `, `support ${model} `]))
  for (const account of ['tokens', 'input', 'output', 'micro_usd', 'replies'])
    expect(results.reduce((sum, result) => sum + Number(result[account]), 0)).toBe(month[account])
  const operators = await broker.admin(
    'GET',
    `/tenants/${tenant.id}/usage?bucket_width=1h&limit=2&group_by=agent,model`,
  )
  expect(operators.body['data']).toEqual(body['data'])

  const me = (await broker.ask('GET', '/v1/me', tenant.key)).body
  const [budget] = me['budgets'] as Record<string, unknown>[]
  expect(budget).toMatchObject({ window: 'month', of: 'tokens', limit: 1_000_000, used: month['tokens'], state: 'ok' })
  expect(headers.get('x-ratelimit-limit-tokens')).toBe('1000000')
  expect(headers.get('x-ratelimit-remaining-tokens')).toBe(String(budget?.['left']))
  expect(headers.get('ratelimit')).toContain(`"tokens-month";r=${String(budget?.['left'])};t=`)
})

/** A proxy that counts what comes, in front of the broker. */
async function counted(): Promise<{ url: string; requests: string[]; server: Server }> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    const { authorization = '' } = request.headers
    void fetch(broker.url + (request.url ?? ''), { headers: { authorization } }).then(async (answer) => {
      response.writeHead(
        answer.status,
        Object.fromEntries([...answer.headers].filter(([name]) => name !== 'transfer-encoding')),
      )
      response.end(Buffer.from(await answer.arrayBuffer()))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests, server }
}

test('[L9] [R5] a lowered budget: what its preview said, and a typed error for the openai SDK after one attempt', async () => {
  const tenant = await tenantOf({ overflow: 'upgrade' })
  const caller = await talked(tenant)
  const { tokens } = await broker.usage(tenant)
  const path = `/tenants/${tenant.id}`
  const change = { budgets: { tokensPerMonth: 1 } }
  const preview = (await broker.admin('PATCH', `${path}?preview=true`, change)).body
  expect(preview).toMatchObject({ ends: 1, turned_away: 0 })
  const [note] = preview['notes'] as string[]
  expect(note).toContain(
    `The budget of 1 tokens for this month would be spent at once: ${tokens} tokens are used. 1 live call would wrap up`,
  )

  await broker.admin('PATCH', path, change)
  expect(await caller.error(15_000)).toMatchObject({ code: 'budget_exhausted' })

  const proxy = await counted()
  const client = new OpenAI({ apiKey: tenant.key, baseURL: proxy.url })
  const thrown: unknown = await client.get('/realtime', { query: { model } }).catch((error: unknown) => error)
  proxy.server.close()
  expect(thrown).toBeInstanceOf(RateLimitError)
  expect(thrown).toMatchObject({ status: 429, code: 'budget_exhausted', type: 'rate_limit_error' })
  expect(proxy.requests).toEqual([`/v1/realtime?model=${model}`])

  const upgrade = new Caller(broker.wsUrl, tenant.key)
  callers.push(upgrade)
  const { status, headers, body } = await upgrade.refusal()
  expect(status).toBe(429)
  const wait = Number(headers['retry-after'])
  expect(wait).toBeGreaterThan(0)
  expect(wait).toBeLessThanOrEqual(31 * 86_400)
  expect(headers).toMatchObject({
    'x-should-retry': wait > 60 ? 'false' : 'true',
    'x-ratelimit-limit-tokens': '1',
    'x-ratelimit-remaining-tokens': '0',
    'ratelimit-policy': expect.stringMatching(/^"tokens-month";q=1;w=\d+;qu="tokens"$/) as string,
    ratelimit: expect.stringMatching(/^"tokens-month";r=0;t=\d+$/) as string,
  })
  expect(JSON.parse(body)).toMatchObject({
    type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
    'violated-policies': ['tokens-month'],
    error: { code: 'budget_exhausted' },
  })

  await broker.admin('PATCH', path, { budgets: { tokensPerMonth: null } })
  const asked = await broker.ask('GET', `/v1/realtime?model=${model}`, tenant.key)
  expect([asked.status, asked.body['error']]).toMatchObject([426, { code: 'upgrade_required' }])
  await live(tenant)
})

test('[L7] [A3] a trial that burns too fast is suspended, its operator lifts it, and both stand in its log', async () => {
  const tenant = await tenantOf({ plan: 'trial', budgets: { spendUsdPerHour: 100_000 } })
  const path = `/tenants/${tenant.id}`
  const caller = await live(tenant)
  const suspended = async (): Promise<unknown> => (await broker.admin('GET', path)).body['suspended_since']
  const refused = await broker.admin('POST', `${path}/resume`)
  expect([refused.status, refused.body['error']]).toMatchObject([409, { code: 'not_suspended' }])
  // Much to read and little to hear: the goodbye comes soon.
  const session = { type: 'realtime', instructions: 'Be brief. '.repeat(300), output_modalities: ['text'] }
  caller.send({ type: 'session.update', session })
  await caller.next('session.updated')
  for (let reply = 1; (await suspended()) === null && reply <= 9; reply++) {
    caller.send({ type: 'response.create' })
    await caller.until(() => caller.of('response.done').length >= reply, 'a reply')
    await eventually(
      async () => (await broker.usage(tenant))['replies'] ?? 0,
      (replies) => replies >= reply,
    )
  }
  expect(await caller.error(15_000)).toMatchObject({ code: 'tenant_suspended' })
  const asked = await broker.ask('GET', `/v1/realtime?model=${model}`, tenant.key)
  expect([asked.status, asked.body['error']]).toMatchObject([429, { code: 'tenant_suspended' }])
  expect(asked.headers.get('x-should-retry')).toBe('false')
  expect((await broker.ask('GET', '/v1/me', tenant.key)).body['suspended_since']).toBe(await suspended())

  const lifted = await broker.admin('POST', `${path}/resume`)
  expect([lifted.status, lifted.body['suspended_since']]).toEqual([200, null])
  expect((await broker.ask('GET', `/v1/realtime?model=${model}`, tenant.key)).status).toBe(426)
  const log = (await broker.admin('GET', `${path}/audit`)).body['data'] as Record<string, unknown>[]
  expect(log.map(({ id, who, what }) => [id, who, what])).toEqual([
    [4, 'operator', 'tenant.resumed'],
    [3, 'broker', 'tenant.suspended'],
    [2, 'operator', 'key.created'],
    [1, 'operator', 'tenant.created'],
  ])
  const [, suspension] = log
  expect(suspension?.['figures']).toMatchObject({ most: 50_000_000 })
  expect(Number(at(suspension, 'figures.micro_usd_per_hour'))).toBeGreaterThan(50_000_000)
})
