// The operator reads what was done to a tenant, and lifts a suspension.
import { beforeEach, expect, test } from 'vitest'
import { MemoryHouse, type Answer } from './house.ts'

let house: MemoryHouse
let path: string

beforeEach(async () => {
  house = new MemoryHouse()
  path = `/admin/v1/tenants/${await house.tenant({ plan: 'trial' })}`
})

const log = (query = ''): Promise<Answer> => house.ask('GET', `${path}/audit${query}`)
const whats = ({ body }: Answer): unknown[] => (body['data'] as { what: string }[]).map(({ what }) => what)

test('[A3] every edit of a tenant and its keys stands in its log, newest first, and no key does', async () => {
  const id = path.split('/').at(-1) ?? ''
  const { key, id: first } = await house.key(id, { lines: 2 })
  await house.ask('PATCH', path, { body: { budgets: { tokensPerDay: 7 } } })
  await house.ask('PATCH', `${path}?preview=true`, { body: { name: 'never' } })
  await house.ask('PATCH', `${path}/keys/${first}`, { body: { lines: 3 } })
  const second = await house.ask('POST', `${path}/keys/${first}/rotate`, { body: { grace_seconds: 60 } })
  await house.ask('DELETE', `${path}/keys/${first}`)
  const answer = await log()
  expect(whats(answer)).toEqual([
    'key.ended',
    'key.ended',
    'key.created',
    'key.changed',
    'tenant.changed',
    'key.created',
    'tenant.created',
  ])
  const [, , , changed, edited] = answer.body['data'] as object[]
  const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/) as string
  const whole = { object: 'audit.entry', who: 'operator', figures: null, at }
  expect(changed).toEqual({
    ...whole,
    id: 4,
    what: 'key.changed',
    key: first,
    before: { lines: 2 },
    after: { lines: 3 },
  })
  expect(edited).toEqual({
    ...whole,
    id: 3,
    what: 'tenant.changed',
    key: null,
    before: { budgets: {} },
    after: { budgets: { tokensPerDay: 7 } },
  })
  for (const secret of [key, String(second.body['key'])]) {
    const [, , , text = ''] = secret.split('_')
    expect(answer.text).not.toContain(text)
  }
  expect(answer.text).not.toMatch(/[0-9a-f]{64}/)
})

test('[A3] in pages', async () => {
  for (const name of ['a', 'b', 'c']) await house.ask('PATCH', path, { body: { name } })
  const first = await log('?limit=3')
  expect(first.body).toMatchObject({ object: 'list', has_more: true, first_id: 4, last_id: 2 })
  const last = await log('?limit=3&before=2')
  expect([whats(last), last.body['has_more'], last.body['last_id']]).toEqual([['tenant.created'], false, 1])
  expect((await log('?before=1')).body).toMatchObject({ data: [], has_more: false, first_id: null, last_id: null })
  for (const bad of ['limit=0', 'limit=101', 'before=x', 'before=0', 'after=1'])
    expect((await log(`?${bad}`)).status).toBe(400)
  expect((await house.ask('GET', '/admin/v1/tenants/ten_1/audit')).status).toBe(404)
})

test('[L7] a suspension is lifted by the operator, once', async () => {
  const refused = await house.ask('POST', `${path}/resume`)
  expect([refused.status, refused.body['error']]).toMatchObject([409, { code: 'not_suspended' }])
  house.desks
    .get(path.split('/').at(-1) ?? '')
    ?.rosters.get('state')
    .set('suspended', 1)
  expect((await house.ask('GET', path)).body['suspended_since']).toBe('1970-01-01T00:00:00.001Z')
  const lifted = await house.ask('POST', `${path}/resume`)
  expect([lifted.status, lifted.body['object'], lifted.body['suspended_since']]).toEqual([200, 'tenant', null])
  expect((await house.ask('POST', `${path}/resume`)).status).toBe(409)
  expect(whats(await log('?limit=1'))).toEqual(['tenant.resumed'])
  expect((await house.ask('POST', '/admin/v1/tenants/ten_1/resume')).status).toBe(404)
})

test('[K5] neither is for a tenant', async () => {
  const { key } = await house.key(path.split('/').at(-1) ?? '')
  expect((await house.ask('GET', `${path}/audit`, { key })).status).toBe(401)
  expect((await house.ask('POST', `${path}/resume`, { key })).status).toBe(401)
})
