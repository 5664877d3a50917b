// Balances by account and window, on Maps. The random streams are in test/contract.
import { expect, test } from 'vitest'
import { balances, cellOf, isNew, post, textOf, tokensOf, withTotals, type Page } from '../../src/ledger.ts'
import { cellsMost } from '../../src/limits.ts'
import { MapRoster } from '../../src/roster-map.ts'

const cell = { key: 'key_1', model: 'gpt-realtime', agent: null }

function page(id = 'day:2026-11-21'): Page & { apart: { cells: MapRoster; split: MapRoster } } {
  const apart = { cells: new MapRoster(), split: new MapRoster() }
  return { window: { name: 'day', id, ends: 0 }, used: new MapRoster(), told: new MapRoster(), apart }
}

test('[L1] a report is new once, by its id alone', () => {
  const debited = new MapRoster()
  const report = { id: 'r1', model: 'm', amounts: { input_text: 5 } }
  expect(isNew(debited, report)).toBe(true)
  expect(isNew(debited, report)).toBe(false)
  expect(isNew(debited, { ...report, amounts: {} })).toBe(false)
  expect(isNew(debited, { ...report, id: 'r2' })).toBe(true)
  expect(isNew(new MapRoster(), report)).toBe(true) // of another call
})

test('[L2] amounts are added up on every page', () => {
  const pages = [page(), page('month:2026-11')]
  post(pages, { tokens: 5, micro_usd: 7 }, cell)
  post(pages.slice(1), { tokens: 2 }, cell)
  expect(pages.map(({ used }) => balances(used, ['tokens', 'micro_usd']))).toEqual([
    { tokens: 5, micro_usd: 7 },
    { tokens: 7, micro_usd: 7 },
  ])
})

test('[L2] nothing opens no account and no cell', () => {
  const one = page()
  post([one], { tokens: 0 }, cell)
  expect([one.used.size(), one.apart.cells.size(), one.apart.split.size()]).toEqual([0, 0, 0])
})

test('[L2] what is told apart by key, model and agent comes to the whole', () => {
  const one = page()
  post([one], { tokens: 5 }, cell)
  post([one], { tokens: 6 }, { ...cell, agent: 'sales' })
  post([one], { tokens: 7, replies: 1 }, { ...cell, agent: 'sales' })
  post([one], { tokens: 9 }, { ...cell, model: 'whisper-1' })
  expect(textOf(cell)).toBe('key_1\ngpt-realtime\n')
  for (const agent of [null, 'sales', 'a\nb']) expect(cellOf(textOf({ ...cell, agent }))).toEqual({ ...cell, agent })
  expect(one.apart.cells.first(9)).toEqual([
    textOf(cell),
    textOf({ ...cell, agent: 'sales' }),
    textOf({ ...cell, model: 'whisper-1' }),
  ])
  expect(balances(one.apart.split, ['1/tokens', '2/tokens', '2/replies', '3/tokens'])).toEqual({
    '1/tokens': 5,
    '2/tokens': 13,
    '2/replies': 1,
    '3/tokens': 9,
  })
  expect(one.used.get('tokens')).toBe(27)
})

test('[L2] agents beyond the bound are counted together, and nothing of them is lost', () => {
  const one = page()
  for (let i = 0; i < cellsMost + 50; i++) post([one], { tokens: 1 }, { ...cell, agent: `agent ${i}` })
  post([one], { tokens: 1 }, cell) // without an agent it is nobody's invention
  const other = one.apart.cells.get(textOf({ ...cell, agent: '(other)' }))
  expect(other).toBe(cellsMost + 1)
  expect(one.apart.split.get(`${other}/tokens`)).toBe(50)
  expect(one.apart.cells.size()).toBe(cellsMost + 2)
  expect([one.apart.split.sum(), one.used.get('tokens')]).toEqual([cellsMost + 51, cellsMost + 51])
})

test('[L9] an account that was never debited reads 0, and only the accounts that were asked for are read', () => {
  const one = page()
  post([one], { tokens: 3, other: 1 }, cell)
  expect(balances(one.used, ['tokens', 'never'])).toEqual({ tokens: 3, never: 0 })
})

test('[L2] a report’s tokens are its input and its output: cached ones are part of input, money and time are none', () => {
  const counted = { input_text: 5, input_audio: 70, cached_text: 4, output_unknown: 20 }
  const amounts = { replies: 1, ...counted, transcribed_ms: 900, micro_usd: 9 }
  expect(tokensOf(amounts)).toBe(95)
  expect(withTotals(amounts)).toEqual({ ...amounts, input: 75, output: 20, tokens: 95 })
})
