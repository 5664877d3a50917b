// Every refusal on every wire: no row that cannot be said, no brace that stays open.
import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { closeReasonBytes } from '../../src/limits.ts'
import { sendableCode } from '../../src/realtime/close-code.ts'
import { closeReason, errorEvent, problem, rendering, whys, type Details, type Why } from '../../src/refusal.ts'

const schema = JSON.parse(
  readFileSync(new URL('../data/realtime/openai-realtime.schema.json', import.meta.url), 'utf8'),
) as object
const ajv = new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true })
addFormats.default(ajv)
ajv.addSchema(schema, 'realtime')
const valid = ajv.getSchema(`realtime#/$defs/${encodeURIComponent('server:error')}`)

/** The names that a row wants filled. */
function wanted(why: Why): string[] {
  const { says, code } = rendering(why)
  return [...`${says} ${code}`.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
}

function details(why: Why): Details {
  return Object.fromEntries(wanted(why).map((name) => [name, `a ${name}`]))
}

/** Where the code refuses: each `why: '…'` with the names of its details, as they stand in the text. */
const given = ['src', 'src/http', 'src/realtime', 'worker']
  .flatMap((folder) => readdirSync(new URL(`../../${folder}/`, import.meta.url)).map((file) => `${folder}/${file}`))
  .filter((path) => path.endsWith('.ts'))
  .flatMap((path) => {
    const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
    return [...text.matchAll(/\bwhy: '(\w+)'(?!;)(,\s*details: (\{[^}]*\}|\w+))?/g)].map(
      ([, why = '', , said = '']) => ({
        path,
        why,
        said,
      }),
    )
  })
  .filter(({ why }) => why !== 'hung_up')

/** Details that are kept under a name. */
const named: Record<string, string> = { lagging: '{ bytes, ms }' }

describe.each(whys)('%s', (why) => {
  const row = rendering(why)

  test('[A1] has a status, a close code that can be sent, a title and a sentence', () => {
    expect(row.http).toBeGreaterThanOrEqual(400)
    expect(row.http).toBeLessThan(600)
    if (row.close !== undefined) expect(sendableCode(row.close)).toBe(row.close)
    expect(row.title).toMatch(/^[A-Z][^.]+$/)
    if (why !== 'body_invalid') expect(row.says).toMatch(/^[A-Z{].*\.$/)
  })

  test('[A1] is one body for both worlds', () => {
    const body = problem({ why, details: details(why) }, 'req_1')
    expect(body).toEqual({
      type:
        row.kind === undefined
          ? `urn:trunkline:problem:${body.error.code}`
          : `https://iana.org/assignments/http-problem-types#${row.kind}`,
      title: row.title,
      status: row.http,
      detail: body.error.message,
      instance: 'req_1',
      ...(row.policy !== undefined && { 'violated-policies': [row.policy] }),
      error: { message: body.detail, type: row.type, code: body.error.code, param: null },
    })
    expect(JSON.stringify(body)).not.toMatch(/\{\w+\}/)
    expect(body.error.code).toMatch(/^[a-z_ ]+$/)
  })

  test('[H2] is an error event that the published schema accepts', () => {
    for (const causedBy of [undefined, 'event_of_theirs']) {
      const event = errorEvent({ why, details: details(why) }, 'event_1', causedBy)
      expect(valid?.(event), JSON.stringify(valid?.errors)).toBe(true)
      expect(event.error.event_id).toBe(causedBy ?? null)
      expect(JSON.stringify(event)).not.toMatch(/\{\w+\}/)
    }
  })

  test('[C7] has a close reason of at most 123 bytes, as the provider writes its own', () => {
    const reason = closeReason({ why, details: details(why) })
    expect(new TextEncoder().encode(reason).length).toBeLessThanOrEqual(closeReasonBytes)
    expect(reason.startsWith(`${row.type}.`)).toBe(true)
  })

  test('[H5] may be tried again only when nothing is wrong with the caller itself', () => {
    if (row.retryAfterMs === undefined) return expect([200, 204]).not.toContain(row.http)
    expect(row.retryAfterMs).toBeGreaterThanOrEqual(1_000)
    expect(['rate_limit_error', 'server_error']).toContain(row.type)
    return expect(row.close).toBeGreaterThanOrEqual(1012)
  })
})

test('[A1] a long reason is cut to what a close may carry', () => {
  expect(closeReason({ why: 'thing_unknown', details: { kind: 'k'.repeat(300) } })).toHaveLength(closeReasonBytes)
})

test('[A1] the field that was wrong is named', () => {
  const refusal = { why: 'model_fixed', details: { model: 'a', asked: 'b', param: 'session.model' } } as const
  expect(problem(refusal, 'i').error.param).toBe('session.model')
  expect(errorEvent(refusal, 'e').error.param).toBe('session.model')
})

test('[A1] what a caller sent is repeated as it is, not filled again', () => {
  const { detail } = problem({ why: 'route_unknown', details: { method: 'GET', path: '/{method}' } }, 'i')
  expect(detail).toBe('There is nothing at GET /{method}.')
  const { detail: money } = problem({ why: 'route_unknown', details: { method: '$&', path: '$1' } }, 'i')
  expect(money).toBe('There is nothing at $& $1.')
})

test('[A1] a name that is missing stays to be seen, and names of the table of objects fill nothing', () => {
  expect(problem({ why: 'lines_full' }, 'i').detail).toContain('{cap}')
})

test.each(given)('[A1] $path fills what $why wants', ({ why, said }) => {
  const text = named[said] ?? said
  const names = [...text.matchAll(/(\w+)(?=\s*[:,}])/g)].map(([, name]) => name)
  expect(whys).toContain(why)
  for (const name of wanted(why as Why)) expect(names).toContain(name)
})

test('[A1] every row is used somewhere', () => {
  const used = new Set(given.map(({ why }) => why))
  const text = ['src/exchange', 'src/call', 'src/relay', 'src/desk', 'broker/door', 'broker/redis/refusal']
    .map((file) => readFileSync(new URL(`../../${file}.ts`, import.meta.url), 'utf8'))
    .join()
  expect(whys.filter((why) => !used.has(why) && !text.includes(`'${why}'`))).toEqual([])
})
