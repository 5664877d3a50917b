// What the HTTP app asks of its host, over Durable Objects. Knows no route.
import manifest from '../package.json' with { type: 'json' }
import type { House } from '../src/http/app.ts'
import type { PoolHouse } from '../src/http/pools.ts'
import type { Uploads } from '../src/http/sounds.ts'
import type { Tenants } from '../src/http/tenants.ts'
import { modelsOf, poolsOf } from '../src/upstream.ts'
import { upstreams, type Env } from './env.ts'
import { deskOf, poolOf, registryOf } from './stubs.ts'

export function houseOf(env: Env): House {
  return {
    version: manifest.version,
    host: 'worker',
    operatorKey: env.TRUNKLINE_ADMIN_KEY,
    models: modelsOf(upstreams(env)),
    tenants: tenantsOf(env),
    pools: poolHouse(env),
    uploads: uploadsOf(env),
    me: async ({ tenant, hash }) => deskOf(env, tenant).me(hash),
    reports: async () => Promise.all(Object.keys(poolsOf(upstreams(env))).map((pool) => poolOf(env, pool).series())),
    unready: async () => unready(env),
    fault: (error, instance) =>
      console.error(
        JSON.stringify({ level: 'error', msg: 'request fault', request_id: instance, error: String(error) }),
      ),
  }
}

function tenantsOf(env: Env): Tenants {
  const registry = () => registryOf(env)
  const desk = (id: string) => deskOf(env, id)
  return {
    list: async (limit, after) => {
      const found = await registry().list(limit + 1, after ?? '')
      return { data: found.slice(0, limit), more: found.length > limit }
    },
    create: async (tenant) => {
      await desk(tenant.id).create(tenant)
      await registry().put(tenant)
    },
    read: async (id) => desk(id).read(),
    change: async (id, change) => {
      const reading = await desk(id).change(change)
      if (reading !== undefined && 'tenant' in reading) await registry().put(reading.tenant)
      return reading
    },
    preview: async (id, change) => desk(id).preview(change),
    keys: async (id) => desk(id).keys(),
    addKey: async (id, key, hash) => desk(id).addKey(key, hash),
    changeKey: async (id, key, change) => desk(id).changeKey(key, change),
    previewKey: async (id, key, change) => desk(id).previewKey(key, change),
    revokeKey: async (id, key, graceMs) => desk(id).revokeKey(key, graceMs),
    calls: async (id, limit, before) => desk(id).calls(limit, before),
    queue: async (id) => desk(id).queueReading(),
    removeCaller: async (id, call) => desk(id).removeCaller(call),
  }
}

function poolHouse(env: Env): PoolHouse {
  return {
    ids: Object.keys(poolsOf(upstreams(env))),
    read: async (id) => poolOf(env, id).read(),
    change: async (id, change) => poolOf(env, id).change(change),
    preview: async (id, change) => poolOf(env, id).preview(change),
  }
}

function uploadsOf(env: Env): Uploads {
  return {
    list: async (tenant) => deskOf(env, tenant).sounds(),
    add: async (tenant, upload, sound) => deskOf(env, tenant).upload(upload, sound),
    bytes: async (tenant, id, format) => deskOf(env, tenant).sound(id, format),
    discard: async (tenant, id) => deskOf(env, tenant).discard(id),
  }
}

async function unready(env: Env): Promise<string[]> {
  const problems: string[] = []
  if (env.TRUNKLINE_ADMIN_KEY === undefined) problems.push('the secret TRUNKLINE_ADMIN_KEY is not set')
  try {
    await registryOf(env).list(1, '')
  } catch {
    problems.push('the registry does not answer')
  }
  return problems
}
