// What the HTTP app asks of its host, over the desks, pools and registry that every host has. Knows no route and no host.
import type { Audited } from '../audit.ts'
import type { DeskReading } from '../tenant-desk.ts'
import type { KeyChange, TenantChange } from '../plan-settings.ts'
import type { KeptCall } from '../records.ts'
import type { PoolReading } from '../pool-reading.ts'
import type { KeyPreview, TenantPreview } from '../desk-edits.ts'
import type { KeyReading } from '../desk-steps.ts'
import type { QueueReading, Removed } from '../desk-queue.ts'
import type { Outcome } from '../courier.ts'
import type { KeptHook, NewHook } from '../hook.ts'
import type { HookChange } from '../hook-settings.ts'
import type { UsageAsk, UsageReading } from '../desk-usage.ts'
import type { Indexed } from '../index-sql.ts'
import type { Series } from '../metrics.ts'
import type { FreshKey, Key, Tenant } from '../plan.ts'
import type { Offer } from '../ports.ts'
import type { PoolChange } from '../pool-settings.ts'
import type { Refusal } from '../refusal.ts'
import type { Format, Sound } from '../sound.ts'
import type { Upload } from '../sounds-sql.ts'
import { afterwards } from './answer.ts'
import type { House } from './app.ts'
import type { DrainHouse } from './drain.ts'
import { operatorKeyOf } from './operator-key.ts'
import type { PoolHouse } from './pools.ts'
import type { Uploads } from './sounds.ts'
import type { Tenants } from './tenants.ts'
import type { Webhooks } from './webhooks.ts'

/** A desk as the operator and its tenant see it; undefined or a refusal where nobody owns it. */
export interface DeskFace {
  create(tenant: Tenant): Promise<void>
  read(): Promise<DeskReading | undefined>
  me(hash: string): Promise<KeyReading | Refusal>
  barred(offer: Offer): Promise<Refusal | undefined>
  usage(ask: UsageAsk): Promise<UsageReading | undefined>
  change(change: TenantChange): Promise<DeskReading | Refusal | undefined>
  preview(change: TenantChange): Promise<TenantPreview | Refusal | undefined>
  keys(): Promise<Key[] | undefined>
  addKey(key: Key, hash: string): Promise<Refusal | undefined>
  changeKey(id: string, change: KeyChange): Promise<Key | undefined>
  previewKey(id: string, change: KeyChange): Promise<KeyPreview | undefined>
  revokeKey(id: string, graceMs: number): Promise<Key | Refusal>
  rotateKey(id: string, fresh: FreshKey, hash: string, graceMs: number): Promise<Key | Refusal>
  calls(limit: number, before: string | undefined): Promise<KeptCall[] | undefined>
  audit(limit: number, before: number | undefined): Promise<Audited[] | undefined>
  resume(): Promise<boolean | undefined>
  queueReading(): Promise<QueueReading | undefined>
  removeCaller(call: string): Promise<Removed | Refusal>
  sounds(): Promise<Upload[] | undefined>
  sound(id: string, format: Format): Promise<Uint8Array | undefined>
  upload(upload: Upload, sound: Sound): Promise<Refusal | undefined>
  discard(id: string): Promise<Refusal | undefined>
  hooks(): Promise<KeptHook[] | undefined>
  addHook(hook: NewHook): Promise<Refusal | undefined>
  changeHook(id: string, change: HookChange): Promise<KeptHook | undefined>
  rotateHook(id: string, secret: string, graceMs: number): Promise<KeptHook | undefined>
  removeHook(id: string): Promise<KeptHook | undefined>
  testHook(hook: string, tenant: string, id: string): Promise<Outcome | undefined>
}

export interface PoolFace {
  read(): Promise<PoolReading>
  preview(change: PoolChange): Promise<PoolReading | Refusal>
  change(change: PoolChange): Promise<PoolReading | Refusal>
  series(): Promise<Series>
}

export interface RegistryFace {
  put(tenant: Indexed): Promise<void>
  /** In order of their ids, from the first after this one. */
  list(limit: number, after: string): Promise<Indexed[]>
}

/** Where a host keeps them. What it gives is asked once and let go: a stub that threw may be dead. */
export interface Homes {
  desk: (tenant: string) => DeskFace
  pool: (id: string) => PoolFace
  registry: () => RegistryFace
  pools: readonly string[]
}

export type Own = Pick<House, 'version' | 'host' | 'operatorKey' | 'upstreams' | 'sha256' | 'fault'> & {
  /** What is wrong with a webhook's URL, as a sentence's end. */
  urlProblem: Webhooks['urlProblem']
}

/** The process itself, where the host is one. */
export interface Self {
  /** What of it is not ready, as sentences. */
  unready: () => string[]
  /** What it adds to `/metrics`, and those beside it that share its port. */
  series: () => Promise<Series[]>
  drain?: DrainHouse
}

const none: Self = { unready: () => [], series: async () => [] }

/** One as it was set: with a key that nobody could send the operator's API is closed, as without one. */
export function houseOf(own: Own, homes: Homes, { unready, series, drain }: Self = none): House {
  const operator = operatorKeyOf(own.operatorKey)
  const closed = 'problem' in operator ? [`the secret TRUNKLINE_ADMIN_KEY ${operator.problem}`] : []
  return {
    ...own,
    operatorKey: 'key' in operator ? operator.key : undefined,
    drain,
    tenants: tenantsOf(homes),
    pools: poolsOf(homes),
    uploads: uploadsOf(homes),
    webhooks: webhooksOf(homes, own),
    me: ({ tenant, hash }) => homes.desk(tenant).me(hash),
    barred: (offer) => homes.desk(offer.tenant).barred(offer),
    reports: async () => {
      const pools = homes.pools.map((id) => homes.pool(id).series())
      return [...(await Promise.all(pools)), ...(await series())]
    },
    unready: async () => [...unready(), ...closed, ...(await dumb(homes))],
  }
}

function tenantsOf({ desk, registry }: Homes): Tenants {
  return {
    list: async (limit, after) => {
      const found = await registry().list(limit + 1, after ?? '')
      return { data: found.slice(0, limit), more: found.length > limit }
    },
    create: async (tenant) => {
      await desk(tenant.id).create(tenant)
      await afterwards(registry().put(tenant))
    },
    read: (id) => desk(id).read(),
    usage: (id, ask) => desk(id).usage(ask),
    change: async (id, change) => {
      const reading = await desk(id).change(change)
      if (reading !== undefined && 'tenant' in reading) await registry().put(reading.tenant)
      return reading
    },
    preview: (id, change) => desk(id).preview(change),
    keys: (id) => desk(id).keys(),
    addKey: (id, key, hash) => desk(id).addKey(key, hash),
    changeKey: (id, key, change) => desk(id).changeKey(key, change),
    previewKey: (id, key, change) => desk(id).previewKey(key, change),
    revokeKey: (id, key, graceMs) => desk(id).revokeKey(key, graceMs),
    rotateKey: (id, key, fresh, hash, graceMs) => desk(id).rotateKey(key, fresh, hash, graceMs),
    calls: (id, limit, before) => desk(id).calls(limit, before),
    audit: (id, limit, before) => desk(id).audit(limit, before),
    resume: (id) => desk(id).resume(),
    queue: (id) => desk(id).queueReading(),
    removeCaller: (id, call) => desk(id).removeCaller(call),
  }
}

function poolsOf({ pool, pools }: Homes): PoolHouse {
  return {
    ids: pools,
    read: (id) => pool(id).read(),
    change: (id, change) => pool(id).change(change),
    preview: (id, change) => pool(id).preview(change),
  }
}

function uploadsOf({ desk }: Homes): Uploads {
  return {
    list: (tenant) => desk(tenant).sounds(),
    add: (tenant, upload, sound) => desk(tenant).upload(upload, sound),
    bytes: (tenant, id, format) => desk(tenant).sound(id, format),
    discard: (tenant, id) => desk(tenant).discard(id),
  }
}

function webhooksOf({ desk }: Homes, { urlProblem }: Own): Webhooks {
  return {
    urlProblem,
    list: (tenant) => desk(tenant).hooks(),
    add: (tenant, hook) => desk(tenant).addHook(hook),
    change: (tenant, id, change) => desk(tenant).changeHook(id, change),
    rotate: (tenant, id, secret, graceMs) => desk(tenant).rotateHook(id, secret, graceMs),
    remove: (tenant, id) => desk(tenant).removeHook(id),
    test: (tenant, id, message) => desk(tenant).testHook(id, tenant, message),
  }
}

async function dumb({ registry }: Homes): Promise<string[]> {
  try {
    await registry().list(1, '')
    return []
  } catch {
    return ['the registry does not answer']
  }
}
