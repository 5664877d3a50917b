// What is left of a tenant's bounds over HTTP: in figures, in headers, and with what is refused.
import { beforeEach, describe, expect, test } from 'vitest'
import type { BudgetReading } from '../../src/desk-budget.ts'
import { refusalResponse } from '../../src/http/answer.ts'
import { budgetHeaders, limitHeaders } from '../../src/http/limit-headers.ts'
import { shownBudget } from '../../src/http/standing.ts'
import type { Refusal } from '../../src/refusal.ts'
import { still } from '../support/words.ts'
import { MemoryHouse } from './house.ts'

const now = Date.parse('2026-11-21T12:00:00.000Z')
const lines = { live: 2, waiting: 0, cap: 5, over: 0 }

function budget(own: Partial<BudgetReading> = {}): BudgetReading {
  const amounts = { amount: 1_000, used: 0, held: 0, left: 1_000 }
  return { window: 'day', account: 'tokens', ...amounts, ends: now + 43_200_000, shadow: false, ...own }
}

describe('headers', () => {
  test('[L9] one item a bound, in whole numbers of its unit: lines, and each budget that is not only tried', () => {
    const budgets = [
      budget({ amount: 100_000, left: 39_000 }),
      budget({ window: 'hour', account: 'input', amount: 50_000, left: 40_000, ends: now + 90_500 }),
      budget({ window: 'hour', account: 'micro_usd', amount: 5_000_000, left: 1, ends: now + 90_500 }),
      budget({
        window: 'month',
        account: 'live_ms',
        amount: 60_000,
        left: 0,
        ends: Date.parse('2026-11-30T23:00:00Z'),
      }),
      budget({ account: 'tts_characters', amount: 9, left: 9, shadow: true }),
    ]
    expect(limitHeaders({ lines, budgets }, now)).toEqual({
      'x-ratelimit-limit-tokens': '100000',
      'x-ratelimit-remaining-tokens': '39000',
      'x-ratelimit-reset-tokens': '12h0m0s',
      'ratelimit-policy':
        '"calls";q=5;qu="concurrent-requests", "tokens-day";q=100000;w=86400;qu="tokens", "input-tokens-hour";q=50000;w=3600;qu="tokens", "us-dollars-hour";q=5000000;w=3600;qu="micro-usd", "live-minutes-month";q=60000;w=2592000;qu="milliseconds"',
      ratelimit:
        '"calls";r=3, "tokens-day";r=39000;t=43200, "input-tokens-hour";r=40000;t=91, "us-dollars-hour";r=1;t=91, "live-minutes-month";r=0;t=817200',
    })
  })

  test('[L9] more live calls than the cap leave none, and without budgets of tokens nothing is said of tokens', () => {
    const budgets = [budget({ account: 'micro_usd' })]
    expect(limitHeaders({ lines: { ...lines, live: 7 }, budgets }, now)).toEqual({
      'ratelimit-policy': '"calls";q=5;qu="concurrent-requests", "us-dollars-day";q=1000;w=86400;qu="micro-usd"',
      ratelimit: '"calls";r=0, "us-dollars-day";r=1000;t=43200',
    })
  })

  test('[L9] of two budgets of tokens with as much left the one that begins anew later is told', () => {
    const [hour, day] = [
      budget({ window: 'hour', account: 'output', amount: 7, left: 5, ends: now + 1 }),
      budget({ left: 5 }),
    ]
    for (const budgets of [
      [hour, day],
      [day, hour],
    ])
      expect(limitHeaders({ lines, budgets }, now)['x-ratelimit-limit-tokens']).toBe('1000')
  })

  test.each([
    [0, '0ms'],
    [-5, '0ms'],
    [1, '1ms'],
    [999, '999ms'],
    [1_000, '1s'],
    [59_001, '1m0s'],
    [360_000, '6m0s'],
    [3_599_000, '59m59s'],
    [3_600_000, '1h0m0s'],
    [90_061_000, '25h1m1s'],
  ])('[L9] %i ms until it begins anew are %s', (ms, text) => {
    expect(budgetHeaders(budget({ ends: now + ms }), now)['x-ratelimit-reset-tokens']).toBe(text)
  })

  test.each([
    ['2026-03-01T10:00:00Z', 28], // of February, by a clock ten hours behind
    ['2026-02-28T14:00:00Z', 28], // the same, by one ten hours ahead
    ['2027-01-01T00:00:00Z', 31],
    ['2028-03-01T00:00:00Z', 29],
  ])('[L9] a month that ends at %s has %i days', (ends, days) => {
    const headers = budgetHeaders(budget({ window: 'month', ends: Date.parse(ends) }), now)
    expect(headers['ratelimit-policy']).toContain(`;w=${days * 86_400};`)
  })

  test('[L9] what is beyond the integers of a structured field is told as the largest', () => {
    const headers = budgetHeaders(budget({ account: 'live_ms', amount: 6e17, left: 6e17 }), now)
    expect(headers['ratelimit']).toContain('r=999999999999999;')
    expect(headers['ratelimit-policy']).toContain('q=999999999999999;')
  })
})

test.each<[Partial<BudgetReading>, object]>([
  [
    { used: 799, held: 50, left: 151 },
    { limit: 1_000, used: 799, held: 50, left: 151, share: 0.799, state: 'ok', of: 'tokens' },
  ],
  [{ used: 800 }, { share: 0.8, state: 'warned' }],
  [{ used: 999 }, { share: 0.999, state: 'warned' }],
  [{ used: 1_000 }, { share: 1, state: 'spent' }],
  [{ used: 1_234 }, { share: 1.234, state: 'spent' }],
  [{ amount: 0 }, { limit: 0, share: 1, state: 'spent' }],
  [
    { account: 'micro_usd', amount: 250_000, used: 1, left: 249_999 },
    { limit: 0.25, used: 0.000001, left: 0.249999, share: 0, of: 'US dollars' },
  ],
  [
    { account: 'live_ms', amount: 180_000, used: 61_000 },
    { limit: 3, used: 1.016667, of: 'live minutes' },
  ],
  [
    { shadow: true, window: 'hour' },
    { shadow: true, window: 'hour', resets_at: '2026-11-22T00:00:00.000Z' },
  ],
])('[L9] a budget %j in the unit in which it is set', (own, shown) => {
  expect(shownBudget(budget(own))).toMatchObject(shown)
})

describe('refusals', () => {
  const spent = { window: 'day', account: 'tokens', amount: 1_000, left: 0, ends: now } as const
  const exhausted = (retryAfterMs: number): Refusal => ({ why: 'budget_exhausted', retryAfterMs, budget: spent })

  test.each([
    [1, '1', 'true'],
    [60_000, '60', 'true'],
    [60_001, '61', 'false'],
    [43_200_000, '43200', 'false'],
  ])('[L9] a budget that begins anew in %i ms: come back after %s s, %s', (ms, after, soon) => {
    const { headers, status } = refusalResponse(exhausted(ms), 'req_1')
    expect([status, headers.get('retry-after'), headers.get('retry-after-ms'), headers.get('x-should-retry')]).toEqual([
      429,
      after,
      `${ms}`,
      soon,
    ])
    expect(headers.get('ratelimit-policy')).toBe('"tokens-day";q=1000;w=86400;qu="tokens"')
    expect(headers.get('x-ratelimit-remaining-tokens')).toBe('0')
  })

  test.each<[Refusal, string, string[] | undefined]>([
    [exhausted(1), 'https://iana.org/assignments/http-problem-types#quota-exceeded', ['tokens-day']],
    [
      { why: 'budget_held', budget: { ...spent, account: 'micro_usd', window: 'hour' } },
      'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity',
      ['us-dollars-hour'],
    ],
    [{ why: 'tenant_suspended' }, 'https://iana.org/assignments/http-problem-types#abnormal-usage-detected', undefined],
    [{ why: 'lines_full' }, 'urn:trunkline:problem:concurrent_calls_exceeded', ['calls']],
    [{ why: 'key_missing' }, 'urn:trunkline:problem:missing_api_key', undefined],
  ])('[A1] %j is a problem that programs know, and names the bound', async (refusal, type, policies) => {
    const body = (await refusalResponse(refusal, 'req_1').json()) as Record<string, unknown>
    expect([body['type'], body['violated-policies']]).toEqual([type, policies])
  })

  test('[L9] a refusal without a retry says so, and nothing of budgets', () => {
    const { headers } = refusalResponse({ why: 'tenant_suspended' }, 'req_1')
    expect([headers.get('x-should-retry'), headers.get('retry-after'), headers.get('ratelimit')]).toEqual([
      'false',
      null,
      null,
    ])
  })
})

describe('a tenant', () => {
  let house: MemoryHouse
  let id: string
  let key: string

  beforeEach(async () => {
    house = new MemoryHouse()
    const budgets = { tokensPerDay: 1_000, spendUsdPerHour: 0.5 }
    id = await house.tenant({ plan: 'scale', caps: { lines: 4 }, budgets, shadow: { budgets: { tokensPerHour: 100 } } })
    ;({ key } = await house.key(id))
  })

  function spend(input_audio: number): void {
    const ref = { call: 'c', tenant: id, key: 'k', agent: null, caller: null, model: 'm', pool: 'openai' }
    const desk = house.desks.get(id)
    desk?.records.open({ id: 'c', key: 'k', agent: null, model: 'm', pool: 'openai', began: 0, admitted: 0 })
    const hold = { input: 90, output: 10, micro_usd: 100_000 }
    desk?.debit(ref, [{ id: 'r', model: 'm', amounts: { input_audio } }], { ...still, hold }, Date.now())
  }

  test('[L9] and its operator see what was used, what is held and what is left, tried budgets beside', async () => {
    spend(850)
    const { body } = await house.ask('GET', '/v1/me', { key })
    const operators = (await house.ask('GET', `/admin/v1/tenants/${id}`)).body
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:00:00\.000Z$/) as string
    const common = { resets_at: at, shadow: false }
    const now = [
      { window: 'hour', of: 'US dollars', limit: 0.5, used: 0, held: 0.1, left: 0.4, share: 0, state: 'ok', ...common },
      {
        window: 'day',
        of: 'tokens',
        limit: 1_000,
        used: 850,
        held: 100,
        left: 50,
        share: 0.85,
        state: 'warned',
        ...common,
      },
      {
        window: 'hour',
        of: 'tokens',
        limit: 100,
        used: 850,
        held: 100,
        left: 0,
        share: 8.5,
        state: 'spent',
        ...common,
        shadow: true,
      },
    ]
    expect(body['budgets']).toEqual(now)
    expect(operators['budgets_now']).toEqual(now)
    expect(operators['budgets']).toEqual({ tokensPerDay: 1_000, spendUsdPerHour: 0.5 })
    for (const one of [body, operators]) {
      expect(one['usage']).toMatchObject({ hour: { tokens: 850 }, day: { tokens: 850 }, month: { tokens: 850 } })
      expect([one['suspended_since'], one['trial_ends_at']]).toEqual([null, null])
    }
  })

  test('[L9] on trial sees when it ends, and suspended since when', async () => {
    await house.ask('PATCH', `/admin/v1/tenants/${id}`, { body: { plan: 'trial', trialDays: 9 } })
    house.desks.get(id)?.rosters.get('state').set('suspended', now)
    const { body } = await house.ask('GET', '/v1/me', { key })
    const { created_at } = (await house.ask('GET', `/admin/v1/tenants/${id}`)).body
    expect(body['trial_ends_at']).toBe(new Date(Date.parse(created_at as string) + 9 * 86_400_000).toISOString())
    expect(body['suspended_since']).toBe('2026-11-21T12:00:00.000Z')
  })

  test.each(['/v1/me', '/v1/usage', '/v1/queue', '/v1/usage?format=csv', '/v1/usage?limit=0'])(
    '[L9] sees it in the headers of %s',
    async (path) => {
      spend(850)
      const { headers } = await house.ask('GET', path, { key })
      expect(headers.get('x-ratelimit-limit-tokens')).toBe('1000')
      expect(headers.get('x-ratelimit-remaining-tokens')).toBe('50')
      expect(headers.get('x-ratelimit-reset-tokens')).toMatch(/^(\d+h\d+m|\d+m)?\d+s$/)
      expect(headers.get('ratelimit-policy')).toBe(
        '"calls";q=4;qu="concurrent-requests", "us-dollars-hour";q=500000;w=3600;qu="micro-usd", "tokens-day";q=1000;w=86400;qu="tokens"',
      )
      expect(headers.get('ratelimit')).toMatch(
        /^"calls";r=4, "us-dollars-hour";r=400000;t=\d+, "tokens-day";r=50;t=\d+$/,
      )
    },
  )

  test('[L9] also where a caller that is not there is to be removed', async () => {
    const answer = await house.ask('DELETE', '/v1/queue/call_1', { key })
    expect([answer.status, answer.headers.get('x-ratelimit-limit-tokens')]).toEqual([404, '1000'])
  })

  test.each(['/v1/me', '/v1/usage', '/livez', '/admin/v1/tenants'])(
    '[L9] is nobody’s business where no key of it came: %s',
    async (path) => {
      for (const key of [null, 'tlk_live_wrong']) {
        const { headers } = await house.ask('GET', path, { key })
        expect([headers.get('ratelimit'), headers.get('x-ratelimit-limit-tokens')]).toEqual([null, null])
      }
    },
  )
})
