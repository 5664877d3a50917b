// The HTTP app that both hosts serve: tenant API, operator API, health, metrics. Knows no store and no socket.
import { Hono, type Context, type MiddlewareHandler } from 'hono'
import { v7 as uuid } from 'uuid'
import * as z from 'zod'
import type { DeskReading } from '../tenant-desk.ts'
import type { KeyReading } from '../desk-steps.ts'
import type { Series } from '../metrics.ts'
import type { Key } from '../plan.ts'
import type { Offer } from '../ports.ts'
import type { Refusal } from '../refusal.ts'
import { modelsOf, type UpstreamSpec } from '../upstream.ts'
import { HalfDone, noRoute, nothing, Refused, refusalResponse } from './answer.ts'
import { auditRoutes } from './audit.ts'
import { arrivalOf, presentedKey } from './door.ts'
import { drainRoutes, type DrainHouse } from './drain.ts'
import { exposition, expositionType } from './exposition.ts'
import { readKey, sameSecret, type ReadKey, type Sha256 } from './key.ts'
import { limitHeaders } from './limit-headers.ts'
import { poolRoutes, type PoolHouse } from './pools.ts'
import { query, undeclared } from './query.ts'
import { queueRoutes } from './queue.ts'
import { soundRoutes, type Uploads } from './sounds.ts'
import { standingOf } from './standing.ts'
import { tenantRoutes, type Tenants } from './tenants.ts'
import { webhookRoutes, type Webhooks } from './webhooks.ts'
import { usageRoutes } from './usage.ts'

/** What the app asks of its host. */
export interface House {
  version: string
  host: string
  /** The operator's key; undefined when none was set: then nothing of the operator's is served. */
  operatorKey: string | undefined
  tenants: Tenants
  pools: PoolHouse
  uploads: Uploads
  webhooks: Webhooks
  upstreams: readonly UpstreamSpec[]
  sha256: Sha256
  /** Where the host is a process. */
  drain?: DrainHouse | undefined
  /** The reading of a tenant's own desk, for a key that is good now; why it is not, else. */
  me(key: ReadKey): Promise<KeyReading | Refusal>
  /** Why an upgrade of this offer would be refused now, whatever the lines. */
  barred(offer: Offer): Promise<Refusal | undefined>
  reports(): Promise<Series[]>
  /** What is not ready, as sentences; empty when all is. */
  unready(): Promise<string[]>
  /** Notes it; a refusal where the asker is to be told more than that something went wrong. */
  fault(error: unknown, instance: string, attempt: Attempt): Refusal | undefined
}

/** What of a request that failed may be there: nothing of it, whatever failed; maybe all; at least a part. */
export type Attempt = 'read' | 'change' | 'part'

type Env = { Bindings: { house: House }; Variables: { instance: string; reading: DeskReading; key: Key } }

/** Parameters go on to the provider, or to a page. */
const Whatever = z.looseObject({})

/** `pages`: what the host serves where there is no route, if its platform does not. */
export function app(pages?: MiddlewareHandler): Hono<Env> {
  const routes = new Hono<Env>()

  routes.use(async (c, next) => {
    c.set('instance', `req_${uuid().replaceAll('-', '')}`)
    await next()
    c.header('x-request-id', c.get('instance'))
    c.header('x-content-type-options', 'nosniff')
  })

  routes.get('/livez', (c) => c.text('ok\n'))

  routes.get('/readyz', async (c) => {
    const unready = await c.env.house.unready()
    return unready.length === 0 ? c.text('ready\n') : c.text(`not ready: ${unready.join('; ')}\n`, 503)
  })

  routes.get('/metrics', async (c) => {
    const { version, host } = c.env.house
    return c.text(await exposition(await c.env.house.reports(), { version, host }), 200, {
      'content-type': expositionType,
    })
  })

  // A tenant sees with each answer what it has left, also with a refusal.
  routes.use('/v1/*', async (c, next) => {
    await next()
    const reading = c.get('reading') as DeskReading | undefined
    const limits = reading === undefined ? {} : limitHeaders(reading, new Date().getTime())
    for (const [name, value] of Object.entries(limits)) c.header(name, value)
  })

  for (const path of ['/v1/me', '/v1/queue/*', '/v1/usage']) routes.use(path, tenantKey)
  routes.use('/v1/*', undeclared)

  routes.get('/v1/me', async (c) => {
    const [reading, key] = [c.get('reading'), c.get('key')]
    const { tenant } = reading
    return c.json({
      object: 'me',
      as_of: new Date().toISOString(),
      tenant: { id: tenant.id, name: tenant.name, plan: tenant.plan },
      key,
      models: tenant.models ?? modelsOf(c.env.house.upstreams),
      ...standingOf(reading),
    })
  })

  routes.route('/v1/queue', queueRoutes(ownTenant))

  routes.route('/v1/usage', usageRoutes(ownTenant))

  routes.use('/admin/*', async (c, next) => {
    const presented = presentedKey(c.req.raw)
    const { operatorKey, sha256 } = c.env.house
    const known =
      typeof presented === 'string' && operatorKey !== undefined && (await sameSecret(presented, operatorKey, sha256))
    const twice = typeof presented !== 'string' && presented.why === 'key_twice'
    if (!known) throw new Refused(twice ? presented : { why: 'operator_key' })
    await next()
  })
  routes.use('/admin/*', undeclared)
  routes.use('/admin/v1/tenants/:tenant/*', wellFormed)
  routes.route('/admin/v1/tenants', tenantRoutes())
  routes.route('/admin/v1/pools', poolRoutes())
  routes.route('/admin/v1/tenants', soundRoutes())
  routes.route('/admin/v1/tenants', webhookRoutes())
  routes.route('/admin/v1/tenants', auditRoutes())
  routes.route('/admin/v1/drain', drainRoutes())

  // Stock clients cannot read why an upgrade was refused: asked without one, the answer is the same.
  routes.get('/v1/realtime', query(Whatever), async (c) => {
    throw new Refused((await barred(c)) ?? { why: 'upgrade_needed' })
  })

  if (pages !== undefined) routes.get('*', query(Whatever), pages)
  routes.notFound((c) => refusalResponse(noRoute(c.req.method, c.req.path), c.get('instance')))
  routes.onError((error, c) => {
    if (error instanceof Refused) return refusalResponse(error.refusal, c.get('instance'))
    const [instance, half] = [c.get('instance'), error instanceof HalfDone]
    const attempt = ['GET', 'HEAD'].includes(c.req.method) ? 'read' : half ? 'part' : 'change'
    return refusalResponse(c.env.house.fault(half ? error.cause : error, instance, attempt) ?? { why: 'bug' }, instance)
  })
  return routes
}

/** What was never made is nowhere: no store is asked for it. */
const wellFormed: MiddlewareHandler<Env> = async (c, next) => {
  const id = c.req.param('tenant') ?? ''
  if (!/^ten_[0-9a-f]{32}$/.test(id)) throw new Refused(nothing('tenant', id))
  await next()
}

/** Who sends no key is only told what is missing. */
async function barred(c: Context<Env>): Promise<Refusal | undefined> {
  const { house } = c.env
  const arrival = await arrivalOf(c.req.raw, c.get('instance'), house.upstreams, house.sha256)
  if ('offer' in arrival) return house.barred(arrival.offer)
  return arrival.why === 'key_missing' ? undefined : arrival
}

/** Whose key it is that came with the request, when it is good now. */
const tenantKey: MiddlewareHandler<Env> = async (c, next) => {
  const presented = presentedKey(c.req.raw)
  if (typeof presented !== 'string') throw new Refused(presented)
  const key = await readKey(presented, c.env.house.sha256)
  if (key === undefined) throw new Refused({ why: 'key_malformed' })
  const known = await c.env.house.me(key)
  if ('why' in known) throw new Refused(known)
  c.set('reading', known.reading)
  c.set('key', known.key)
  await next()
}

/** Of a route that `tenantKey` stands before. */
function ownTenant(c: Context<Env>): string {
  return c.get('reading').tenant.id
}
