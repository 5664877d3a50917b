// Webhooks beside the verifier that Standard Webhooks ships: what we sign it takes, and nothing else.
import * as fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { makeSecret, webHmac } from '../../src/http/hmac.ts'
import { isoOf } from '../../src/calendar.ts'
import { bodyOf, eventTypes, type Message, type MessageType } from '../../src/webhook-events.ts'
import { signed, type Signed } from '../../src/webhook.ts'
import { printSeed, seed } from '../contract/seed.ts'

const now = Date.parse('2026-11-29T12:00:00.000Z')
const first = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const second = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'

beforeEach(() => vi.useFakeTimers({ now, toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

const ended: Message = {
  id: 'call_0199_ended',
  type: 'call.ended',
  at: now - 1_000,
  data: { tenant: 'ten_1', call: 'call_0199', key: 'key_1', agent: null, model: 'gpt-realtime', live_ms: 61_000 },
}

/** Whether the verifier of Standard Webhooks takes it. */
function theirs({ headers, body }: Signed, secret: string): boolean {
  try {
    new Webhook(secret).verify(body, headers, { jsonParse: false })
    return true
  } catch {
    return false
  }
}

test('[A5] what is signed verifies, and is as Standard Webhooks has it', async () => {
  const one = await signed(ended, [first], now, webHmac)
  expect(new Webhook(first).verify(one.body, one.headers)).toEqual({
    type: 'call.ended',
    timestamp: '2026-11-29T11:59:59.000Z',
    data: { ...ended.data, outcome_by: null, outcome_why: null, waited_ms: null, tokens: null, micro_usd: null },
  })
  expect(one.headers).toMatchObject({ 'webhook-id': 'call_0199_ended', 'webhook-timestamp': String(now / 1000) })
  expect(one.headers['webhook-signature']).toMatch(/^v1,[\w+/]{43}=$/)
})

test('[A5] the example of the specification has the signature that it says', async () => {
  const [id, at, body] = ['msg_loFOjxBNrRLzqYUf', 1_731_705_121, '{"event_type":"ping","data":{"success":true}}']
  const says = 'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0='
  expect(`v1,${await webHmac('plJ3nmyCDGBKInavdOK15jsl', `${id}.${at}.${body}`)}`).toBe(says)
  expect(new Webhook('whsec_plJ3nmyCDGBKInavdOK15jsl').sign(id, new Date(at * 1000), body)).toBe(says)
})

test('[A5] while two secrets hold, it verifies with each of them, and with no other', async () => {
  const one = await signed(ended, [second, first], now, webHmac)
  expect(one.headers['webhook-signature'].split(' ')).toHaveLength(2)
  expect([theirs(one, first), theirs(one, second), theirs(one, makeSecret())]).toEqual([true, true, false])
})

test('[A5] a body that was changed does not verify, nor another id or time', async () => {
  const one = await signed(ended, [first], now, webHmac)
  const changes: Signed[] = [
    { ...one, body: one.body.replace('61000', '61001') },
    { ...one, body: `${one.body} ` },
    { ...one, headers: { ...one.headers, 'webhook-id': 'call_0198_ended' } },
    { ...one, headers: { ...one.headers, 'webhook-timestamp': String(now / 1000 + 1) } },
  ]
  for (const changed of changes) expect(theirs(changed, first)).toBe(false)
})

test('[A5] over 1,000 generated messages each secret verifies for five minutes, and no other does', async () => {
  printSeed('webhooks')
  const secret = fc
    .uint8Array({ minLength: 24, maxLength: 64 })
    .map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`)
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null))
  const message = fc.record({
    id: fc.string({ minLength: 1, maxLength: 60 }),
    type: fc.constantFrom<MessageType>(...eventTypes, 'webhook.test'),
    at: fc.integer({ min: 0, max: 4e12 }),
    data: fc.dictionary(fc.stringMatching(/^[a-z_]{1,20}$/), value, { maxKeys: 12 }),
  })
  await fc.assert(
    fc.asyncProperty(
      message,
      fc.uniqueArray(secret, { minLength: 2, maxLength: 4 }),
      fc.integer({ min: -330, max: 330 }),
      async (told, [other = '', ...secrets], seconds) => {
        const sent = await signed(told, secrets, now + seconds * 1000, webHmac)
        for (const one of secrets) expect(theirs(sent, one)).toBe(Math.abs(seconds) <= 300)
        expect(theirs(sent, other)).toBe(false)
      },
    ),
    { seed, numRuns: 1_000 },
  )
})

const warning = (data: Message['data']): string => bodyOf({ id: 'm', type: 'budget.warning', at: now, data }, isoOf)

test('[A5] a body has the fields of its type in one order, whatever its home has kept of them and in which', () => {
  const kept = { window: 'day', tenant: 'ten_1', share: 0.8, extra: 1, of: 'tokens', used: 80, limit: 100 }
  const turned = Object.fromEntries(Object.entries(kept).toReversed())
  expect(warning(turned)).toBe(warning(kept))
  expect(Object.keys((JSON.parse(warning(kept)) as { data: object }).data)).toEqual([
    'tenant',
    'window',
    'of',
    'used',
    'limit',
    'share',
    'resets_at',
    'shadow',
    'extra',
  ])
})

test('[A5] a body stays under 20 kB, whatever its texts are', () => {
  const data = Object.fromEntries(Object.keys(ended.data).map((name) => [name, '\u0000'.repeat(10_000)]))
  const longest = ['outcome_by', 'outcome_why', 'waited_ms', 'tokens', 'micro_usd'].map((name) => [
    name,
    '\u0000'.repeat(10_000),
  ])
  const body = bodyOf({ ...ended, data: { ...data, ...Object.fromEntries(longest) } }, isoOf)
  expect(new TextEncoder().encode(body).length).toBeLessThan(20_000)
})

test('[A5] an id that no header takes is written with signs that one takes', async () => {
  const { headers } = await signed({ ...ended, id: 'budget.warning:day\n中' }, [first], now, webHmac)
  expect(headers['webhook-id']).toBe('budget-warning:day--')
})

test('[A5] secrets are 32 random bytes, as Standard Webhooks writes them', () => {
  const made = Array.from({ length: 50 }, makeSecret)
  expect(new Set(made).size).toBe(50)
  for (const secret of made) expect(Buffer.from(secret.slice('whsec_'.length), 'base64')).toHaveLength(32)
  expect(made[0]).toMatch(/^whsec_[\w+/]{43}=$/)
})
