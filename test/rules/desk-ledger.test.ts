// What a desk learns from the calls of its tenant. On node:sqlite.
import { beforeEach, expect, test } from 'vitest'
import { lostRecord } from '../../src/desk-counts.ts'
import { DeskLedger } from '../../src/desk-ledger.ts'
import { DeskPages } from '../../src/desk-pages.ts'
import { DeskRosters } from '../../src/desk-rosters.ts'
import { firstMinuteCalls, firstMinuteTokens } from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { Tenant } from '../../src/plan.ts'
import { SqlRoster } from '../../src/roster-sql.ts'
import { utc } from '../../src/zone.ts'
import { openSqlite } from '../stores/sqlite.ts'

const tenant: Tenant = {
  ...TenantSettings.parse({ name: 'Acme', plan: 'starter' }),
  id: 'ten_1',
  created_at: '2026-11-21T00:00:00.000Z',
}
const noDocuments = { tenant: () => tenant, key: () => undefined, keyByHash: () => undefined, keys: () => [] }
const ref = { call: 'c', tenant: 'ten_1', key: 'k1', agent: null, caller: null, model: 'm', pool: 'openai' }
const hungUp = { outcome: { by: 'caller', why: 'hung_up', code: 1000, reason: '', inReply: false } } as const

let ledger: DeskLedger
let calls = 0

beforeEach(() => {
  const { sql, close } = openSqlite()
  SqlRoster.prepare(sql)
  const rosters = new DeskRosters((name) => new SqlRoster(sql, name))
  const registry = { ...noDocuments, zone: () => utc }
  ledger = new DeskLedger(rosters, new DeskPages(rosters, registry))
  return close
})

function ended(count: number, liveMs: number, firstMinuteTokens: number | null): void {
  const record = { ...lostRecord('m', liveMs), ...hungUp, firstMinuteTokens }
  for (let i = 0; i < count; i++) ledger.ended({ ...ref, call: `c${calls++}` }, record, tenant, 0)
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
