// What bad input gets at the door: no bad call takes a line or keeps one.
import { request as httpRequest } from 'node:http'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { sha256 } from '../../broker/sha256.ts'
import { makeKey } from '../../src/http/key.ts'
import { adminKey, startBroker, upstreamKey, type Answer, type Broker, type MadeTenant } from '../support/broker.ts'
import { Caller, liveCaller, type CallerOptions, type Refused } from '../support/caller.ts'

const models =
  'gpt-realtime-2.1, gpt-realtime-2.1-mini, gpt-realtime-2, gpt-realtime-1.5, gpt-realtime, gpt-realtime-mini, ' +
  'gpt-realtime-2025-08-28, gpt-realtime-mini-2025-10-06, gpt-realtime-mini-2025-12-15'

let broker: Broker
let tenant: MadeTenant
let other: MadeTenant
let sessions = 0
beforeAll(async () => {
  broker = await startBroker()
  tenant = await broker.tenant()
  other = await broker.tenant({ name: 'other' })
})
afterAll(() => broker.close())
// Nothing of a refused call: no line, no record, no dial.
afterEach(async () => {
  expect(await broker.live(tenant)).toBe(0)
  expect(await broker.records(tenant)).toEqual([])
  expect(broker.sim.totals.opened).toBe(sessions)
  expect(broker.sim.totals.refused).toBe(0)
})

function wrongInOneCharacter(key: string): string {
  return `${key.slice(0, 60)}${key[60] === 'a' ? 'b' : 'a'}${key.slice(61)}`
}

/** A1: one body, RFC 9457 members and OpenAI's `error`. */
function expectProblem(
  { status, headers, body }: Refused,
  wanted: { status: number; code: string; type: string },
): void {
  expect(status).toBe(wanted.status)
  expect(headers['content-type']).toBe('application/problem+json')
  const instance = headers['x-request-id']
  expect(instance).toMatch(/^(call|req)_[0-9a-f]{32}$/)
  const { code, type } = wanted
  const problem = JSON.parse(body) as { detail: string }
  expect(problem).toEqual({
    type: `urn:trunkline:problem:${code}`,
    title: expect.stringMatching(/./) as string,
    status,
    detail: expect.stringMatching(/./) as string,
    instance,
    error: { message: problem.detail, type, code, param: null },
  })
  expect(body).not.toContain('tlk_live_0')
}

const badKeys: { what: string; key: () => Promise<string | undefined>; code: string }[] = [
  { what: 'no key', key: async () => undefined, code: 'missing_api_key' },
  { what: 'a key of another kind', key: async () => 'sk-proj-abc', code: 'invalid_api_key' },
  { what: 'a key wrong in one character', key: async () => wrongInOneCharacter(tenant.key), code: 'invalid_api_key' },
  {
    what: 'a key of a tenant that there is not',
    // Well-formed, so that a desk is asked.
    key: async () => (await makeKey(`ten_${'0'.repeat(32)}`, sha256)).key,
    code: 'invalid_api_key',
  },
  {
    what: 'a revoked key',
    key: async () => {
      const { body } = await broker.admin('POST', `/tenants/${tenant.id}/keys`, { name: 'old' })
      await broker.admin('DELETE', `/tenants/${tenant.id}/keys/${String(body['id'])}`)
      return body['key'] as string
    },
    code: 'revoked_api_key',
  },
]

for (const keyBy of ['header', 'protocol'] as const) {
  test.each(badKeys)(`[A1] $what as a ${keyBy}: HTTP 401 before the upgrade`, async ({ key, code }) => {
    const presented = await key()
    const caller = new Caller(broker.wsUrl, presented, {
      keyBy,
      protocols: ['realtime'].slice(keyBy === 'protocol' ? 1 : 0),
    })
    const refusal = await caller.refusal()
    expectProblem(refusal, { status: 401, code, type: 'authentication_error' })
    expect(refusal.headers['www-authenticate']).toBe('Bearer')
    if (presented !== undefined) expect(refusal.body).not.toContain(presented)
    expect(refusal.headers['sec-websocket-protocol']).toBeUndefined()
  })
}

test('[A1] an authorization that is not Bearer: HTTP 401', async () => {
  const basic = new Caller(broker.wsUrl, undefined, { headers: { authorization: `Basic ${tenant.key}` } })
  expectProblem(await basic.refusal(), { status: 401, code: 'invalid_api_key', type: 'authentication_error' })
})

test('[A1] two different keys: HTTP 400; the same key twice is one key', async () => {
  const protocols = ['realtime', `openai-insecure-api-key.${other.key}`]
  const two = new Caller(broker.wsUrl, tenant.key, { protocols })
  expectProblem(await two.refusal(), { status: 400, code: 'ambiguous_api_key', type: 'invalid_request_error' })
  const same = await liveCaller(broker.wsUrl, other.key, { protocols })
  sessions++
  expect(same.ws.protocol).toBe('realtime')
  await same.hangUp()
})

test('[R4] realtime is echoed when it was offered, nothing otherwise, the key never', async () => {
  const byHeader = await liveCaller(broker.wsUrl, other.key)
  const byProtocol = await liveCaller(broker.wsUrl, other.key, { keyBy: 'protocol' })
  sessions += 2
  expect(byHeader.ws.protocol).toBe('')
  expect(byProtocol.ws.protocol).toBe('realtime')
  for (const caller of [byHeader, byProtocol]) await caller.hangUp()
})

const badWishes: { what: string; options: CallerOptions; code: string; close: number; message: string }[] = [
  {
    what: 'an unknown model',
    options: { model: 'gpt-4o' },
    code: 'model_not_found',
    close: 4004,
    message: `The model "gpt-4o" is not served here. This tenant may use: ${models}.`,
  },
  {
    what: 'no model',
    options: { model: undefined },
    code: 'missing_model',
    close: 4000,
    message: `The URL names no model. Add "?model=" with one of: ${models}.`,
  },
  {
    what: 'an OpenAI-Beta header',
    options: { headers: { 'openai-beta': 'realtime=v1' } },
    code: 'beta_api_shape_disabled',
    close: 4000,
    message: 'The beta dialect of the Realtime API is off.',
  },
  {
    what: 'a beta sub-protocol',
    options: { protocols: ['realtime', 'openai-beta.realtime-v1'] },
    code: 'beta_api_shape_disabled',
    close: 4000,
    message: 'The beta dialect of the Realtime API is off.',
  },
  {
    what: 'a transcription session',
    options: { query: { intent: 'transcription' } },
    code: 'unsupported_parameter',
    close: 4000,
    message: 'The parameter "intent" is not served here',
  },
  {
    what: 'a sideband',
    options: { query: { call_id: 'rtc_1' } },
    code: 'unsupported_parameter',
    close: 4000,
    message: 'The parameter "call_id" is not served here',
  },
]

test.each(badWishes)(
  '[C4] $what: an error event that says why, then close $close',
  async ({ options, code, close, message }) => {
    const caller = new Caller(broker.wsUrl, tenant.key, options)
    expect(await caller.error()).toMatchObject({
      type: 'invalid_request_error',
      code,
      message: expect.stringContaining(message) as string,
    })
    expect(await caller.closing(1_000)).toEqual({ code: close, reason: `invalid_request_error.${code}` })
    expect(caller.types).toEqual(['error'])
  },
)

test('[C4] a model that the tenant may not use is as unknown as one that is not served', async () => {
  const narrow = await broker.tenant({ models: ['gpt-realtime-2.1-mini'] })
  const caller = new Caller(broker.wsUrl, narrow.key)
  const message = 'The model "gpt-realtime-2.1" is not served here. This tenant may use: gpt-realtime-2.1-mini.'
  expect(await caller.error()).toMatchObject({ code: 'model_not_found', message })
  expect(await caller.closing()).toMatchObject({ code: 4004 })
  expect(await broker.records(narrow)).toEqual([])
})

test('[A1] the endpoint without an upgrade: HTTP 426, which says what is needed', async () => {
  const plain: Answer = await broker.ask('GET', '/v1/realtime?model=gpt-realtime-2.1', tenant.key)
  expect(plain.status).toBe(426)
  expect(plain.body['error']).toMatchObject({ code: 'upgrade_required', type: 'invalid_request_error' })
  expect(plain.headers.get('x-request-id')).toBe(plain.body['instance'])
})

test('[A1] two different Authorization headers: HTTP 400, at the door, for a tenant and for the operator', async () => {
  const upgrade = ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Version', '13']
  const asks: [string, string[]][] = [
    ['/v1/realtime?model=gpt-realtime-2.1', [...upgrade, 'Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==']],
    ['/v1/me', []],
    ['/admin/v1/tenants', []],
  ]
  for (const [path, more] of asks) {
    const headers = ['Host', 'broker', ...more]
    for (const key of [tenant.key, adminKey]) headers.push('Authorization', `Bearer ${key}`)
    const [status, body] = await new Promise<[number | undefined, string]>((resolve, reject) => {
      const asked = httpRequest(broker.url + path, { headers }, (response) => {
        let text = ''
        response.on('data', (data) => (text += data)).on('end', () => resolve([response.statusCode, text]))
      })
      asked.on('error', reject).end()
    })
    expect([path, status, body]).toEqual([path, 400, expect.stringContaining('"code":"ambiguous_api_key"')])
  }
})

test('[A1] an upgrade that is not a WebSocket: HTTP 426', async () => {
  const headers = { connection: 'Upgrade', upgrade: 'h2c', authorization: `Bearer ${tenant.key}` }
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const asked = httpRequest(`${broker.url}/v1/realtime?model=gpt-realtime-2.1`, { headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.on('error', reject).end()
  })
  expect(status).toBe(426)
})

test('[A1] POST to the endpoint is answered as a problem too, never by a bug', async () => {
  const posted = await broker.ask('POST', '/v1/realtime?model=gpt-realtime-2.1', tenant.key, '{}')
  expect([404, 405]).toContain(posted.status)
  expect(posted.body['error']).toMatchObject({ type: expect.stringMatching(/_error$/) as string })
})

test('[C5] the provider is dialled with our key, and nothing of the caller’s own identity', async () => {
  const headers = { 'openai-organization': 'org-theirs', 'openai-project': 'proj_theirs', 'x-secret': 'theirs' }
  const caller = await liveCaller(broker.wsUrl, other.key, {
    keyBy: 'protocol',
    headers,
    protocols: ['openai-organization.org-theirs'],
  })
  sessions++
  const session = broker.sim.sessions.at(-1)
  expect([session?.key, session?.keyFrom]).toEqual([upstreamKey, 'header'])
  const wire = JSON.stringify([session?.headers, session?.query])
  for (const secret of [other.key, 'theirs', 'openai-insecure-api-key']) expect(wire).not.toContain(secret)
  expect(JSON.stringify(caller.events)).not.toContain(upstreamKey)
  await caller.hangUp()
})

test('[R4] unknown parameters of the URL pass to the provider; the agent’s label is ours and does not', async () => {
  const query = { voice: 'a b&c=ü', trunkline_agent: 'clerk', model: 'gpt-realtime-2.1' }
  const caller = await liveCaller(broker.wsUrl, other.key, { query })
  sessions++
  expect(broker.sim.sessions.at(-1)?.query).toEqual({ model: 'gpt-realtime-2.1', voice: 'a b&c=ü' })
  await caller.hangUp()
})
