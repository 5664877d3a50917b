// The operator's routes: tenants, their keys, their calls. Knows no store. Rules K1, A2.
import { Hono } from 'hono'
import * as z from 'zod'
import type { Audited } from '../audit.ts'
import type { KeyPreview, TenantPreview } from '../desk-edits.ts'
import type { QueueReading, Removed } from '../desk-queue.ts'
import type { UsageAsk, UsageReading } from '../desk-usage.ts'
import type { DeskReading } from '../tenant-desk.ts'
import { settingsProblem } from '../settings-check.ts'
import { KeyChange, KeySettings, TenantChange, TenantSettings, whole } from '../plan-settings.ts'
import type { FreshKey, Key, Tenant } from '../plan.ts'
import type { KeptCall } from '../records.ts'
import type { Refusal } from '../refusal.ts'
import { afterwards, found, listOf, newId, readBody, Refused } from './answer.ts'
import { makeKey, type Sha256 } from './key.ts'
import { Edit, limit, query } from './query.ts'
import { queueRoutes } from './queue.ts'
import { standingOf } from './standing.ts'
import { usageRoutes } from './usage.ts'

/** Tenants and what is theirs, wherever the host keeps them. undefined or a refusal where there is no such thing. */
export interface Tenants {
  list(
    limit: number,
    after: string | undefined,
  ): Promise<{ data: Pick<Tenant, 'id' | 'name' | 'plan'>[]; more: boolean }>
  create(tenant: Tenant): Promise<void>
  read(id: string): Promise<DeskReading | undefined>
  usage(id: string, ask: UsageAsk): Promise<UsageReading | undefined>
  change(id: string, change: TenantChange): Promise<DeskReading | Refusal | undefined>
  /** What a change would do, now. */
  preview(id: string, change: TenantChange): Promise<TenantPreview | Refusal | undefined>
  keys(id: string): Promise<Key[] | undefined>
  addKey(id: string, key: Key, hash: string): Promise<Refusal | undefined>
  changeKey(id: string, key: string, change: KeyChange): Promise<Key | undefined>
  previewKey(id: string, key: string, change: KeyChange): Promise<KeyPreview | undefined>
  /** Ends a key: now, or after a grace (ms). Its live calls end with it. */
  revokeKey(id: string, key: string, graceMs: number): Promise<Key | Refusal>
  /** Makes a key with what was set of this one, which ends as above; that which was made. */
  rotateKey(id: string, key: string, fresh: FreshKey, hash: string, graceMs: number): Promise<Key | Refusal>
  calls(id: string, limit: number, before: string | undefined): Promise<KeptCall[] | undefined>
  /** What was done to it, newest first. */
  audit(id: string, limit: number, before: number | undefined): Promise<Audited[] | undefined>
  /** Lifts a suspension; false where there is none. */
  resume(id: string): Promise<boolean | undefined>
  queue(id: string): Promise<QueueReading | undefined>
  /** Takes a waiting caller out of the queue, and has it told. */
  removeCaller(id: string, call: string): Promise<Removed | Refusal>
}

const id = z.string().max(100).optional()
const PageAfter = z.strictObject({ limit, after: id })
const PageBefore = z.strictObject({ limit, before: id })
export const Rotation = z.strictObject({ grace_seconds: whole(0, 7 * 86_400).default(86_400) })

/** What these routes ask of the house. */
type House = { tenants: Tenants; sha256: Sha256 }
type Env = { Bindings: { house: House } }

export function tenantRoutes(): Hono<Env> {
  const routes = new Hono<Env>()

  routes.post('/', async (c) => {
    const settings = await readBody(c, TenantSettings)
    const refusal = settingsProblem(settings, [])
    if (refusal !== undefined) throw new Refused(refusal)
    const tenant: Tenant = { id: newId('ten'), ...settings, created_at: new Date().toISOString() }
    await c.env.house.tenants.create(tenant)
    return c.json(shownTenant(await found(afterwards(c.env.house.tenants.read(tenant.id)), 'tenant', tenant.id)), 201)
  })

  routes.get('/', query(PageAfter), async (c) => {
    const { limit, after } = c.req.valid('query')
    const { data, more } = await c.env.house.tenants.list(limit, after)
    return c.json(listOf(data, more))
  })

  routes.get('/:tenant', async (c) => {
    const id = c.req.param('tenant')
    return c.json(shownTenant(await found(c.env.house.tenants.read(id), 'tenant', id)))
  })

  routes.patch('/:tenant', query(Edit), async (c) => {
    const id = c.req.param('tenant')
    const { preview } = c.req.valid('query')
    const change = await readBody(c, TenantChange)
    const { tenants } = c.env.house
    if (preview === 'true')
      return c.json({ object: 'preview', ...(await done(found(tenants.preview(id, change), 'tenant', id))) })
    return c.json(shownTenant(await done(found(tenants.change(id, change), 'tenant', id))))
  })

  routes.get('/:tenant/keys', async (c) => {
    const id = c.req.param('tenant')
    return c.json(listOf(await found(c.env.house.tenants.keys(id), 'tenant', id)))
  })

  routes.post('/:tenant/keys', async (c) => {
    const tenant = c.req.param('tenant')
    const settings = await readBody(c, KeySettings)
    const { tenants, sha256 } = c.env.house
    const { fresh, hash, shown } = await freshKey(tenant, sha256)
    const made: Key = { ...fresh, ...settings, expires_at: null, revoked_at: null }
    const refusal = await tenants.addKey(tenant, made, hash)
    if (refusal !== undefined) throw new Refused(refusal)
    return c.json({ ...made, key: shown }, 201)
  })

  routes.patch('/:tenant/keys/:key', query(Edit), async (c) => {
    const { tenant, key } = c.req.param()
    const { preview } = c.req.valid('query')
    const change = await readBody(c, KeyChange)
    const { tenants } = c.env.house
    if (preview === 'true')
      return c.json({ object: 'preview', ...(await found(tenants.previewKey(tenant, key, change), 'key', key)) })
    return c.json(await found(tenants.changeKey(tenant, key, change), 'key', key))
  })

  routes.post('/:tenant/keys/:key/rotate', async (c) => {
    const { tenant, key } = c.req.param()
    const { grace_seconds } = await readBody(c, Rotation)
    const { tenants, sha256 } = c.env.house
    const { fresh, hash, shown } = await freshKey(tenant, sha256)
    const made = await done(tenants.rotateKey(tenant, key, fresh, hash, grace_seconds * 1000))
    return c.json({ ...made, key: shown }, 201)
  })

  routes.delete('/:tenant/keys/:key', async (c) => {
    const { tenant, key } = c.req.param()
    return c.json(await done(c.env.house.tenants.revokeKey(tenant, key, 0)))
  })

  routes.get('/:tenant/calls', query(PageBefore), async (c) => {
    const id = c.req.param('tenant')
    const { limit, before } = c.req.valid('query')
    const calls = await found(c.env.house.tenants.calls(id, limit + 1, before), 'tenant', id)
    return c.json(listOf(calls.slice(0, limit), calls.length > limit))
  })

  routes.route(
    '/:tenant/queue',
    queueRoutes((c) => c.req.param('tenant') ?? ''),
  )

  routes.route(
    '/:tenant/usage',
    usageRoutes((c) => c.req.param('tenant') ?? ''),
  )

  return routes
}

/** `shown`: the key itself, which is in the answer to whoever asked for it and nowhere else, ever. */
async function freshKey(tenant: string, sha256: Sha256): Promise<{ fresh: FreshKey; hash: string; shown: string }> {
  const { key, hash, hint } = await makeKey(tenant, sha256)
  return { fresh: { id: newId('key'), hint, created_at: new Date().toISOString() }, hash, shown: key }
}

/** `budgets` are those that are set. */
export function shownTenant(reading: DeskReading): object {
  const { budgets: budgets_now, ...standing } = standingOf(reading)
  return { object: 'tenant', ...reading.tenant, ...standing, budgets_now }
}

async function done<T extends object>(result: Promise<T | Refusal>): Promise<T> {
  const answer = await result
  if ('why' in answer) throw new Refused(answer)
  return answer
}
