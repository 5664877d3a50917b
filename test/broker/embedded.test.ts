// The embedded store as files: what outlives its process, who may use it, what a version does not know, what is made for nobody.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Store } from '../../broker/store.ts'
import { openEmbedded } from '../../broker/stores/embedded.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { Key, Tenant } from '../../src/plan.ts'
import type { Offer } from '../../src/ports.ts'
import { eventually } from '../support/eventually.ts'
import { nobodysCourier } from '../support/courier.ts'

const id = (n: number) => `ten_${String(n).padStart(32, '0')}`
const created_at = '2026-11-24T00:00:00.000Z'

let dir: string
let stores: Store[] = []
let faults: unknown[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trunkline-store-'))
})
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()))
  rmSync(dir, { recursive: true })
  expect(faults.splice(0)).toEqual([])
})

function open(): Store {
  const store = openEmbedded({
    dir,
    pools: { openai: { tokensPerMinute: null, sessions: null } },
    calls: { seated: () => undefined, told: () => undefined },
    courier: nobodysCourier,
    tell: () => undefined,
    fault: (_of, error) => faults.push(error),
  })
  stores.push(store)
  return store
}

async function shut(store: Store): Promise<void> {
  stores = stores.filter((other) => other !== store)
  await store.close()
}

async function make(store: Store, n: number, lines = 1): Promise<void> {
  const settings = TenantSettings.parse({ name: 'Acme', plan: 'trial', caps: { lines } })
  const tenant: Tenant = { ...settings, id: id(n), created_at }
  await store.homes.desk(tenant.id).create(tenant)
  await store.homes.registry().put(tenant)
  const key: Key = {
    id: 'key_1',
    name: 'first',
    lines: null,
    headStartSeconds: 0,
    hint: '…',
    created_at,
    expires_at: null,
    revoked_at: null,
  }
  await store.homes.desk(tenant.id).addKey(key, 'hash')
}

function offer(n: number, call: string): Offer {
  const asks = { model: 'gpt-realtime', models: ['gpt-realtime'], unserved: null, pool: 'openai' }
  return { call, tenant: id(n), keyHash: 'hash', agent: null, caller: null, ...asks }
}

test('[S1] tenants, keys and the index outlive the process', async () => {
  const first = open()
  await make(first, 1)
  await shut(first)
  const { homes } = open()
  expect((await homes.desk(id(1)).read())?.tenant).toMatchObject({ id: id(1), name: 'Acme' })
  expect(await homes.desk(id(1)).keys()).toMatchObject([{ id: 'key_1' }])
  expect(await homes.registry().list(10, '')).toEqual([{ id: id(1), name: 'Acme', plan: 'trial' }])
})

test('[G9] calls that were open are ended when the folder is opened again: their lines are free, one record each', async () => {
  const first = open()
  await make(first, 1)
  expect(await first.desks.admit(offer(1, 'call_1'))).toMatchObject({ is: 'granted' })
  expect(await first.desks.admit(offer(1, 'call_2'))).toMatchObject({ is: 'queued', place: 0 })
  await shut(first)
  const { homes, desks } = open()
  expect(await desks.admit(offer(1, 'call_3'))).toMatchObject({ is: 'granted' })
  const lost = { ended: expect.any(Number) as number, record: { outcome: { by: 'broker', why: 'call_reset' } } }
  expect(await homes.desk(id(1)).calls(10, undefined)).toMatchObject([{ id: 'call_3', ended: null }, lost, lost])
})

test('[G9] [M3] also the calls of a tenant that nobody asks for are ended, and counted', async () => {
  const first = open()
  await make(first, 1)
  await first.desks.admit(offer(1, 'call_1'))
  await shut(first)
  const { homes } = open()
  const ends = () => homes.pool('openai').series()
  await eventually(ends, (series) => Object.keys(series).some((name) => /call_ends.*call_reset/.test(name)), 2_000)
})

test('[G9] one process at a time: a second one says so in a sentence, and touches nothing', async () => {
  open()
  expect(open).toThrow(`${dir} is in use by another broker: one process at a time may use a folder.`)
})

/** Names and contents of all files. */
function contents(): Record<string, string> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).toSorted()
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path).toString('base64')]))
}

test.each(['index.sqlite', `desks/${id(1)}.sqlite`, 'pools/openai.sqlite'])(
  '[S1] %s of a newer version: refused, with the two versions, and nothing is touched',
  async (file) => {
    const first = open()
    await make(first, 1)
    await shut(first)
    const db = new DatabaseSync(join(dir, file))
    db.exec('PRAGMA user_version = 99')
    db.close()
    const before = contents()
    expect(open).toThrow(`${join(dir, file)} was written by a newer Trunkline (schema 99, this one knows 1)`)
    expect(contents()).toEqual(before)
  },
)

test('[S1] a folder that cannot be written to is said to be that, not to be in use', () => {
  mkdirSync(join(dir, 'lock.db'))
  expect(open).toThrow(
    `The folder ${dir} cannot be used (unable to open database file): name another one with --store.`,
  )
})

test('[K5] a tenant that there is not has no file made for it, whatever its name', async () => {
  const { homes, desks } = open()
  for (const name of [id(7), '../../evil', 'ten_x', '']) {
    expect(await homes.desk(name).read()).toBeUndefined()
    expect(await homes.desk(name).keys()).toBeUndefined()
    expect(await homes.desk(name).removeCaller('call_1')).toMatchObject({ why: 'thing_unknown' })
    expect(await desks.admit({ ...offer(7, 'call_1'), tenant: name })).toMatchObject({
      refusal: { why: 'key_unknown' },
    })
  }
  expect(readdirSync(join(dir, 'desks'))).toEqual([])
  expect(existsSync(join(dir, '..', 'evil.sqlite'))).toBe(false)
})
