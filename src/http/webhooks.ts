// The operator's routes to a tenant's webhook endpoints. A secret is shown when it is made, and never again. Knows no store. Rules A5, K4.
import { Hono } from 'hono'
import type { Outcome } from '../courier.ts'
import { newHook, shownHook } from '../hook-edits.ts'
import type { KeptHook, NewHook } from '../hook.ts'
import { HookChange, HookSettings } from '../hook-settings.ts'
import type { Refusal } from '../refusal.ts'
import { found, listOf, newId, Nothing, readBody, Refused } from './answer.ts'
import { makeSecret } from './hmac.ts'
import { Rotation } from './tenants.ts'

/** The endpoints of tenants, wherever the host keeps them. undefined or a refusal where there is no such thing. */
export interface Webhooks {
  /** What is wrong with a URL, as a sentence's end; undefined when it may be told. */
  urlProblem(url: string): string | undefined
  list(tenant: string): Promise<KeptHook[] | undefined>
  add(tenant: string, hook: NewHook): Promise<Refusal | undefined>
  change(tenant: string, id: string, change: HookChange): Promise<KeptHook | undefined>
  /** The secret before signs, too, for the grace (ms). */
  rotate(tenant: string, id: string, secret: string, graceMs: number): Promise<KeptHook | undefined>
  remove(tenant: string, id: string): Promise<KeptHook | undefined>
  /** Sends a test, under this id, and waits for what comes of it. */
  test(tenant: string, id: string, message: string): Promise<Outcome | undefined>
}

type Env = { Bindings: { house: { webhooks: Webhooks } } }

export function webhookRoutes(): Hono<Env> {
  const routes = new Hono<Env>()

  routes.post('/:tenant/webhooks', async (c) => {
    const { webhooks } = c.env.house
    const settings = await readBody(c, HookSettings)
    mayBeTold(webhooks, settings.url)
    const hook = newHook(newId('hook'), settings, makeSecret(), new Date().toISOString())
    const refusal = await webhooks.add(c.req.param('tenant'), hook)
    if (refusal !== undefined) throw new Refused(refusal)
    const made = { hook: { ...hook, on_at: 0 }, state: undefined }
    return c.json({ ...shownHook(made), secret: hook.secret }, 201)
  })

  routes.get('/:tenant/webhooks', async (c) => {
    const tenant = c.req.param('tenant')
    const hooks = await found(c.env.house.webhooks.list(tenant), 'tenant', tenant)
    return c.json(listOf(hooks.map(shownHook)))
  })

  routes.get('/:tenant/webhooks/:hook', async (c) => {
    const { tenant, hook } = c.req.param()
    const all = await found(c.env.house.webhooks.list(tenant), 'tenant', tenant)
    const one = all.find((kept) => kept.hook.id === hook)
    return c.json(shownHook(await found(Promise.resolve(one), 'webhook', hook)))
  })

  routes.patch('/:tenant/webhooks/:hook', async (c) => {
    const { webhooks } = c.env.house
    const { tenant, hook } = c.req.param()
    const change = await readBody(c, HookChange)
    if (change.url !== undefined) mayBeTold(webhooks, change.url)
    return c.json(shownHook(await found(webhooks.change(tenant, hook, change), 'webhook', hook)))
  })

  routes.post('/:tenant/webhooks/:hook/rotate', async (c) => {
    const { tenant, hook } = c.req.param()
    const { grace_seconds } = await readBody(c, Rotation)
    const secret = makeSecret()
    const rotated = c.env.house.webhooks.rotate(tenant, hook, secret, grace_seconds * 1000)
    return c.json({ ...shownHook(await found(rotated, 'webhook', hook)), secret })
  })

  routes.post('/:tenant/webhooks/:hook/test', async (c) => {
    const { tenant, hook } = c.req.param()
    await readBody(c, Nothing)
    const message = newId('msg')
    const { status, error } = await found(c.env.house.webhooks.test(tenant, hook, message), 'webhook', hook)
    return c.json({ object: 'webhook.test', webhook: hook, message, delivered: error === null, status, error })
  })

  routes.delete('/:tenant/webhooks/:hook', async (c) => {
    const { tenant, hook } = c.req.param()
    await found(c.env.house.webhooks.remove(tenant, hook), 'webhook', hook)
    return c.json({ object: 'webhook', id: hook, deleted: true })
  })

  return routes
}

function mayBeTold(webhooks: Webhooks, url: string): void {
  const problem = webhooks.urlProblem(url)
  if (problem !== undefined)
    throw new Refused({ why: 'body_invalid', details: { problems: `url: ${problem}`, param: 'url' } })
}
