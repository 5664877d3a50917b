// What is noted of what is done to a tenant: by a desk over SQL, in the transaction of what it tells of.
import { beforeEach, expect, test } from 'vitest'
import { keyEntry, tenantEntry } from '../../src/audit.ts'
import { auditCharacters, auditKeptMs, keysPerTenant } from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { Key, Tenant } from '../../src/plan.ts'
import { DeskHost, start } from './desk-host.ts'
import { ref } from '../support/refs.ts'

const created_at = '2026-11-21T00:00:00.000Z'
const tenant: Tenant = { ...TenantSettings.parse({ name: 'Acme', plan: 'trial' }), id: 'ten_1', created_at }
const key: Key = {
  id: 'key_1',
  name: 'first',
  lines: null,
  headStartSeconds: 0,
  hint: '…abcd',
  created_at,
  expires_at: null,
  revoked_at: null,
}

test('[A3] of a tenant that is made all settings are noted, and of a change the fields that changed', () => {
  const { id: _id, created_at: _at, ...settings } = tenant
  expect(tenantEntry(undefined, tenant)).toEqual({ who: 'operator', what: 'tenant.created', after: settings })
  const after = { ...tenant, caps: { lines: 3, agents: {} }, budgets: { tokensPerDay: 5 }, name: 'Acme' }
  expect(tenantEntry(tenant, after)).toEqual({
    who: 'operator',
    what: 'tenant.changed',
    before: { caps: { lines: null, agents: {} }, budgets: {} },
    after: { caps: { lines: 3, agents: {} }, budgets: { tokensPerDay: 5 } },
  })
  expect(tenantEntry(tenant, { ...tenant })).toBeUndefined()
  const { shadow: _shadow, ...older } = tenant // stored before there was such a setting
  const later = { ...tenant, shadow: { lines: 2, budgets: {} } }
  expect(tenantEntry(older as Tenant, later)?.before).toEqual({ shadow: null })
})

test('[A3] of what is pinned only the parts are named, also where a part changed: tools have credentials in them', () => {
  const pinned = { instructions: 'Be kind.', tools: [{ type: 'mcp', authorization: 'a canary' }] }
  const made = tenantEntry(tenant, { ...tenant, pinned })
  expect([made?.before, made?.after]).toEqual([{ pinned: null }, { pinned: { parts: ['instructions', 'tools'] } }])
  const changed = tenantEntry({ ...tenant, pinned }, { ...tenant, pinned: { ...pinned, instructions: 'Be brief.' } })
  expect(changed?.after).toEqual({ pinned: { parts: ['instructions', 'tools'] } })
  expect(JSON.stringify([made, changed, tenantEntry(undefined, { ...tenant, pinned })])).not.toContain('canary')
})

test('[A3] of what is long is noted how long it is', () => {
  const [most, longer] = [auditCharacters - 4, auditCharacters - 3].map((length) => ['m'.repeat(length)])
  expect(tenantEntry(tenant, { ...tenant, models: most ?? [] })?.after).toEqual({ models: most })
  const long = tenantEntry({ ...tenant, models: longer ?? [] }, tenant)
  expect([long?.before, long?.after]).toEqual([{ models: { characters: auditCharacters + 1 } }, { models: null }])
})

test('[A3] of a key its settings are noted and when it ends, and nothing that is shown of the key itself', () => {
  const { id, created_at: _, hint: __, ...shown } = key
  expect(keyEntry(undefined, key)).toEqual({ who: 'operator', what: 'key.created', key: id, after: shown })
  expect(keyEntry(key, { ...key, lines: 2 })).toEqual({
    who: 'operator',
    what: 'key.changed',
    key: id,
    before: { lines: null },
    after: { lines: 2 },
  })
  const revoked = keyEntry(key, { ...key, revoked_at: created_at })
  expect(revoked).toMatchObject({ what: 'key.ended', before: { revoked_at: null }, after: { revoked_at: created_at } })
  expect(keyEntry(key, { ...key, expires_at: created_at })?.what).toBe('key.ended')
  expect(keyEntry(key, key)).toBeUndefined()
})

let host: DeskHost
beforeEach(() => {
  host = new DeskHost()
  return () => host.store.close()
})

const log = (): string[] =>
  host.desk.audit.list(99, undefined).map(({ id, what, at }) => `${id} ${what} +${at - start}`)

/** So much was spent by a live call. */
function spend(micro_usd: number, at: number): void {
  host.admit('c', 0)
  host.desk.renew(ref('c'), null, { metered: { live_ms: at, micro_usd } }, start + at)
}

test('[A3] [L7] a suspension is noted by the broker with the rate that led to it, and by the operator when it is lifted', () => {
  expect(host.desk.resume(start)).toBe(false)
  spend(8_333_000, 10)
  expect(log()).toEqual([])
  spend(8_334_000, 20)
  spend(8_335_000, 30) // suspended already
  const [entry] = host.desk.audit.list(1, undefined)
  expect(entry).toEqual({
    id: 1,
    at: start + 20,
    who: 'broker',
    what: 'tenant.suspended',
    figures: { micro_usd_per_hour: 50_004_000, most: 50_000_000 },
  })
  expect(host.desk.resume(start + 40)).toBe(true)
  expect(host.desk.resume(start + 50)).toBe(false)
  expect(log()).toEqual(['2 tenant.resumed +40', '1 tenant.suspended +20'])
})

test('[A3] what is refused, tried, or changes nothing is not noted', () => {
  const { edits } = host.desk
  edits.preview({ name: 'Bell' }, start)
  edits.previewKey('k1', { lines: 3 }, start)
  edits.change({ longestCallSeconds: 86_400 }, start) // longer than its plan's
  edits.change({ name: 'Acme' }, start)
  edits.changeKey('k1', { lines: null }, start)
  edits.changeKey('k9', { lines: 1 }, start)
  expect(edits.endKey('k9', 0, start)).toBeUndefined()
  expect(log()).toEqual([])
  edits.change({ name: 'Bell' }, start + 1)
  edits.endKey('k1', 60_000, start + 2)
  edits.endKey('k1', 60_000, start + 3) // it ends no later
  edits.endKey('k1', 0, start + 4)
  edits.changeKey('k1', { lines: 3 }, start + 5)
  expect(log()).toEqual(['4 key.changed +5', '3 key.ended +4', '2 key.ended +2', '1 tenant.changed +1'])
})

test('[A3] [K1] a desk notes who it was made for and each of its keys, of which it has fifty at most that are good', () => {
  const { desk } = host
  desk.edits.create({ ...tenant, name: 'Bell' }, start)
  expect(desk.registry.tenant()?.name).toBe('Bell')
  const made = Array.from({ length: keysPerTenant }, (_, i) =>
    desk.edits.addKey({ ...key, id: `key_${i}` }, `hash ${i}`, start),
  )
  expect(made.map((refusal) => refusal?.why)).toEqual([...made.slice(1).map(() => undefined), 'keys_enough'])
  expect(desk.registry.keyByHash('hash 0')?.id).toBe('key_0')
  expect(log().slice(-2)).toEqual(['2 key.created +0', '1 tenant.created +0'])
  expect(log().length).toBe(keysPerTenant)
  expect(desk.edits.endKey('key_0', 0, start)?.revoked_at).toBe('2026-11-21T12:00:00.000Z')
  expect(desk.registry.key('key_0')?.revoked_at).toBe('2026-11-21T12:00:00.000Z')
  expect(desk.edits.addKey({ ...key, id: 'key_x' }, 'hash x', start)).toBeUndefined()
})

test('[A3] entries are gone after 365 days, and their numbers never come again', () => {
  host.desk.edits.change({ name: 'a' }, start)
  host.desk.edits.change({ name: 'b' }, start + 10)
  host.desk.sweep(start + auditKeptMs - 1)
  expect(log().length).toBe(2)
  host.desk.sweep(start + auditKeptMs)
  expect(log()).toEqual(['2 tenant.changed +10'])
  host.desk.sweep(start + auditKeptMs + 10)
  host.desk.edits.change({ name: 'c' }, start + 20)
  expect(log()).toEqual(['3 tenant.changed +20'])
})

const fresh = { id: 'key_2', hint: '…2', created_at }

test('[A3] [K1] a key that takes the place of another is noted, and that other’s end', () => {
  const { edits, registry } = host.desk
  const made = edits.rotateKey('k1', fresh, 'hash 2', 60_000, start)
  expect(made).toEqual({ ...registry.key('k1'), ...fresh, expires_at: null })
  expect(registry.keyByHash('hash 2')).toEqual(made)
  expect(registry.key('k1')?.expires_at).toBe('2026-11-21T12:01:00.000Z')
  expect(log()).toEqual(['2 key.ended +0', '1 key.created +0'])
  const over = { why: 'key_over', details: { id: 'k1' } }
  expect(edits.rotateKey('k1', { ...fresh, id: 'key_3' }, 'hash 3', 0, start + 60_000)).toEqual(over)
  expect(log().length).toBe(2)
})

test('[A3] an edit that fails half-way is neither made nor noted', () => {
  host.store.sql('DROP TABLE audit')
  expect(() => host.desk.edits.change({ name: 'Bell' }, start)).toThrow(/audit/)
  expect(host.desk.registry.tenant()?.name).toBe('Acme')
  expect(() => host.desk.edits.rotateKey('k1', fresh, 'hash 2', 0, start)).toThrow(/audit/)
  expect(host.desk.registry.keys().map(({ id, revoked_at }) => [id, revoked_at])).toEqual([['k1', null]])
})
