// The queue, its previews and the keys' settings over HTTP: every answer, every bad input, and whose it is.
import { beforeEach, describe, expect, test } from 'vitest'
import { Meters, type Series } from '../../src/metrics.ts'
import { total, withoutPresence } from '../../src/series.ts'
import { MemoryHouse, type Answer } from './house.ts'

const tenants = '/admin/v1/tenants'
let house: MemoryHouse
let tenant: string
let key: { id: string; key: string }

beforeEach(async () => {
  house = new MemoryHouse()
  tenant = await house.tenant({ caps: { lines: 1 } })
  key = await house.key(tenant)
})

/** A call on the one line, and so many that wait. */
function calls(waiting: number): void {
  const desk = house.desks.get(tenant)
  const [, keyHash] = JSON.parse(house.kept[0] ?? '[]') as [object, string]
  const asks = {
    model: 'gpt-realtime',
    models: house.models,
    unserved: null,
    pool: 'openai',
    agent: null,
    caller: null,
  }
  for (let i = 0; i <= waiting; i++) desk?.admit({ call: `call_${i}`, tenant, keyHash, ...asks }, Date.now() + i)
}

const code = ({ status, body }: Answer) => `${status} ${(body['error'] as { code?: string } | undefined)?.code}`
const detail = ({ body }: Answer) => body['detail'] as string

describe.each(['the tenant', 'the operator'] as const)('for %s', (who) => {
  const ask = (method: string, path: string) =>
    who === 'the operator'
      ? house.ask(method, `${tenants}/${tenant}${path}`)
      : house.ask(method, `/v1${path}`, { key: key.key })

  test('[G3] the queue reads as a list in its order', async () => {
    calls(2)
    const { status, body } = await ask('GET', '/queue')
    expect(status).toBe(200)
    expect(Object.keys(body).toSorted()).toEqual(['as_of', 'data', 'lines', 'object', 'oldest_wait_ms', 'room'])
    expect(body).toMatchObject({
      object: 'queue',
      lines: { live: 1, waiting: 2, cap: 1, over: 0 },
      room: 50,
      data: [
        { call: 'call_1', position: 1, eta_ms: null, short: 'lines', key: key.id, agent: null, model: 'gpt-realtime' },
        { call: 'call_2', position: 2 },
      ],
    })
    expect(new Date(body['as_of'] as string).toISOString()).toBe(body['as_of'])
  })

  test('[G4] a caller is removed once; then it has left, and a live one is not touched', async () => {
    calls(2)
    const { status, body } = await ask('DELETE', '/queue/call_1')
    expect([status, body]).toMatchObject([200, { object: 'queue.removed', call: 'call_1', position: 1 }])
    const again = await ask('DELETE', '/queue/call_1')
    expect([code(again), detail(again)]).toEqual([
      '409 caller_left_queue',
      'The call call_1 has left the queue already, and its place is free. It is being told why, or is gone.',
    ])
    const live = await ask('DELETE', '/queue/call_0')
    expect([code(live), detail(live)]).toEqual([
      '409 caller_put_through',
      'The call call_0 waits no more: it has a line. A live call is not ended by taking it from the queue.',
    ])
    expect((await ask('GET', '/queue')).body).toMatchObject({ lines: { live: 1, waiting: 1 } })
  })

  test.each(['call_9', '%00', 'x'.repeat(300), '__proto__'])('[A1] there is no caller %s', async (call) => {
    expect(code(await ask('DELETE', `/queue/${call}`))).toBe('404 call_not_found')
  })

  test.each(['GET /queue?limit=5', 'DELETE /queue/call_1?force=true'])('[A2] %s is 400', async (route) => {
    calls(1)
    const [method = '', path = ''] = route.split(' ')
    const answer = await ask(method, path)
    expect([code(answer), detail(answer)]).toEqual(['400 invalid_body', expect.stringContaining('Unrecognized key')])
    expect((await ask('GET', '/queue')).body).toMatchObject({ lines: { waiting: 1 } })
  })
})

test.each(['GET /v1/queue', 'DELETE /v1/queue/call_1'])('[K3] %s wants a key that is good', async (route) => {
  calls(1)
  const [method = '', path = ''] = route.split(' ')
  expect(code(await house.ask(method, path, { key: null }))).toBe('401 missing_api_key')
  expect(code(await house.ask(method, path, { key: 'sk-1' }))).toBe('401 invalid_api_key')
  await house.ask('DELETE', `${tenants}/${tenant}/keys/${key.id}`)
  expect(code(await house.ask(method, path, { key: key.key }))).toBe('401 revoked_api_key')
  expect((await house.ask('GET', `${tenants}/${tenant}/queue`)).body).toMatchObject({ lines: { waiting: 1 } })
})

test('[K5] a tenant sees and removes its own callers alone', async () => {
  calls(1)
  const other = await house.key(await house.tenant())
  expect((await house.ask('GET', '/v1/queue', { key: other.key })).body['data']).toEqual([])
  expect(code(await house.ask('DELETE', '/v1/queue/call_1', { key: other.key }))).toBe('404 call_not_found')
})

test('[G7] the tenant and the operator read how many are over the cap', async () => {
  calls(0)
  await house.ask('PATCH', `${tenants}/${tenant}`, { body: { caps: { lines: 0 } } })
  const lines = { live: 1, waiting: 0, cap: 0, over: 1 }
  expect((await house.ask('GET', `${tenants}/${tenant}`)).body).toMatchObject({ lines })
  expect((await house.ask('GET', '/v1/me', { key: key.key })).body).toMatchObject({ lines })
})

function edit(query: string, body: unknown, what = ''): Promise<Answer> {
  return house.ask('PATCH', `${tenants}/${tenant}${what}${query}`, { body })
}

describe('an edit', () => {
  test('[G7] is previewed with the numbers that it then has, and changes nothing', async () => {
    calls(3)
    const before = (await house.ask('GET', `${tenants}/${tenant}`)).body
    const { status, body } = await edit('?preview=true', { caps: { lines: 3 }, name: 'New' })
    expect([status, body]).toMatchObject([
      200,
      {
        object: 'preview',
        tenant: { id: tenant, name: 'New', caps: { lines: 3 } },
        lines: { live: 3, waiting: 1, cap: 3, over: 0 },
        room: { now: 50, after: 50 },
        put_through: 2,
        turned_away: 0,
        ends: 0,
        notes: ['The cap would be 3 instead of 1.', '2 of 3 waiting callers would be put through at once.'],
      },
    ])
    expect((await house.ask('GET', `${tenants}/${tenant}`)).body).toEqual(before)
    expect((await edit('?preview=false', { name: 'New' })).body).toMatchObject({ object: 'tenant', name: 'New' })
  })

  test.each(['?preview=1', '?preview=', '?preview=TRUE', '?dry_run=true', '?preview=true&x=1'])(
    '[A2] with %s is 400, and nothing is changed',
    async (query) => {
      for (const what of ['', `/keys/${key.id}`]) {
        const answer = await edit(query, { name: 'New' }, what)
        expect(code(answer)).toBe('400 invalid_body')
        expect(detail(answer)).toMatch(/preview: |Unrecognized key: "(dry_run|x)"/)
      }
      expect((await house.ask('GET', `${tenants}/${tenant}`)).body['name']).toBe('Acme')
    },
  )

  test.each([-1, 1e9, 2.5, 1e300, '5'])(
    '[A2] to a cap of %j is 400 with the bounds, previewed or not',
    async (lines) => {
      const [whole, said] = ['is no whole number from 0 to 100,000', 'caps.lines']
      for (const query of ['', '?preview=true']) {
        const answer = await edit(query, { caps: { lines } })
        expect([answer.status, detail(answer), answer.body['error']]).toMatchObject([
          400,
          `${said}: ${whole}`,
          { param: said },
        ])
        const ofAgent = await edit(query, { caps: { agents: { sales: lines } } })
        expect([ofAgent.status, detail(ofAgent)]).toEqual([400, `caps.agents.sales: ${whole}`])
        const ofKey = await edit(query, { lines }, `/keys/${key.id}`)
        expect([ofKey.status, detail(ofKey)]).toEqual([400, `lines: ${whole}`])
      }
    },
  )

  test('[G8] of a key is previewed, done, and reads back', async () => {
    calls(1)
    const body = { name: 'VIP', lines: 1, headStartSeconds: 300 }
    const seen = await edit('?preview=true', body, `/keys/${key.id}`)
    expect(seen.body).toMatchObject({
      object: 'preview',
      key: { id: key.id, ...body },
      lines: { live: 1, waiting: 1, cap: 1, over: 0 },
      put_through: 0,
      ends: 0,
    })
    expect(seen.body['notes']).toHaveLength(3)
    expect(seen.text).not.toContain(key.key)
    expect((await edit('', {}, `/keys/${key.id}`)).body).toMatchObject({
      name: 'first',
      lines: null,
      headStartSeconds: 0,
    })
    const { status, body: now, text } = await edit('', body, `/keys/${key.id}`)
    expect([status, now]).toMatchObject([200, { id: key.id, ...body, revoked_at: null }])
    expect(text).not.toMatch(/[0-9a-f]{64}/)
    expect((await house.ask('GET', `${tenants}/${tenant}/keys`)).body['data']).toEqual([now])
    const rotated = await house.ask('POST', `${tenants}/${tenant}/keys/${key.id}/rotate`)
    expect(rotated.body).toMatchObject(body)
  })

  test.each([
    ['name', ''],
    ['headStartSeconds', -1],
    ['headStartSeconds', 3_601],
    ['headStartSeconds', 0.5],
    ['headStartSeconds', null],
    ['lines', true],
    ['hint', 'x'],
    ['revoked_at', null],
  ])('[A2] of the key’s %s to %j is 400', async (name, value) => {
    const answer = await edit('', { [name]: value }, `/keys/${key.id}`)
    expect([code(answer), detail(answer)]).toEqual(['400 invalid_body', expect.stringContaining(name)])
    expect(code(await house.ask('POST', `${tenants}/${tenant}/keys`, { body: { name: 'k', [name]: value } }))).toBe(
      '400 invalid_body',
    )
  })
})

function report(live: number, oldest: number): Series {
  const meters = new Meters()
  for (const name of ['trunkline_calls_live', 'trunkline_calls_waiting', 'trunkline_calls_cap'] as const)
    meters.count(name, { plan: 'trial' }, live)
  meters.count('trunkline_queue_oldest_wait_seconds', { plan: 'trial' }, oldest)
  meters.observe('trunkline_queue_wait_seconds', { plan: 'trial', outcome: 'served' }, oldest)
  return meters.series
}

describe('what several desks come to', () => {
  test('[M1] counts add up, the oldest wait is the oldest of all, over desks and pools', async () => {
    house.series = [total([report(1, 4), report(2, 30)]), total([report(3, 7)])]
    const { text } = await house.ask('GET', '/metrics')
    expect(text).toContain('trunkline_calls_live{plan="trial"} 6\n')
    expect(text).toContain('trunkline_queue_oldest_wait_seconds{plan="trial"} 30\n')
    expect(text).toContain('trunkline_queue_wait_seconds_sum{plan="trial",outcome="served"} 41\n')
    expect(text).toContain('trunkline_queue_oldest_wait_seconds{plan="scale"} 0\n')
    expect(text).toContain('trunkline_calls_waiting{plan="scale"} 0\n')
  })

  test('[M1] of a desk that is not heard any more nobody is known to be there; its cap and its counts stand', () => {
    const kept = Object.keys(withoutPresence(report(2, 5))).map((id) => id.slice(0, id.indexOf('{')))
    expect(new Set(kept)).toEqual(
      new Set([
        'trunkline_calls_cap',
        'trunkline_queue_wait_seconds_bucket',
        'trunkline_queue_wait_seconds_sum',
        'trunkline_queue_wait_seconds_count',
      ]),
    )
  })
})
