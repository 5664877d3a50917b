// The demo tenant: one tenant with a cap of two lines and one working key, made over the admin API.
// Refuses to know where the key is kept between starts.
import { z } from 'zod'

export type DemoRequest = {
  readonly url: string
  readonly adminKey: string
  /** The key of an earlier start, kept if the broker still takes it. */
  readonly key?: string | undefined
}

export type DemoTenant = {
  readonly key: string
  /** False when the earlier key was still good. */
  readonly made: boolean
}

const demoName = 'demo'
const demoLines = 2

const Tenant = z.object({ id: z.string(), name: z.string() })
const Tenants = z.object({ data: z.array(Tenant) })
const Key = z.object({ key: z.string() })

export async function ensureDemoTenant(request: DemoRequest): Promise<DemoTenant> {
  if (request.key !== undefined && (await works(request.url, request.key))) return { key: request.key, made: false }
  const id = (await findTenant(request)) ?? (await makeTenant(request))
  const { key } = Key.parse(
    await admin(request, 'POST', `/admin/v1/tenants/${encodeURIComponent(id)}/keys`, { name: demoName }),
  )
  return { key, made: true }
}

async function works(url: string, key: string): Promise<boolean> {
  const response = await fetch(new URL('/v1/me', url), { headers: { authorization: `Bearer ${key}` } })
  await response.body?.cancel()
  if (response.status === 200) return true
  if (response.status === 401 || response.status === 403) return false
  throw new Error(`The broker answered ${response.status} when asked whether the demo key is good.`)
}

/** A start that broke off after making the tenant must not make a second one; the oldest are listed first. */
async function findTenant(request: DemoRequest): Promise<string | undefined> {
  const list = Tenants.parse(await admin(request, 'GET', '/admin/v1/tenants?limit=100'))
  return list.data.find((tenant) => tenant.name === demoName)?.id
}

async function makeTenant(request: DemoRequest): Promise<string> {
  const body = { name: demoName, plan: 'trial', caps: { lines: demoLines } }
  return z.object({ id: z.string() }).parse(await admin(request, 'POST', '/admin/v1/tenants', body)).id
}

async function admin(request: DemoRequest, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(new URL(path, request.url), {
    method,
    headers: { authorization: `Bearer ${request.adminKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 300)}`)
  return JSON.parse(text)
}
