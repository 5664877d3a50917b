// What an admin changes at a desk: settings and uploads, each checked against the other. On node:sqlite.
import { beforeEach, expect, test } from 'vitest'
import { SqlDesk } from '../../src/desk.ts'
import { soundsPerTenant } from '../../src/limits.ts'
import { TenantChange, TenantSettings } from '../../src/plan-settings.ts'
import { callTerms, plans, type Key, type Tenant } from '../../src/plan.ts'
import { problem, type Refusal } from '../../src/refusal.ts'
import { formats, type Sound } from '../../src/sound.ts'
import { openSqlite } from '../stores/sqlite.ts'

const sound: Sound = {
  'audio/pcm': Uint8Array.from({ length: 96 }, (_, at) => at),
  'audio/pcmu': Uint8Array.from({ length: 16 }, (_, at) => 255 - at),
  'audio/pcma': Uint8Array.from({ length: 16 }, (_, at) => 128 + at),
}
const tenant: Tenant = {
  ...TenantSettings.parse({ name: 'Acme', plan: 'starter' }),
  id: 'ten_1',
  created_at: '2026-11-21T00:00:00.000Z',
}
let desk: SqlDesk
beforeEach(() => {
  const { sql, transact } = openSqlite()
  SqlDesk.prepare(sql)
  desk = new SqlDesk(sql, transact)
  desk.registry.putTenant(tenant)
})

function upload(id: string): Refusal | undefined {
  return desk.uploads.add({ id, name: null, ms: 2, created_at: tenant.created_at }, sound)
}

/** undefined where it is done. */
function edit(own: object): Refusal | undefined {
  const done = desk.edits.change(TenantChange.parse(own), 0)
  return done !== undefined && 'why' in done ? done : undefined
}

function change(hold: object, own: object = {}): Refusal | undefined {
  return edit({ hold, ...own })
}

const joined = (audio: string | null): object => ({ lines: { joined: { de: { text: 'Bitte warten.', audio } } } })
const said = (refusal: Refusal | undefined): string =>
  refusal === undefined ? 'done' : problem(refusal, 'req_1').detail
const param = (refusal: Refusal | undefined): unknown => refusal && problem(refusal, 'req_1').error.param

test('[H4] an upload is kept in every format, and listed oldest first', () => {
  expect([upload('aud_2'), upload('aud_1')]).toEqual([undefined, undefined])
  expect(desk.sounds.list().map(({ id }) => id)).toEqual(['aud_1', 'aud_2'])
  for (const format of formats) expect(desk.sounds.bytes('aud_1', format)).toEqual(sound[format])
  expect(desk.sounds.bytes('aud_3', 'audio/pcm')).toBeUndefined()
})

test('[H4] a line names an upload of its tenant; any other is refused by its path, and nothing is changed', () => {
  upload('aud_1')
  expect(said(change(joined('aud_1')))).toBe('done')
  const refusal = change(joined('aud_9'), { name: 'Bell' })
  expect(said(refusal)).toBe(
    'hold.lines.joined.de.audio: there is no sound "aud_9" of this tenant: upload one first (POST …/sounds) and name its id, or set null',
  )
  expect(param(refusal)).toBe('hold.lines.joined.de.audio')
  expect(desk.edits.preview(TenantChange.parse({ hold: joined('aud_9') }), 1)).toEqual(refusal)
  expect(desk.registry.tenant()).toMatchObject({ name: 'Acme', hold: joined('aud_1') })
})

test('[H4] a sound that a line names stays, and the refusal says where; one that none names goes', () => {
  upload('aud_1')
  const lines = { joined: { de: { text: 'a', audio: 'aud_1' } }, full: { en: { text: 'b', audio: 'aud_1' } } }
  change({ lines })
  expect(said(desk.uploads.discard('aud_1'))).toBe(
    'The sound aud_1 is what callers hear as joined.de, full.en. Give "hold.lines" of the tenant another one there, or null, then delete it.',
  )
  expect(desk.sounds.list()).toHaveLength(1)
  change(joined(null))
  expect(said(desk.uploads.discard('aud_1'))).toBe('done')
  expect([desk.sounds.list(), desk.sounds.bytes('aud_1', 'audio/pcm')]).toEqual([[], undefined])
  expect(desk.uploads.discard('aud_1')).toMatchObject({ why: 'thing_unknown' })
})

test('[H4] a tenant has so many uploads, and no more', () => {
  for (let i = 0; i < soundsPerTenant; i++) expect(upload(`aud_${i}`)).toBeUndefined()
  expect(upload('aud_x')).toEqual({ why: 'sounds_enough', details: { most: soundsPerTenant } })
  desk.uploads.discard('aud_0')
  expect(upload('aud_x')).toBeUndefined()
})

test('[H4] a tenant’s patience is its own up to that of its plan, and the plan’s where it says nothing', () => {
  const key = { id: 'key_1' } as Key
  const patience = (): number => callTerms(desk.registry.tenant() as Tenant, key).patienceMs
  const most = plans.starter.patienceSeconds
  expect(patience()).toBe(most * 1_000)
  for (const seconds of [0, 1, most]) {
    expect(said(change({ patienceSeconds: seconds }))).toBe('done')
    expect(patience()).toBe(seconds * 1_000)
  }
  const refusal = change({ patienceSeconds: most + 1 })
  expect(said(refusal)).toBe(
    'hold.patienceSeconds: is 121; the plan "starter" has a patience of 120: set 0 to 120, or null for that of the plan',
  )
  expect(param(refusal)).toBe('hold.patienceSeconds')
  expect(patience()).toBe(most * 1_000)
})

test('[H4] a plan with less patience is taken with a patience that fits it', () => {
  change({ patienceSeconds: 100 })
  expect(said(edit({ plan: 'trial' }))).toMatch(/^hold\.patienceSeconds: is 100; the plan "trial"/)
  expect(desk.registry.tenant()?.plan).toBe('starter')
  expect(said(change({ patienceSeconds: 60 }, { plan: 'trial' }))).toBe('done')
})

test('[H4] all that is wrong is said at once', () => {
  const refusal = change({ patienceSeconds: 3_600, ...joined('aud_1') })
  expect(
    said(refusal)
      .split('; ')
      .filter((part) => part.startsWith('hold.')),
  ).toHaveLength(2)
})

test('[H4] where there is no tenant nothing is changed', () => {
  const { sql, transact } = openSqlite()
  SqlDesk.prepare(sql)
  const empty = new SqlDesk(sql, transact)
  expect(empty.edits.change({ name: 'Acme' }, 0)).toBeUndefined()
  expect(empty.registry.tenant()).toBeUndefined()
})

function longestMs(): number | null {
  return callTerms(desk.registry.tenant() as Tenant, { id: 'key_1' } as Key).longestMs
}

test('[C9] a tenant’s longest call is no longer than its plan’s; where the plan has none it is as it likes', () => {
  for (const longestCallSeconds of [5, 3_600]) {
    expect(said(edit({ longestCallSeconds }))).toBe('done')
    expect(longestMs()).toBe(longestCallSeconds * 1_000)
  }
  const refusal = edit({ longestCallSeconds: 3_601 })
  expect(said(refusal)).toBe(
    'longestCallSeconds: is 3601; the plan "starter" has calls of up to 3600: set 5 to 3600, or null for that of the plan',
  )
  expect(param(refusal)).toBe('longestCallSeconds')
  expect(said(edit({ plan: 'trial' }))).toMatch(/^longestCallSeconds: is 3600; the plan "trial"/)
  expect(said(edit({ plan: 'scale', longestCallSeconds: 86_400 }))).toBe('done')
  expect(said(edit({ longestCallSeconds: null }))).toBe('done')
  expect(longestMs()).toBeNull()
})
