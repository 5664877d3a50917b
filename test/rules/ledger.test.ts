// Balances by account and window, on Maps. The random streams are in test/contract.
import { expect, test } from 'vitest'
import { balances, debit, post, tokensOf, type Books } from '../../src/ledger.ts'
import { MapRoster } from '../../src/roster-map.ts'

const windows = ['day:2026-11-21', 'month:2026-11']

function books(accounts = new MapRoster()): Books {
  return { accounts, debited: new MapRoster() }
}

test('[L1] debits a report once in every window, however often it comes', () => {
  const b = books()
  expect(debit(b, { id: 'r1', amounts: { tokens: 5, micro_usd: 7 } }, windows)).toBe(true)
  expect(debit(b, { id: 'r1', amounts: { tokens: 5, micro_usd: 7 } }, windows)).toBe(false)
  for (const window of windows)
    expect(balances(b.accounts, window, ['tokens', 'micro_usd'])).toEqual({ tokens: 5, micro_usd: 7 })
})

test('[L1] knows a report again by its id alone, in another window too', () => {
  const b = books()
  debit(b, { id: 'r1', amounts: { tokens: 5 } }, ['day:2026-11-21'])
  expect(debit(b, { id: 'r1', amounts: { tokens: 6 } }, ['day:2026-11-22'])).toBe(false)
  expect(balances(b.accounts, 'day:2026-11-22', ['tokens'])).toEqual({ tokens: 0 })
})

test('[L1] the same id of another call is another report', () => {
  const accounts = new MapRoster()
  expect(debit(books(accounts), { id: 'r1', amounts: { tokens: 5 } }, windows)).toBe(true)
  expect(debit(books(accounts), { id: 'r1', amounts: { tokens: 6 } }, windows)).toBe(true)
  expect(balances(accounts, 'month:2026-11', ['tokens'])).toEqual({ tokens: 11 })
})

test('[L1] adds reports up', () => {
  const b = books()
  for (const id of ['a', 'b', 'c']) debit(b, { id, amounts: { tokens: 2 } }, windows)
  expect(balances(b.accounts, 'month:2026-11', ['tokens'])).toEqual({ tokens: 6 })
  expect(b.debited.size()).toBe(3)
})

test('[L1] a report of nothing is taken in once too, and opens no account', () => {
  const b = books()
  expect(debit(b, { id: 'r1', amounts: { tokens: 0 } }, windows)).toBe(true)
  expect(debit(b, { id: 'r1', amounts: { tokens: 9 } }, windows)).toBe(false)
  expect(b.accounts.size()).toBe(0)
})

test('[L2] posts what is kept once elsewhere each time it is asked', () => {
  const accounts = new MapRoster()
  post(accounts, { calls: 1, live_ms: 900 }, windows)
  post(accounts, { calls: 1, live_ms: 100 }, ['month:2026-11'])
  expect(balances(accounts, 'day:2026-11-21', ['calls', 'live_ms'])).toEqual({ calls: 1, live_ms: 900 })
  expect(balances(accounts, 'month:2026-11', ['calls', 'live_ms'])).toEqual({ calls: 2, live_ms: 1000 })
})

test('[L9] reads 0 for an account that was never debited, and only the accounts that were asked for', () => {
  const accounts = new MapRoster()
  post(accounts, { tokens: 3, other: 1 }, windows)
  expect(balances(accounts, 'month:2026-11', ['tokens', 'never'])).toEqual({ tokens: 3, never: 0 })
})

test('[P6] a report’s tokens are its input and its output: cached ones are part of input, money and time are none', () => {
  const amounts = {
    replies: 1,
    input_text: 5,
    input_audio: 70,
    cached_text: 4,
    output_unknown: 20,
    transcribed_ms: 900,
    micro_usd: 9,
  }
  expect(tokensOf({ id: 'r1', amounts })).toBe(95)
})
