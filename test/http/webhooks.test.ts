// The operator's routes to a tenant's webhook endpoints.
import { beforeEach, expect, test } from 'vitest'
import { MemoryHouse, type Answer } from './house.ts'

let house: MemoryHouse
let tenant: string
beforeEach(async () => {
  house = new MemoryHouse()
  tenant = await house.tenant()
})

const path = (more = ''): string => `/admin/v1/tenants/${tenant}/webhooks${more}`
const make = (body: object = {}): Promise<Answer> =>
  house.ask('POST', path(), { body: { url: 'https://hooks.example.com/trunkline', ...body } })

test('[A2] [A5] an endpoint reads back as it was set, with all events unless it names some', async () => {
  const { status, body } = await make()
  expect(status).toBe(201)
  const { secret, ...shown } = body
  expect(secret).toMatch(/^whsec_[\w+/]{43}=$/)
  expect(shown).toEqual({
    object: 'webhook',
    id: expect.stringMatching(/^hook_[0-9a-f]{32}$/) as string,
    url: 'https://hooks.example.com/trunkline',
    events: null,
    enabled: true,
    disabled_reason: null,
    created_at: expect.any(String) as string,
    last: null,
  })
  expect((await house.ask('GET', path(`/${body['id'] as string}`))).body).toEqual(shown)
  const second = await make({ events: ['call.ended'], enabled: false })
  expect(second.body).toMatchObject({ events: ['call.ended'], enabled: false, disabled_reason: null })
  expect((await house.ask('GET', path())).body).toMatchObject({
    object: 'list',
    data: [{ id: body['id'] }, { id: second.body['id'] }],
    first_id: body['id'],
    last_id: second.body['id'],
  })
})

test('[K4] a secret is shown when it is made and when it is rotated, and nowhere else', async () => {
  const { body } = await make()
  const id = body['id'] as string
  const rotated = await house.ask('POST', path(`/${id}/rotate`), { body: { grace_seconds: 60 } })
  expect(rotated.status).toBe(200)
  const [first, second] = [body['secret'] as string, rotated.body['secret'] as string]
  expect(second).toMatch(/^whsec_/)
  expect(second).not.toBe(first)
  const asked = [
    await house.ask('GET', path()),
    await house.ask('GET', path(`/${id}`)),
    await house.ask('PATCH', path(`/${id}`), { body: { enabled: false } }),
    await house.ask('POST', path(`/${id}/test`)),
    await house.ask('DELETE', path(`/${id}`)),
  ]
  for (const { status, text } of asked) {
    expect(status).toBe(200)
    expect(text).not.toContain('whsec_')
  }
})

test('[A5] rotated, both secrets sign for a day unless another grace is given', async () => {
  const { body } = await make()
  const id = body['id'] as string
  const { body: fresh } = await house.ask('POST', path(`/${id}/rotate`))
  const kept = house.desks.get(tenant)?.hooks.get(id)
  expect(kept?.hook).toMatchObject({ secret: fresh['secret'], old: { secret: body['secret'] } })
  const day = (kept?.hook.old?.until ?? 0) - Date.now()
  expect(Math.abs(day - 86_400_000)).toBeLessThan(10_000)
  await house.ask('POST', path(`/${id}/rotate`), { body: { grace_seconds: 0 } })
  expect(house.desks.get(tenant)?.hooks.get(id)?.hook.old).toBeNull()
})

test('[A2] an edit changes what it names and nothing else', async () => {
  const { body } = await make({ events: ['call.ended'] })
  const { secret: _secret, ...before } = body
  const id = body['id'] as string
  const edit = async (change: object): Promise<Answer> => house.ask('PATCH', path(`/${id}`), { body: change })
  expect((await edit({})).body).toEqual(before)
  expect((await edit({ enabled: false })).body).toEqual({ ...before, enabled: false })
  expect((await edit({ url: 'https://b.example.com/' })).body).toMatchObject({
    url: 'https://b.example.com/',
    enabled: false,
  })
  expect((await edit({ events: null, enabled: true })).body).toMatchObject({ events: null, enabled: true })
})

test.each([
  [{ url: 'http://hooks.example.com/' }, 'url: begins with http://: only https:// is served'],
  [{ url: 'https://127.0.0.1/' }, 'url: names 127.0.0.1, which is no public address'],
  [{ url: 'https://169.254.169.254/' }, 'url: names 169.254.169.254, which is no public address'],
  [{ url: '' }, 'url: is empty: give a URL that begins with https://'],
  [{ url: 7 }, 'url: is no URL'],
  [{ events: [] }, 'events: is empty: name an event, or give null for all'],
  [
    { events: ['call.started'] },
    'events.0: is no event: there are budget.warning, budget.exhausted, tenant.suspended, tenant.resumed, call.ended',
  ],
  [{ secret: 'whsec_mine' }, 'body: Unrecognized key: "secret"'],
])('[A2] %j is refused, by field, with what would be right', async (own, says) => {
  const { status, body } = await make(own)
  expect(status).toBe(400)
  expect((body['error'] as { message: string }).message).toContain(says)
  const id = (await make()).body['id'] as string
  expect((await house.ask('PATCH', path(`/${id}`), { body: own })).status).toBe(400)
})

test('[A5] a tenant has five endpoints at most', async () => {
  for (let i = 0; i < 5; i++) expect((await make()).status).toBe(201)
  const sixth = await make()
  expect([sixth.status, sixth.body['error']]).toMatchObject([409, { code: 'too_many_webhooks' }])
  const { data } = (await house.ask('GET', path())).body as { data: { id: string }[] }
  await house.ask('DELETE', path(`/${data[0]?.id}`))
  expect((await make()).status).toBe(201)
})

test('[A5] a test says what came of it, and it stands with the endpoint as the last attempt', async () => {
  const id = (await make()).body['id'] as string
  const tested = await house.ask('POST', path(`/${id}/test`))
  expect([tested.status, tested.body]).toEqual([
    200,
    {
      object: 'webhook.test',
      webhook: id,
      message: expect.stringMatching(/^msg_[0-9a-f]{32}$/) as string,
      delivered: true,
      status: 200,
      error: null,
    },
  ])
  house.outcome = { status: 410, error: 'It answered 410.' }
  expect((await house.ask('POST', path(`/${id}/test`))).body).toMatchObject({ delivered: false, status: 410 })
  const { body } = await house.ask('GET', path(`/${id}`))
  expect(body).toMatchObject({ last: { status: 410, error: 'It answered 410.', at: expect.any(String) as string } })
})

test('[K5] what is not there is not found: tenant, endpoint, another tenant’s endpoint', async () => {
  const id = (await make()).body['id'] as string
  const other = await house.tenant()
  for (const place of [`${other}/webhooks/${id}`, `${tenant}/webhooks/hook_none`, `ten_none/webhooks/${id}`]) {
    const one = `/admin/v1/tenants/${place}`
    for (const [method, more] of [['GET'], ['PATCH'], ['DELETE'], ['POST', '/rotate'], ['POST', '/test']] as const)
      expect((await house.ask(method, `${one}${more ?? ''}`)).status, `${method} ${place}`).toBe(404)
  }
  expect((await house.ask('GET', '/admin/v1/tenants/ten_none/webhooks')).status).toBe(404)
  expect(
    (await house.ask('POST', '/admin/v1/tenants/ten_none/webhooks', { body: { url: 'https://a.example/' } })).status,
  ).toBe(404)
  expect((await house.ask('GET', path(), { key: null })).status).toBe(401)
})
