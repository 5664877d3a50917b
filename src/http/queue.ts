// The queue of one tenant over HTTP, for its admin and for the operator alike: who waits, and taking one out. Knows no store.
import { Hono, type Context } from 'hono'
import { found, Refused } from './answer.ts'
import type { Tenants } from './tenants.ts'

type Env = { Bindings: { house: { tenants: Tenants } } }

/** `tenantOf` says whose queue a request is about. */
export function queueRoutes(tenantOf: (c: Context) => string): Hono<Env> {
  const routes = new Hono<Env>()

  routes.get('/', async (c) => {
    const tenant = tenantOf(c)
    return c.json({ object: 'queue', ...(await found(c.env.house.tenants.queue(tenant), 'tenant', tenant)) })
  })

  routes.delete('/:call', async (c) => {
    const tenant = tenantOf(c)
    const removed = await c.env.house.tenants.removeCaller(tenant, c.req.param('call'))
    if ('why' in removed) throw new Refused(removed)
    return c.json({ object: 'queue.removed', ...removed })
  })

  return routes
}
