// The HTTP app in front of a house in memory: who may ask what, and how each answer and each refusal looks.
import { beforeEach, describe, expect, test } from 'vitest'
import { bodyBytes, frameBytes, keysPerTenant } from '../../src/limits.ts'
import { catalogue } from '../../src/metrics.ts'
import { seriesOf } from '../../src/series.ts'
import { plans } from '../../src/plan.ts'
import { MemoryHouse, operatorKey, type Answer } from './house.ts'

const tenants = '/admin/v1/tenants'
const nobody = `${tenants}/ten_${'0'.repeat(32)}`
let house: MemoryHouse

beforeEach(() => {
  house = new MemoryHouse()
})

/** The code of a refusal, after a look at its body: one shape for both worlds. */
function refusal({ status, headers, body }: Answer): string {
  const error = body['error'] as Record<string, unknown>
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(Object.keys(body).toSorted()).toEqual(['detail', 'error', 'instance', 'status', 'title', 'type'])
  expect(body).toMatchObject({
    status,
    type: `urn:trunkline:problem:${error['code'] as string}`,
    detail: error['message'],
  })
  expect(body['instance']).toMatch(/^req_[0-9a-f]{32}$/)
  expect(headers.get('x-request-id')).toBe(body['instance'])
  expect(headers.get('cache-control')).toBe('no-store')
  expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'param', 'type'])
  return `${status} ${error['code'] as string}`
}

/** A body of so many bytes. */
function padded(bytes: number): string {
  return `{"name":"Acme","plan":"trial"${' '.repeat(bytes - 30)}}`
}

/** A body of so many levels. */
function nested(levels: number): string {
  return `{"pinned":{"a":${'['.repeat(levels - 2)}${']'.repeat(levels - 2)}}}`
}

test('[D1] a host that is no process cannot be drained', async () => {
  for (const method of ['GET', 'POST', 'DELETE'])
    expect(refusal(await house.ask(method, '/admin/v1/drain'))).toBe('404 route_not_found')
})

describe('who may ask', () => {
  const routes = [
    ['GET', tenants],
    ['POST', tenants],
    ['GET', `${tenants}/ten_1`],
    ['PATCH', `${tenants}/ten_1`],
    ['GET', `${tenants}/ten_1/keys`],
    ['POST', `${tenants}/ten_1/keys`],
    ['POST', `${tenants}/ten_1/keys/key_1/rotate`],
    ['DELETE', `${tenants}/ten_1/keys/key_1`],
    ['PATCH', `${tenants}/ten_1/keys/key_1`],
    ['GET', `${tenants}/ten_1/calls`],
    ['GET', `${tenants}/ten_1/usage`],
    ['GET', `${tenants}/ten_1/audit`],
    ['POST', `${tenants}/ten_1/resume`],
    ['GET', `${tenants}/ten_1/queue`],
    ['DELETE', `${tenants}/ten_1/queue/call_1`],
    ['POST', `${tenants}/ten_1/sounds`],
    ['GET', `${tenants}/ten_1/sounds`],
    ['GET', `${tenants}/ten_1/sounds/aud_1`],
    ['GET', `${tenants}/ten_1/sounds/aud_1/audio`],
    ['DELETE', `${tenants}/ten_1/sounds/aud_1`],
    ['GET', '/admin/anything'],
  ] as const

  test.each(routes)('[K5] %s %s is for the operator alone', async (method, path) => {
    const { key } = await house.key(await house.tenant())
    for (const other of [null, 'wrong', `${operatorKey}x`, key]) {
      const answer = await house.ask(method, path, { key: other })
      expect(refusal(answer)).toBe('401 invalid_operator_key')
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    }
  })

  test.each(routes)('[K5] %s %s is for nobody where no operator key was set', async (method, path) => {
    house.operatorKey = undefined
    for (const key of [operatorKey, 'undefined', ''])
      expect(refusal(await house.ask(method, path, { key }))).toBe('401 invalid_operator_key')
  })

  test('[K1] a tenant reads itself with a key of its own', async () => {
    const id = await house.tenant({ name: 'Bell', caps: { lines: 3 } })
    const { key, id: keyId } = await house.key(id)
    const { status, body, text } = await house.ask('GET', '/v1/me', { key })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      object: 'me',
      tenant: { id, name: 'Bell', plan: 'starter' },
      key: { id: keyId, revoked_at: null },
      models: house.models,
      lines: { live: 0, cap: 3 },
      usage: { day: { micro_usd: 0 }, month: { micro_usd: 0 } },
    })
    expect(text).not.toContain(key)
  })

  test('[L9] a tenant reads the models that it may use', async () => {
    const { key } = await house.key(await house.tenant({ models: ['gpt-realtime'] }))
    expect((await house.ask('GET', '/v1/me', { key })).body['models']).toEqual(['gpt-realtime'])
  })

  test('[K3] a key that is missing, wrong, foreign or revoked reads nothing', async () => {
    const id = await house.tenant()
    const { key, id: keyId } = await house.key(id)
    expect(refusal(await house.ask('GET', '/v1/me', { key: null }))).toBe('401 missing_api_key')
    expect(refusal(await house.ask('GET', '/v1/me', { key: 'sk-1' }))).toBe('401 invalid_api_key')
    expect(refusal(await house.ask('GET', '/v1/me', { key: `${key.slice(0, -1)}~` }))).toBe('401 invalid_api_key')
    await house.ask('DELETE', `${tenants}/${id}/keys/${keyId}`)
    for (const path of ['/v1/me', '/v1/usage', '/v1/queue'])
      expect(refusal(await house.ask('GET', path, { key }))).toBe('401 revoked_api_key')
  })
})

describe('tenants', () => {
  const full = {
    name: 'Ünïcode 中',
    plan: 'growth',
    caps: { lines: 12, agents: { 'sales @ eu': 3, support: 0 } },
    models: ['gpt-realtime'],
    pinned: { instructions: 'Be kind.', audio: { output: { voice: 'marin' } } },
    frameBytes: 65_536,
    longestCallSeconds: 600,
  }

  test('[A2] every field that is accepted reads back', async () => {
    const made = await house.ask('POST', tenants, { body: full })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({
      object: 'tenant',
      ...full,
      id: expect.stringMatching(/^ten_[0-9a-f]{32}$/),
      lines: { live: 0, cap: 12 },
    })
    const read = await house.ask('GET', `${tenants}/${made.body['id'] as string}`)
    expect([read.status, read.body]).toEqual([200, made.body])
  })

  test('[A2] every field that is changed reads back, and no other changes', async () => {
    const id = await house.tenant()
    for (const [name, value] of Object.entries(full)) {
      const before = (await house.ask('GET', `${tenants}/${id}`)).body
      const { status, body } = await house.ask('PATCH', `${tenants}/${id}`, { body: { [name]: value } })
      expect([status, body[name]]).toEqual([200, value])
      const { [name]: _was, lines: _before, budgets_now: _left, trial_ends_at: _then, ...others } = before
      const { [name]: _is, lines: _after, budgets_now: _more, trial_ends_at: _now, ...same } = body
      expect(same).toEqual(others)
    }
  })

  test('[A2] what is not said is the default', async () => {
    const { body } = await house.ask('POST', tenants, { body: { name: 'Acme', plan: 'trial' } })
    expect(body).toMatchObject({
      caps: { lines: null, agents: {} },
      models: null,
      pinned: null,
      frameBytes,
      lines: { cap: 5 },
    })
  })

  test.each([
    ['colour', { colour: 'red' }, null],
    ['Lines', { caps: { Lines: 1 } }, 'caps'],
    ['lines', { caps: { lines: 100_001 } }, 'caps.lines'],
    ['lines', { caps: { lines: -1 } }, 'caps.lines'],
    ['lines', { caps: { lines: 1e300 } }, 'caps.lines'],
    ['agents', { caps: { agents: { x: 2.5 } } }, 'caps.agents.x'],
    ['frameBytes', { frameBytes: 16_383 }, 'frameBytes'],
    ['frameBytes', { frameBytes: '65536' }, 'frameBytes'],
    ['longestCallSeconds', { longestCallSeconds: 4 }, 'longestCallSeconds'],
    ['longestCallSeconds', { longestCallSeconds: 3_601 }, 'longestCallSeconds'],
    ['models', { models: ['ok', ''] }, 'models.1'],
    ['plan', { plan: 'enterprise' }, 'plan'],
    ['name', { name: '' }, 'name'],
  ])('[A2] the field %s of %j is 400, by its path', async (name, part, param) => {
    const id = await house.tenant()
    for (const answer of [
      await house.ask('POST', tenants, { body: { name: 'Acme', plan: 'starter', ...part } }),
      await house.ask('PATCH', `${tenants}/${id}`, { body: part }),
    ]) {
      expect(refusal(answer)).toBe('400 invalid_body')
      expect(answer.body['detail']).toContain(param === null || param === 'caps' ? `"${name}"` : `${param}: `)
      expect((answer.body['error'] as { param: unknown }).param).toBe(param)
    }
    expect((await house.ask('GET', tenants)).body['data']).toHaveLength(1)
  })

  test.each(['{', 'text', '[]', 'null', '7', '"x"'])('[A1] the body %s is 400', async (body) => {
    expect(refusal(await house.ask('POST', tenants, { body }))).toBe('400 invalid_body')
  })

  test.each([
    ['a body of 65 levels', nested(65), /^pinned\.a\.0[.0]*: is nested deeper than 64 levels$/],
    [
      'one as deep as its bytes allow',
      nested(bodyBytes / 2 - 20),
      /^pinned\.a\.0[.0]*: is nested deeper than 64 levels$/,
    ],
    ['a prototype', '{"__proto__":{"name":"Bell"}}', /^__proto__: is no name/],
    ['a pinned prototype', '{"pinned":{"tools":[{"__proto__":{"a":1}}]}}', /^pinned\.tools\.0\.__proto__: is no name/],
    ['an agent of that name', '{"caps":{"agents":{"__proto__":5}}}', /^caps\.agents\.__proto__: is no name/],
  ])('[A2] %s is 400, by its path, and nothing is changed', async (_what, body, says) => {
    const id = await house.tenant()
    const answer = await house.ask('PATCH', `${tenants}/${id}`, { body })
    expect(refusal(answer)).toBe('400 invalid_body')
    expect(answer.body['detail']).toMatch(says)
    expect((answer.body['error'] as { param: string }).param).toMatch(/^(pinned\.|caps\.|__proto__$)/)
    expect(await house.tenants.audit(id, 9, undefined)).toHaveLength(1)
  })

  test('[A2] what is pinned reads back as it was, as deep as it may be and whatever its members are called', async () => {
    const id = await house.tenant()
    const pinned = {
      ...(JSON.parse(nested(64)) as { pinned: object }).pinned,
      constructor: 1,
      prototype: [{ toString: null }],
    }
    expect((await house.ask('PATCH', `${tenants}/${id}`, { body: { pinned } })).body['pinned']).toEqual(pinned)
    expect((await house.ask('GET', `${tenants}/${id}`)).body['pinned']).toEqual(pinned)
  })

  test('[A1] no body is an empty one', async () => {
    expect(refusal(await house.ask('POST', tenants))).toBe('400 invalid_body')
    expect((await house.ask('PATCH', `${tenants}/${await house.tenant()}`)).status).toBe(200)
  })

  test('[A1] a body of exactly the bound is read, one byte more is 413', async () => {
    expect((await house.ask('POST', tenants, { body: padded(bodyBytes) })).status).toBe(201)
    expect(refusal(await house.ask('POST', tenants, { body: padded(bodyBytes + 1) }))).toBe('413 body_too_large')
    const wide = JSON.stringify({ name: 'Acme', plan: 'trial', pinned: { x: '中'.repeat(bodyBytes / 2) } })
    expect(refusal(await house.ask('POST', tenants, { body: wide }))).toBe('413 body_too_large')
  })

  test('[A2] are listed in order, page by page', async () => {
    const ids = []
    for (let i = 0; i < 3; i++) ids.push(await house.tenant({ name: `T${i}` }))
    ids.sort()
    const first = await house.ask('GET', `${tenants}?limit=2`)
    expect(first.body).toMatchObject({ object: 'list', has_more: true, first_id: ids[0], last_id: ids[1] })
    const second = await house.ask('GET', `${tenants}?limit=2&after=${ids[1]}`)
    expect(second.body).toMatchObject({ has_more: false, data: [{ id: ids[2], plan: 'starter' }] })
    expect((await house.ask('GET', `${tenants}?after=${ids[2]}`)).body).toMatchObject({
      data: [],
      has_more: false,
      first_id: null,
      last_id: null,
    })
  })

  test.each(['limit=0', 'limit=101', 'limit=x', 'limit=1.5', 'limit=', 'colour=red', `after=${'x'.repeat(101)}`])(
    '[A2] a page of %s is 400',
    async (query) => {
      const answer = await house.ask('GET', `${tenants}?${query}`)
      expect(refusal(answer)).toBe('400 invalid_body')
      expect(answer.body['detail']).toContain(query.split('=')[0])
    },
  )
})

describe('keys', () => {
  test('[K1] are shown once, and kept as a hash', async () => {
    const id = await house.tenant()
    const made = await house.ask('POST', `${tenants}/${id}/keys`, { body: { name: 'first', lines: 2 } })
    const key = made.body['key'] as string
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({
      name: 'first',
      lines: 2,
      expires_at: null,
      revoked_at: null,
      hint: `…${key.slice(-4)}`,
    })
    const list = await house.ask('GET', `${tenants}/${id}/keys`)
    const { key: _key, ...rest } = made.body
    expect(list.body).toEqual({
      object: 'list',
      data: [rest],
      has_more: false,
      first_id: rest['id'],
      last_id: rest['id'],
    })
    const secret = key.split('_')[3] ?? ''
    for (const text of [list.text, ...house.kept, (await house.ask('GET', `${tenants}/${id}`)).text])
      expect(text).not.toContain(secret)
  })

  test('[K1] rotate: two are valid for the grace, then one', async () => {
    const id = await house.tenant()
    const old = await house.key(id, { lines: 4 })
    const from = Date.now()
    const fresh = await house.ask('POST', `${tenants}/${id}/keys/${old.id}/rotate`, { body: { grace_seconds: 60 } })
    expect(fresh.body).toMatchObject({ name: 'first', lines: 4, expires_at: null })
    for (const key of [old.key, fresh.body['key'] as string])
      expect((await house.ask('GET', '/v1/me', { key })).status).toBe(200)
    const list = (await house.ask('GET', `${tenants}/${id}/keys`)).body['data'] as {
      id: string
      expires_at: string | null
    }[]
    const ends = Date.parse(list.find((one) => one.id === old.id)?.expires_at ?? '')
    expect(ends - from).toBeGreaterThanOrEqual(60_000)
    expect(ends - from).toBeLessThan(70_000)
  })

  test('[K1] rotate with no grace ends the old one at once, with none said after a day', async () => {
    const id = await house.tenant()
    const [a, b] = [await house.key(id), await house.key(id)]
    await house.ask('POST', `${tenants}/${id}/keys/${a.id}/rotate`, { body: { grace_seconds: 0 } })
    expect((await house.ask('GET', '/v1/me', { key: a.key })).status).toBe(401)
    await house.ask('POST', `${tenants}/${id}/keys/${b.id}/rotate`)
    const list = (await house.ask('GET', `${tenants}/${id}/keys`)).body['data'] as {
      id: string
      expires_at: string | null
    }[]
    const day = Date.parse(list.find((one) => one.id === b.id)?.expires_at ?? '') - Date.now()
    expect(day).toBeGreaterThan(86_000_000)
    expect(day).toBeLessThanOrEqual(86_400_000)
  })

  test('[K1] rotate: a key that is over stays over, and nothing is made', async () => {
    const id = await house.tenant()
    const [old, good] = [await house.key(id), await house.key(id)]
    await house.ask('DELETE', `${tenants}/${id}/keys/${old.id}`)
    expect(refusal(await house.ask('POST', `${tenants}/${id}/keys/${old.id}/rotate`))).toBe('409 key_over')
    expect((await house.tenants.keys(id))?.map(({ id }) => id)).toEqual([old.id, good.id].toSorted())
  })

  test('[K1] rotate: with as many keys as may be, one takes another’s place, and none stands beside it', async () => {
    const id = await house.tenant()
    const all = await Promise.all(Array.from({ length: keysPerTenant }, () => house.key(id)))
    const at = `${tenants}/${id}/keys/${all[0]?.id}/rotate`
    expect(refusal(await house.ask('POST', at, { body: { grace_seconds: 1 } }))).toBe('409 too_many_keys')
    expect((await house.ask('GET', '/v1/me', { key: all[0]?.key ?? '' })).body).toMatchObject({
      key: { expires_at: null },
    })
    expect((await house.ask('POST', at, { body: { grace_seconds: 0 } })).status).toBe(201)
  })

  test.each([-1, 604_801, 1.5, '60'])('[A2] a grace of %j is 400', async (grace_seconds) => {
    const id = await house.tenant()
    const { id: key } = await house.key(id)
    expect(refusal(await house.ask('POST', `${tenants}/${id}/keys/${key}/rotate`, { body: { grace_seconds } }))).toBe(
      '400 invalid_body',
    )
    expect((await house.ask('GET', `${tenants}/${id}/keys`)).body['data']).toHaveLength(1)
  })

  test('[K1] a tenant has so many, and no more', async () => {
    const id = await house.tenant()
    for (let i = 0; i < keysPerTenant; i++) await house.key(id)
    expect(refusal(await house.ask('POST', `${tenants}/${id}/keys`, { body: { name: 'one more' } }))).toBe(
      '409 too_many_keys',
    )
  })
})

describe('what is not there', () => {
  test.each([
    ['GET', '/', '404 route_not_found'],
    ['GET', '/v1/unknown', '404 route_not_found'],
    ['PUT', nobody, '404 route_not_found'],
    ['GET', `${nobody}/unknown`, '404 route_not_found'],
    ['GET', nobody, '404 tenant_not_found'],
    ['PATCH', nobody, '404 tenant_not_found'],
    ['GET', `${nobody}/keys`, '404 tenant_not_found'],
    ['GET', `${nobody}/calls`, '404 tenant_not_found'],
    ['GET', `${nobody}/queue`, '404 tenant_not_found'],
    ['DELETE', `${nobody}/queue/call_1`, '404 tenant_not_found'],
    ['PATCH', `${nobody}?preview=true`, '404 tenant_not_found'],
    ['PATCH', `${nobody}/keys/key_1`, '404 key_not_found'],
    ['PATCH', `${nobody}/keys/key_1?preview=true`, '404 key_not_found'],
    ['GET', `${nobody}/sounds`, '404 tenant_not_found'],
    ['GET', `${nobody}/sounds/aud_1`, '404 tenant_not_found'],
    ['GET', `${nobody}/sounds/aud_1/audio`, '404 tenant_not_found'],
    ['DELETE', `${nobody}/sounds/aud_1`, '404 tenant_not_found'],
    ['POST', `${nobody}/keys/key_1/rotate`, '404 tenant_not_found'],
    ['DELETE', `${nobody}/keys/key_1`, '404 key_not_found'],
  ])('[A1] %s %s is %s', async (method, path, said) => {
    expect(refusal(await house.ask(method, path))).toBe(said)
  })

  test('[A1] a key is made for a tenant that is there', async () => {
    expect(refusal(await house.ask('POST', `${nobody}/keys`, { body: { name: 'k' } }))).toBe('404 tenant_not_found')
  })

  test("[K5] another tenant's key is not there", async () => {
    const [a, b] = [await house.tenant(), await house.tenant()]
    const { id, key } = await house.key(a)
    expect(refusal(await house.ask('DELETE', `${tenants}/${b}/keys/${id}`))).toBe('404 key_not_found')
    expect(refusal(await house.ask('POST', `${tenants}/${b}/keys/${id}/rotate`))).toBe('404 key_not_found')
    expect((await house.ask('GET', '/v1/me', { key })).status).toBe(200)
  })

  test('[A1] what is wrong in us is told as such, without a word of what it was', async () => {
    house.tenants.read = () => Promise.reject(new Error('secret of the store'))
    const answer = await house.ask('GET', nobody)
    expect(refusal(answer)).toBe('500 internal_error')
    expect(answer.text).not.toContain('secret')
    expect(house.faults).toHaveLength(1)
  })

  test('[R5] the SDK is told not to try again what will not get better', async () => {
    expect((await house.ask('GET', '/nowhere')).headers.get('x-should-retry')).toBe('false')
    expect((await house.ask('GET', '/v1/realtime', { key: null })).headers.get('upgrade')).toBe('websocket')
  })
})

describe('health and metrics', () => {
  test('[D1] is live, and ready when nothing is missing', async () => {
    expect((await house.ask('GET', '/livez', { key: null })).status).toBe(200)
    expect((await house.ask('GET', '/readyz', { key: null })).status).toBe(200)
    house.problems = ['a', 'b']
    const { status, text } = await house.ask('GET', '/readyz', { key: null })
    expect([status, text]).toEqual([503, 'not ready: a; b\n'])
  })

  test('[M1] the page has help and type of every metric of the catalogue, and no other', async () => {
    const { text, headers } = await house.ask('GET', '/metrics', { key: null })
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type])
    expect(Object.fromEntries(types)).toEqual(
      Object.fromEntries(Object.entries(catalogue).map(([name, { kind }]) => [name, kind])),
    )
    for (const [name, { help }] of Object.entries(catalogue)) expect(text).toContain(`# HELP ${name} ${help}\n`)
  })

  test('[M1] every line of the page is a comment or a sample', async () => {
    house.series = [{ [seriesOf('trunkline_voice_seconds_total', { plan: 'a"b\\c\nd' })]: 1.5 }]
    const { text } = await house.ask('GET', '/metrics')
    const sample = /^trunkline_\w+(\{(\w+="(\\.|[^"\\\n])*",?)*\})? -?[\d.]+(e[+-]\d+)?$/
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('# '))
    expect(lines.filter((line) => !sample.test(line))).toEqual([])
    expect(lines.length).toBeGreaterThan(10)
  })

  test("[M1] says what runs, and every plan's gauges where nobody reported", async () => {
    const { text } = await house.ask('GET', '/metrics')
    expect(text).toContain('trunkline_build_info{version="1.2.3",host="memory"} 1\n')
    for (const plan of Object.keys(plans)) {
      expect(text).toContain(`trunkline_calls_live{plan="${plan}"} 0\n`)
      expect(text).toContain(`trunkline_admissions_total{plan="${plan}",decision="refused",reason="lines_full"} 0\n`)
    }
  })

  test('[M2] adds up the desks of all tenants, and names none', async () => {
    const counted = seriesOf('trunkline_admissions_total', { plan: 'trial', decision: 'admitted', reason: 'granted' })
    const bucket = seriesOf('trunkline_overhead_seconds_bucket', { plan: 'trial', le: '0.01' })
    house.series = [
      { [counted]: 2, [bucket]: 1 },
      { [counted]: 3, [bucket]: 1 },
    ]
    const id = await house.tenant({ name: 'Bell' })
    const { text } = await house.ask('GET', '/metrics')
    expect(text).toContain('trunkline_admissions_total{plan="trial",decision="admitted",reason="granted"} 5\n')
    expect(text).toContain('trunkline_overhead_seconds_bucket{plan="trial",le="0.01"} 2\n')
    expect(text).not.toMatch(new RegExp(`tenant=|${id}|Bell`))
    for (const { labels } of Object.values(catalogue)) expect(labels).not.toContain('tenant')
  })
})

test('[C1] the calls of a tenant are listed newest first, page by page', async () => {
  const id = await house.tenant()
  const { key } = await house.key(id)
  expect((await house.ask('GET', '/v1/me', { key })).status).toBe(200)
  const desk = house.desks.get(id)
  for (const call of ['call_1', 'call_2', 'call_3'])
    desk?.records.open({
      id: call,
      key: 'key_1',
      agent: null,
      model: 'gpt-realtime',
      pool: 'openai',
      began: 5,
      admitted: null,
    })
  const first = await house.ask('GET', `${tenants}/${id}/calls?limit=2`)
  expect(first.body).toMatchObject({ object: 'list', has_more: true, first_id: 'call_3', last_id: 'call_2' })
  const second = await house.ask('GET', `${tenants}/${id}/calls?limit=2&before=call_2`)
  expect(second.body).toMatchObject({ has_more: false, data: [{ id: 'call_1', ended: null, record: null, began: 5 }] })
})

test('[A1] every answer has a request id and is not to be guessed at', async () => {
  for (const path of ['/livez', '/metrics', tenants, '/nowhere']) {
    const { headers } = await house.ask('GET', path)
    expect(headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  }
})
