// What was used over HTTP, for a tenant and for the operator alike: as JSON in OpenAI's shape, or as CSV. Knows no store. Rule L9.
import { Hono, type Context } from 'hono'
import { accepts } from 'hono/accepts'
import { usagePage } from '../usage-page.ts'
import { checked, found } from './answer.ts'
import { parametersOf, reads } from './query.ts'
import type { Tenants } from './tenants.ts'
import { usageCsv } from './usage-csv.ts'
import { usageQuery } from './usage-query.ts'

const asked = reads((c) => checked(usageQuery(new Date().getTime()), given(c), 'query'))

type Env = { Bindings: { house: { tenants: Pick<Tenants, 'usage'> } } }

/** `tenantOf` says whose usage a request is about. */
export function usageRoutes(tenantOf: (c: Context) => string): Hono<Env> {
  const routes = new Hono<Env>()
  routes.get('/', asked, async (c) => {
    const tenant = tenantOf(c)
    const { ask, by, format } = c.req.valid('query')
    const page = usagePage(await found(c.env.house.tenants.usage(tenant, ask), 'tenant', tenant), by)
    if ((format ?? wanted(c)) === 'json') return c.json({ ...page, group_by: by })
    const headers = {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="usage.csv"',
    }
    const next = page.next_page === null ? {} : { link: `<${nextOf(c, page.next_page)}>; rel="next"` }
    return c.body(usageCsv(page), 200, { ...headers, ...next })
  })
  return routes
}

/** Groupings come as OpenAI's clients send them, too: the parameter again and again, with or without brackets. */
function given(c: Context): object {
  const names = ['group_by', 'group_by[]']
  const query = Object.fromEntries(Object.entries(parametersOf(c)).filter(([name]) => !names.includes(name)))
  const groups = names.flatMap((name) => c.req.queries(name) ?? [])
  const by = new Set(groups.flatMap((group) => group.split(',')).map((group) => group.trim()))
  return groups.length === 0 ? query : { ...query, group_by: [...by] }
}

function wanted(c: Context): 'json' | 'csv' {
  const supports = ['application/json', 'text/csv']
  return accepts(c, { header: 'Accept', supports, default: 'application/json' }) === 'text/csv' ? 'csv' : 'json'
}

function nextOf(c: Context, page: string): string {
  const url = new URL(c.req.url)
  url.searchParams.set('page', page)
  return `${url.pathname}${url.search}`
}
