// What was used, as a page: grouped in any way it comes to the same.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { accounts } from '../../src/desk-ledger.ts'
import { textOf } from '../../src/ledger.ts'
import { groupings, pageStart, usagePage, type Grouping } from '../../src/usage-page.ts'
import { printSeed, seed } from '../contract/seed.ts'

const hourMs = 3_600_000
const now = Date.parse('2026-11-21T12:34:56.789Z')
const cell = (key: string, model: string, agent: string | null): string => textOf({ key, model, agent })

const part = fc.record({
  cell: fc
    .tuple(
      fc.constantFrom('key_1', 'key_2'),
      fc.constantFrom('m1', 'm2'),
      fc.constantFrom(null, 'sales', '=1+1', 'a\nb'),
    )
    .map(([key, model, agent]) => cell(key, model, agent)),
  amounts: fc.dictionary(fc.constantFrom(...accounts), fc.integer({ min: 1, max: 1e9 }), { minKeys: 1, maxKeys: 5 }),
})
const by = fc.subarray([...groupings])

test('[L9] the sum over the groups is the whole, whatever it is grouped by, and each group stands once', () => {
  printSeed('groups of usage')
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), by, (parts, by) => {
      const [bucket] = usagePage({ now, timezone: 'UTC', buckets: [{ starts: 0, ends: hourMs, parts }] }, by).data
      const results = bucket?.results ?? []
      for (const account of accounts) {
        const whole = parts.reduce((sum, { amounts }) => sum + (amounts[account] ?? 0), 0)
        expect(results.reduce((sum, result) => sum + result[account], 0)).toBe(whole)
      }
      const names = results.map(({ key, agent, model }) => JSON.stringify([key, agent, model]))
      expect(names).toEqual([...new Set(names)].toSorted())
      for (const result of results)
        for (const grouping of groupings) if (!by.includes(grouping)) expect(result[grouping]).toBeNull()
    }),
    { seed },
  )
})

test.each<[Grouping[], unknown[][]]>([
  [[], [[null, null, null, 15]]],
  [
    ['agent'],
    [
      [null, 'sales', null, 9],
      [null, null, null, 6],
    ],
  ],
  [
    ['key', 'model'],
    [
      ['key_1', null, 'm1', 10],
      ['key_2', null, 'm1', 5],
    ],
  ],
])('[L9] grouped by %j', (by, rows) => {
  const parts = [
    { cell: cell('key_1', 'm1', null), amounts: { tokens: 6 } },
    { cell: cell('key_1', 'm1', 'sales'), amounts: { tokens: 4 } },
    { cell: cell('key_2', 'm1', 'sales'), amounts: { tokens: 5 } },
  ]
  const { data } = usagePage({ now, timezone: 'UTC', buckets: [{ starts: 0, ends: hourMs, parts }] }, by)
  expect(data[0]?.results.map(({ key, agent, model, tokens }) => [key, agent, model, tokens])).toEqual(rows)
})

test('[L9] a page is in OpenAI’s shape: seconds since 1970, buckets without results, and where the next page begins', () => {
  const buckets = [
    { starts: 0, ends: hourMs, parts: [] },
    { starts: hourMs, ends: 2 * hourMs, parts: [{ cell: '', amounts: { tokens: 7, calls: 1 } }] },
  ]
  const page = usagePage({ now, timezone: 'Europe/Berlin', buckets, next: 2 * hourMs }, [])
  const none = Object.fromEntries(accounts.map((account) => [account, 0]))
  const labels = { key: null, agent: null, model: null }
  expect(page).toEqual({
    object: 'page',
    as_of: '2026-11-21T12:34:56.789Z',
    timezone: 'Europe/Berlin',
    data: [
      { object: 'bucket', start_time: 0, end_time: 3600, results: [] },
      {
        object: 'bucket',
        start_time: 3600,
        end_time: 7200,
        results: [{ object: 'usage.result', ...labels, ...none, tokens: 7, calls: 1 }],
      },
    ],
    has_more: true,
    next_page: 'page_7200',
  })
  expect(pageStart('page_7200')).toBe(2 * hourMs)
  for (const wrong of ['7200', 'page_', 'page_-1', 'page_1.5', 'page_123456789012', 'xpage_1', 'page_1x'])
    expect(pageStart(wrong)).toBeUndefined()
  expect(usagePage({ now, timezone: 'UTC', buckets: [] }, [])).toMatchObject({ has_more: false, next_page: null })
})
