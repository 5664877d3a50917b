// What a desk learns from the calls of its tenant. On node:sqlite.
import { beforeEach, expect, test } from 'vitest'
import { DeskLedger } from '../../src/desk-ledger.ts'
import { DeskRosters } from '../../src/desk-rosters.ts'
import { firstMinuteCalls, firstMinuteTokens } from '../../src/limits.ts'
import { SqlRoster } from '../../src/roster-sql.ts'
import { openSqlite } from '../stores/sqlite.ts'

let ledger: DeskLedger
let calls = 0

beforeEach(() => {
  const { sql, close } = openSqlite()
  SqlRoster.prepare(sql)
  ledger = new DeskLedger(new DeskRosters((name) => new SqlRoster(sql, name)))
  return close
})

function ended(count: number, liveMs: number, firstMinuteTokens: number | null): void {
  for (let i = 0; i < count; i++) ledger.ended(`c${calls++}`, { liveMs, firstMinuteTokens }, 0)
}

test('[P3] a newcomer is taken to need 6,000 tokens until 20 calls were seen, then what they took in their first minute', () => {
  ended(firstMinuteCalls - 1, 60_000, 8_000)
  expect(ledger.newcomerLoad()).toBe(firstMinuteTokens)
  ended(1, 60_000, 12_000)
  expect(ledger.newcomerLoad()).toBe(8_200)
})

test('[P3] a call that never connected, or of which nothing was reported, teaches nothing', () => {
  ended(firstMinuteCalls, 0, 500)
  ended(firstMinuteCalls, 60_000, null)
  ended(firstMinuteCalls - 1, 1, 500)
  expect(ledger.newcomerLoad()).toBe(firstMinuteTokens)
  ended(1, 1, 500)
  expect(ledger.newcomerLoad()).toBe(500)
})

test('[P3] a newcomer weighs something, also where calls took nothing', () => {
  ended(firstMinuteCalls, 60_000, 0)
  expect(ledger.newcomerLoad()).toBe(1)
})
