// The operator's routes of what was done to a tenant: its log, and lifting a suspension. Knows no store. Rules A3, L7.
import { Hono } from 'hono'
import * as z from 'zod'
import type { Audited } from '../audit.ts'
import { isoOf } from '../calendar.ts'
import { afterwards, found, listOf, Nothing, readBody, Refused } from './answer.ts'
import { digits, limit, query } from './query.ts'
import { shownTenant, type Tenants } from './tenants.ts'

type Env = { Bindings: { house: { tenants: Pick<Tenants, 'audit' | 'resume' | 'read'> } } }

const Page = z.strictObject({
  limit,
  before: digits(1, Number.MAX_SAFE_INTEGER).optional(),
})

export function auditRoutes(): Hono<Env> {
  const routes = new Hono<Env>()

  routes.get('/:tenant/audit', query(Page), async (c) => {
    const id = c.req.param('tenant')
    const { limit, before } = c.req.valid('query')
    const entries = await found(c.env.house.tenants.audit(id, limit + 1, before), 'tenant', id)
    return c.json(listOf(entries.slice(0, limit).map(shown), entries.length > limit))
  })

  routes.post('/:tenant/resume', async (c) => {
    const id = c.req.param('tenant')
    await readBody(c, Nothing)
    const { tenants } = c.env.house
    const lifted = await found(tenants.resume(id), 'tenant', id)
    if (!lifted) throw new Refused({ why: 'not_suspended' })
    return c.json(shownTenant(await found(afterwards(tenants.read(id)), 'tenant', id)))
  })

  return routes
}

function shown({ id, at, who, what, key, before, after, figures }: Audited) {
  const change = { before: before ?? null, after: after ?? null, figures: figures ?? null }
  return { object: 'audit.entry', id, at: isoOf(at), who, what, key: key ?? null, ...change }
}
