// What bad input gets at the operator's and the tenant's HTTP API, on the real Worker.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { adminKey, startBroker, type Broker, type MadeTenant } from '../support/broker.ts'

let broker: Broker
let tenant: MadeTenant
beforeAll(async () => {
  broker = await startBroker()
  tenant = await broker.tenant({ caps: { lines: 7 } })
})
afterAll(() => broker.close())

const routes = [
  'GET /tenants',
  'POST /tenants',
  'GET /tenants/x',
  'PATCH /tenants/x',
  'POST /tenants/x/keys',
  'GET /tenants/x/calls',
]

test.each(routes)('[A1] %s without the operator’s key: HTTP 401, whatever else is wrong', async (route) => {
  const [method = '', path = ''] = route.split(' ')
  for (const key of [undefined, 'wrong', `${adminKey}x`, tenant.key]) {
    const { status, body, headers } = await broker.ask(
      method,
      `/admin/v1${path}`,
      key,
      method === 'GET' ? undefined : 'x',
    )
    expect(status).toBe(401)
    expect(body['error']).toMatchObject({ code: 'invalid_operator_key', type: 'authentication_error' })
    expect(headers.get('www-authenticate')).toBe('Bearer')
  }
})

const good = { name: 'acme', plan: 'trial' }
const badBodies: { what: string; body: unknown; param?: string }[] = [
  { what: 'no JSON', body: '{"name":' },
  { what: 'an array', body: [] },
  { what: 'nothing', body: '', param: 'name' },
  { what: 'no plan', body: { name: 'acme' }, param: 'plan' },
  { what: 'an unknown plan', body: { ...good, plan: 'gold' }, param: 'plan' },
  { what: 'an unknown field', body: { ...good, colour: 'red' } },
  { what: 'an unknown field within', body: { ...good, caps: { lines: 1, rows: 2 } }, param: 'caps' },
  { what: 'a negative cap', body: { ...good, caps: { lines: -1 } }, param: 'caps.lines' },
  { what: 'half a line', body: { ...good, caps: { lines: 1.5 } }, param: 'caps.lines' },
  { what: 'a cap as text', body: { ...good, caps: { lines: '5' } }, param: 'caps.lines' },
  { what: 'too many lines', body: { ...good, caps: { lines: 100_001 } }, param: 'caps.lines' },
  { what: 'an empty name', body: { ...good, name: ' ' }, param: 'name' },
  { what: 'a name that is too long', body: { ...good, name: 'a'.repeat(101) }, param: 'name' },
  { what: 'a name with a control character', body: { ...good, name: 'a\u0007b' }, param: 'name' },
  { what: 'a frame size out of range', body: { ...good, frameBytes: 15 * 1024 * 1024 + 1 }, param: 'frameBytes' },
  { what: 'no models', body: { ...good, models: [] }, param: 'models' },
]

test.each(badBodies)(
  '[A2] a tenant of $what: HTTP 400 that names the field, and nothing is made',
  async ({ body, param }) => {
    const before = (await broker.admin('GET', '/tenants?limit=100')).body['data']
    const answer = await broker.admin('POST', '/tenants', body)
    expect(answer.status).toBe(400)
    expect(answer.body['error']).toMatchObject({ code: 'invalid_body', param: param ?? null })
    expect(answer.body['instance']).toBe(answer.headers.get('x-request-id'))
    expect((await broker.admin('GET', '/tenants?limit=100')).body['data']).toEqual(before)
  },
)

test('[A2] a change with a bad field changes nothing of the tenant', async () => {
  const before = (await broker.admin('GET', `/tenants/${tenant.id}`)).body
  for (const body of [
    { caps: { lines: -1 } },
    { name: 'new', colour: 'red' },
    { id: 'ten_x' },
    { plan: null },
    '[1]',
  ]) {
    expect((await broker.admin('PATCH', `/tenants/${tenant.id}`, body)).status).toBe(400)
  }
  expect((await broker.admin('GET', `/tenants/${tenant.id}`)).body).toEqual(before)
})

test('[A2] a body beyond 256 KiB: HTTP 413', async () => {
  const answer = await broker.admin('POST', '/tenants', { ...good, name: 'a'.repeat(300_000) })
  expect(answer.status).toBe(413)
  expect(answer.body['error']).toMatchObject({ code: 'body_too_large' })
})

test('[A1] a tenant, key, route or page that there is not: a problem, HTTP 404 or 400', async () => {
  const missing = ['/tenants/ten_00000000000000000000000000000000', '/tenants/%00', '/nowhere']
  for (const path of missing) expect((await broker.admin('GET', path)).status).toBe(404)
  const key = await broker.admin('DELETE', `/tenants/${tenant.id}/keys/key_none`)
  expect([key.status, key.body['error']]).toMatchObject([404, { code: 'key_not_found' }])
  expect((await broker.admin('GET', `/tenants/${tenant.id}/calls?limit=0`)).status).toBe(400)
  expect((await broker.admin('GET', `/tenants/${tenant.id}/calls?colour=red`)).status).toBe(400)
})

test('[A1] a tenant’s own page needs a key that is good', async () => {
  expect((await broker.ask('GET', '/v1/me', tenant.key)).status).toBe(200)
  for (const key of [undefined, 'wrong', adminKey]) {
    const { status, body } = await broker.ask('GET', '/v1/me', key)
    expect([status, body['error']]).toMatchObject([401, { type: 'authentication_error' }])
  }
})

test('[K1] a key is shown once: no later answer has it, nor its hash', async () => {
  const { body } = await broker.admin('POST', `/tenants/${tenant.id}/keys`, { name: 'second' })
  const secret = (body['key'] as string).split('_').at(-2) as string
  const pages = [`/tenants/${tenant.id}/keys`, `/tenants/${tenant.id}`, '/tenants', `/tenants/${tenant.id}/calls`]
  const texts = await Promise.all(pages.map(async (page) => JSON.stringify((await broker.admin('GET', page)).body)))
  for (const text of texts) expect(text).not.toContain(secret)
  expect(texts[0]).not.toMatch(/[0-9a-f]{64}/)
})

test('[K1] rotation: the old key is good for its grace and the new one at once; without grace the old one is not', async () => {
  const { body } = await broker.admin('POST', `/tenants/${tenant.id}/keys`, { name: 'turning', lines: 3 })
  const path = (key: unknown) => `/tenants/${tenant.id}/keys/${String(key)}/rotate`
  const fresh = await broker.admin('POST', path(body['id']), { grace_seconds: 60 })
  expect([fresh.status, fresh.body['name'], fresh.body['lines']]).toEqual([201, 'turning', 3])
  for (const { key } of [body, fresh.body]) expect((await broker.ask('GET', '/v1/me', key as string)).status).toBe(200)
  const last = await broker.admin('POST', path(fresh.body['id']), { grace_seconds: 0 })
  expect((await broker.ask('GET', '/v1/me', fresh.body['key'] as string)).status).toBe(401)
  expect((await broker.ask('GET', '/v1/me', last.body['key'] as string)).status).toBe(200)
  expect((await broker.admin('POST', path(body['id']), { grace_seconds: -1 })).status).toBe(400)
})
