// What was used over HTTP: for a tenant and the operator, by hours or days, grouped, in pages, as JSON and as CSV.
import { beforeEach, expect, test } from 'vitest'
import { usageQuery } from '../../src/http/usage-query.ts'
import { still } from '../support/words.ts'
import { MemoryHouse, type Answer } from './house.ts'

const hourMs = 3_600_000
let house: MemoryHouse
let id: string
let key: { id: string; key: string }

beforeEach(async () => {
  house = new MemoryHouse()
  id = await house.tenant({ timezone: 'Asia/Kolkata' })
  key = await house.key(id)
})

/** One call of an agent that used so many tokens at a moment. */
function used(call: string, agent: string | null, tokens: number, now = Date.now()): void {
  const ref = { call, tenant: id, key: key.id, agent, caller: null, model: 'm1', pool: 'openai' }
  const desk = house.desks.get(id)
  desk?.records.open({ id: call, key: key.id, agent, model: 'm1', pool: 'openai', began: now, admitted: now })
  desk?.debit(ref, [{ id: 'r', model: 'm1', amounts: { input_audio: tokens, replies: 1, micro_usd: 7 } }], still, now)
}

const usage = (query = ''): Promise<Answer> => house.ask('GET', `/v1/usage${query}`, { key: key.key })

interface Bucket {
  start_time: number
  end_time: number
  results: Record<string, unknown>[]
}
const data = ({ body }: Answer): Bucket[] => body['data'] as Bucket[]

test('[L9] a tenant reads its last seven days, by its own clock, the one that runs last', async () => {
  used('c1', null, 500)
  const answer = await usage()
  expect(answer.status).toBe(200)
  expect(answer.body).toMatchObject({
    object: 'page',
    timezone: 'Asia/Kolkata',
    group_by: [],
    has_more: false,
    next_page: null,
  })
  expect(Math.abs(Date.parse(String(answer.body['as_of'])) - Date.now())).toBeLessThan(10_000)
  const buckets = data(answer)
  expect(buckets.length).toBe(7)
  for (const { start_time, end_time } of buckets) {
    expect(end_time - start_time).toBe(86_400)
    expect(start_time % 86_400).toBe(86_400 - 5.5 * 3_600)
  }
  expect(buckets.map(({ results }) => results.length)).toEqual([0, 0, 0, 0, 0, 0, 1])
  expect(buckets[6]?.results[0]).toMatchObject({ tokens: 500, input_audio: 500, replies: 1, micro_usd: 7, key: null })
  expect(Number(buckets[6]?.end_time) * 1000).toBeGreaterThan(Date.now())
})

test('[L9] the operator reads the same of any tenant, and nobody reads another’s', async () => {
  used('c1', 'sales', 500)
  const other = await house.tenant()
  const theirs = await house.ask('GET', `/admin/v1/tenants/${id}/usage?group_by=agent`)
  expect(data(theirs)).toEqual(data(await usage('?group_by=agent')))
  const none = await house.ask('GET', `/admin/v1/tenants/${other}/usage?group_by=agent`)
  expect(data(none).flatMap(({ results }) => results)).toEqual([])
  expect((await house.ask('GET', '/admin/v1/tenants/ten_1/usage')).status).toBe(404)
  expect((await house.ask('GET', `/admin/v1/tenants/${id}/usage`, { key: key.key })).status).toBe(401)
  expect((await house.ask('GET', '/v1/usage', { key: null })).status).toBe(401)
})

test.each(['group_by=agent,model', 'group_by=agent&group_by=model', 'group_by%5B%5D=agent&group_by%5B%5D=model'])(
  '[L9] groups as clients ask for them: %s',
  async (query) => {
    used('c1', 'sales', 500)
    used('c2', 'support', 40)
    used('c3', null, 3)
    const answer = await usage(`?limit=1&${query}`)
    expect(answer.body['group_by']).toEqual(['agent', 'model'])
    const rows = data(answer)[0]?.results.map(({ key, agent, model, tokens }) => [key, agent, model, tokens])
    expect(rows).toEqual([
      [null, 'sales', 'm1', 500],
      [null, 'support', 'm1', 40],
      [null, null, 'm1', 3],
    ])
  },
)

test('[L9] hours in pages: each begins where the one before ended, and together they are the whole', async () => {
  const now = Date.now()
  for (let i = 0; i < 5; i++) used(`c${i}`, null, 10 + i, now - i * hourMs)
  const range = `bucket_width=1h&start_time=${Math.floor(now / 1000) - 4 * 3_600}&end_time=${new Date(now).toISOString()}`
  const seen: Bucket[] = []
  for (let page = ''; page !== 'null';) {
    const answer = await usage(`?${range}&limit=2${page && `&page=${page}`}`)
    expect(answer.body['has_more']).toBe(answer.body['next_page'] !== null)
    expect(data(answer).length).toBeLessThanOrEqual(2)
    seen.push(...data(answer))
    page = `${answer.body['next_page'] as string | null}`
  }
  expect(seen).toEqual(data(await usage(`?${range}&limit=9`)))
  expect(seen.flatMap(({ results }) => results.map(({ tokens }) => tokens))).toEqual([14, 13, 12, 11, 10])
})

const bad: [query: string, param: string, says: RegExp][] = [
  ['bucket_width=1m', 'bucket_width', /"1h" nor "1d"/],
  ['limit=0', 'limit', /from 1 to 31/],
  ['limit=32', 'limit', /from 1 to 31/],
  ['limit=169&bucket_width=1h', 'limit', /from 1 to 168/],
  ['limit=x', 'limit', /number/],
  ['start_time=yesterday', 'start_time', /seconds since 1970, or ISO 8601/],
  ['start_time=2026-11-21', 'start_time', /with its offset/],
  ['end_time=2026-11-21T00:00:00', 'end_time', /with its offset/],
  ['start_time=99999999999', 'start_time', /not before now/],
  ['start_time=1000', 'start_time', /kept for 35 days/],
  ['bucket_width=1h&start_time=1000', 'start_time', /kept for 8 days/],
  ['group_by=tenant', 'group_by.0', /"key", "agent", "model"/],
  ['page=2', 'page', /"next_page"/],
  ['page=page_0', 'page', /kept for 35 days/],
  ['page=page_99999999999', 'page', /after the time that is asked for/],
  ['end_time=100', 'end_time', /kept for 35 days/],
  ['bucket_width=1h&end_time=100', 'end_time', /kept for 8 days/],
  ['limit=abc', 'limit', /no whole number from 1 to 31/],
  ['limit=', 'limit', /no whole number from 1 to 31/],
  ['limit=0x2', 'limit', /no whole number from 1 to 31/],
  ['limit=2&limit=3', 'limit', /string/],
  ['format=xml', 'format', /"json" nor "csv"/],
  ['colour=red', '', /colour/],
]
test.each(bad)('[A2] ?%s is refused, by its name and with what would be right', async (query, param, says) => {
  const { status, body } = await usage(`?${query}`)
  expect(status).toBe(400)
  expect(body['error']).toMatchObject({
    code: 'invalid_body',
    param: param || null,
    message: expect.stringMatching(says),
  })
})

const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString()

test('[L9] what is kept can be asked for, in any time zone, and what is older is refused', async () => {
  const behind = `${daysAgo(3).slice(0, 23)}-05:00`
  const buckets = data(await usage(`?start_time=${encodeURIComponent(behind)}&limit=31`))
  expect(Date.parse(behind) - Number(buckets[0]?.start_time) * 1000).toBeGreaterThanOrEqual(0)
  expect(Date.parse(behind) - Number(buckets[0]?.end_time) * 1000).toBeLessThan(0)
  expect((await usage(`?start_time=${daysAgo(35.5)}`)).status).toBe(200)
  expect((await usage(`?start_time=${daysAgo(36.1)}`)).status).toBe(400)
})

test('[L9] the last moment that is kept may be asked for, the one before it not, nor what has not begun', () => {
  const now = Date.parse('2026-11-21T12:30:00Z')
  const oldest = now / 1000 - 36 * 86_400
  const taken = (given: Record<string, string>) => usageQuery(now).safeParse(given).data?.ask
  for (const name of ['start_time', 'page'] as const) {
    const at = (seconds: number): string => (name === 'page' ? `page_${seconds}` : `${seconds}`)
    expect(taken({ [name]: at(oldest) })).toMatchObject({ from: oldest * 1000, last: false, apart: false })
    expect(taken({ [name]: at(oldest - 1) })).toBeUndefined()
    expect(taken({ [name]: at(now / 1000 - 1) })).toBeDefined()
    expect(taken({ [name]: at(now / 1000) })).toBeUndefined()
  }
  expect(taken({ end_time: `${oldest}` })).toBeUndefined()
  expect(taken({ end_time: `${oldest + 1}` })).toMatchObject({
    from: oldest * 1000,
    until: (oldest + 1) * 1000,
    last: true,
  })
})

test('[L9] an end before the start is refused', async () => {
  const now = Math.floor(Date.now() / 1000)
  expect((await usage(`?start_time=${now - 60}&end_time=${now - 60}`)).body['detail']).toMatch(
    /^start_time: is not before "end_time"/,
  )
  expect((await usage(`?start_time=${now - 60}&end_time=${now + 9_999_999}`)).status).toBe(200)
})

test('[L9] the same rows as CSV, whichever way it is asked for, and no cell that a spreadsheet would execute', async () => {
  used('c1', '=cmd|"calc"', 500)
  used('c2', 'a,b', 40)
  used('c3', '@x', 4)
  used('c4', null, 3)
  const query = '?limit=1&group_by=agent'
  const asked = await house.ask('GET', `/v1/usage${query}`, { key: key.key, headers: { accept: 'text/csv' } })
  const csv = await usage(`${query}&format=csv`)
  expect(csv.text).toBe(asked.text)
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(csv.headers.get('content-disposition')).toBe('attachment; filename="usage.csv"')
  const [head = '', ...rows] = csv.text.split('\r\n')
  const [bucket] = data(await usage(query))
  expect(head.split(',').slice(0, 6)).toEqual(['start_time', 'end_time', 'key', 'agent', 'model', 'calls'])
  expect(new Set(head.split(','))).toEqual(
    new Set(['start_time', 'end_time', ...Object.keys(bucket?.results[0] ?? {}).filter((name) => name !== 'object')]),
  )
  const begins = new Date(Number(bucket?.start_time) * 1000).toISOString()
  expect(rows.map((row) => row.slice(0, begins.length))).toEqual([begins, begins, begins, begins, ''])
  const ends = new Date(Number(bucket?.end_time) * 1000).toISOString()
  expect(rows.filter((row) => row.startsWith(`${begins},${ends},,,,0,`)).length).toBe(1) // no key, no agent, no model; a call that has not ended
  expect(rows.filter((row) => row.includes(`,"'=cmd|""calc""",`)).length).toBe(1)
  expect(rows.filter((row) => row.includes(`,"a,b",`)).length).toBe(1)
  expect(rows.filter((row) => row.includes(`,'@x,`)).length).toBe(1)
  expect(csv.headers.get('link')).toBeNull()
})

test.each([
  ["x;=cmd|'/C calc'!A0;", `"x;=cmd|'/C calc'!A0;"`],
  ['\n=1+1', `"'\n=1+1"`],
  ['＝1+1', `"'＝1+1"`],
  [' @x', `' @x`],
  ['\u200b-1', `"'\u200b-1"`],
  ['sales @ eu', 'sales @ eu'],
])('[L9] a label that was kept before labels were checked, %j, is text in any spreadsheet', async (agent, cell) => {
  used('c1', agent, 1)
  const { text } = await usage('?limit=1&group_by=agent&format=csv')
  expect(
    text
      .split('\r\n')[1]
      ?.split(/(?<=Z),/)[2]
      ?.startsWith(`,${cell},,0`),
  ).toBe(true)
})

test('[L9] CSV names its next page in a Link, and JSON is what is sent to who takes anything', async () => {
  const start = Math.floor(Date.now() / 1000) - 3 * 86_400
  const csv = await usage(`?limit=1&start_time=${start}&format=csv`)
  const [, path = ''] = /^<(.*)>; rel="next"$/.exec(csv.headers.get('link') ?? '') ?? []
  const next = await house.ask('GET', path.replace('format=csv', 'format=json'), { key: key.key })
  const page = (await usage(`?limit=1&start_time=${start}`)).body['next_page']
  expect(data(next)).toEqual(data(await usage(`?limit=1&start_time=${start}&page=${String(page)}`)))
  for (const accept of ['*/*', 'application/json', 'text/html'])
    expect((await house.ask('GET', '/v1/usage', { key: key.key, headers: { accept } })).body['object']).toBe('page')
})
