// What stands after the `?`: a route takes what it names, and is not done with anything else.
import { beforeEach, expect, test } from 'vitest'
import { MemoryHouse, type Answer } from './house.ts'

const tenants = '/admin/v1/tenants'
let house: MemoryHouse

beforeEach(() => {
  house = new MemoryHouse()
})

function told({ status, body }: Answer): string {
  return `${status} ${(body['error'] as { code: string }).code}`
}

const edits: [method: string, path: string, body?: object][] = [
  ['POST', '', { name: 'Bell', plan: 'trial' }],
  ['GET', '/{tenant}'],
  ['GET', '/{tenant}/keys'],
  ['POST', '/{tenant}/keys', { name: 'second' }],
  ['POST', '/{tenant}/keys/{key}/rotate', { grace_seconds: 0 }],
  ['DELETE', '/{tenant}/keys/{key}'],
  ['POST', '/{tenant}/resume'],
  ['GET', '/{tenant}/queue'],
  ['DELETE', '/{tenant}/queue/call_1'],
  ['GET', '/{tenant}/sounds'],
  ['DELETE', '/{tenant}/sounds/aud_1'],
  ['POST', '/{tenant}/webhooks', { url: 'https://hooks.example/' }],
  ['PATCH', '/{tenant}/webhooks/hook_1', { enabled: false }],
  ['POST', '/{tenant}/webhooks/hook_1/rotate'],
  ['POST', '/{tenant}/webhooks/hook_1/test'],
  ['DELETE', '/{tenant}/webhooks/hook_1'],
]
test.each(edits)('[A2] %s %s takes no parameter, and is not done with one', async (method, path, body) => {
  const id = await house.tenant()
  const key = await house.key(id)
  const at = `${tenants}${path.replace('{tenant}', id).replace('{key}', key.id)}`
  const answer = await house.ask(method, `${at}?preview=true`, { body })
  expect(told(answer)).toBe('400 invalid_body')
  expect(answer.body['detail']).toMatch(/"preview"/)
  expect((await house.tenants.keys(id))?.map(({ revoked_at }) => revoked_at)).toEqual([null])
  expect([house.desks.size, house.faults]).toEqual([1, []])
})

test.each(['/v1/me', '/v1/queue', `${tenants}/{tenant}/audit`, `${tenants}/{tenant}/calls`, '/admin/v1/pools'])(
  '[A2] %s takes no parameter that it has not named',
  async (path) => {
    const id = await house.tenant()
    const { key } = await house.key(id)
    const own = path.startsWith('/v1') ? { key } : {}
    const at = path.replace('{tenant}', id)
    expect((await house.ask('GET', at, own)).status).toBe(200)
    expect(told(await house.ask('GET', `${at}?colour=red`, own))).toBe('400 invalid_body')
  },
)

test('[A2] a parameter that comes twice is not read by halves', async () => {
  const id = await house.tenant()
  const answer = await house.ask('PATCH', `${tenants}/${id}?preview=false&preview=true`, { body: { name: 'Bell' } })
  expect(told(answer)).toBe('400 invalid_body')
  expect((await house.tenants.read(id))?.tenant.name).toBe('Acme')
})

test('[A2] where a name is not known, the ones that are stand beside it', async () => {
  const id = await house.tenant()
  const says = async (method: string, path: string, body?: object): Promise<unknown> =>
    (await house.ask(method, `${tenants}/${id}${path}`, { body })).body['detail']
  expect(await says('GET', '?colour=red')).toBe('query: Unrecognized key: "colour" (known here: none)')
  expect(await says('GET', '/calls?colour=red')).toMatch(/"colour" \(known here: limit, before\)$/)
  expect(await says('PATCH', '/webhooks/hook_1', { colour: 'red' })).toMatch(/\(known here: url, events, enabled\)$/)
})

test('[A2] what is not there is not there, whatever it is asked with; who may not ask is told so first', async () => {
  expect(told(await house.ask('GET', '/admin/v1/nothing?x=1'))).toBe('404 route_not_found')
  expect(told(await house.ask('GET', '/v1/nothing?x=1'))).toBe('404 route_not_found')
  expect(told(await house.ask('GET', '/v1/me?x=1', { key: null }))).toBe('401 missing_api_key')
  expect(told(await house.ask('GET', `${tenants}?x=1`, { key: null }))).toBe('401 invalid_operator_key')
})
