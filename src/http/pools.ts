// The operator's routes for pools: what an upstream quota bears, who has what of it, what an edit would do. Knows no store. Rules P1, P2, P6.
import { Hono } from 'hono'
import { firstMinuteTokens } from '../limits.ts'
import { plans, planNames } from '../plan.ts'
import { PoolChange } from '../pool-settings.ts'
import type { Refusal } from '../refusal.ts'
import { units } from '../pool.ts'
import type { PoolReading } from '../pool-reading.ts'
import { listOf, nothing, readBody, Refused } from './answer.ts'
import { Edit, query } from './query.ts'
import type { Tenants } from './tenants.ts'

/** The quotas of the deployment, wherever the host keeps them. */
export interface PoolHouse {
  ids: readonly string[]
  read(id: string): Promise<PoolReading>
  /** In force at once; a refusal where it cannot be kept. */
  change(id: string, change: PoolChange): Promise<PoolReading | Refusal>
  /** As it would be, with nothing changed. */
  preview(id: string, change: PoolChange): Promise<PoolReading | Refusal>
}

type Env = { Bindings: { house: { pools: PoolHouse; tenants: Tenants } } }

export function poolRoutes(): Hono<Env> {
  const routes = new Hono<Env>()

  routes.get('/', async (c) => {
    const { pools } = c.env.house
    return c.json(listOf((await Promise.all(pools.ids.map((id) => pools.read(id)))).map(shown)))
  })

  routes.get('/:pool', async (c) => {
    const id = known(c.env.house.pools, c.req.param('pool'))
    return c.json(shown(await c.env.house.pools.read(id)))
  })

  routes.patch('/:pool', query(Edit), async (c) => {
    const { pools, tenants } = c.env.house
    const id = known(pools, c.req.param('pool'))
    const { preview } = c.req.valid('query')
    const change = await readBody(c, PoolChange)
    await mayBeKept(change.floors ?? {}, tenants)
    if (preview === 'false') return c.json(shown(done(await pools.change(id, change))))
    const [now, then] = [await pools.read(id), done(await pools.preview(id, change))]
    return c.json({ object: 'preview', pool: shown(then), ends: 0, notes: notes(now, then) })
  })

  return routes
}
function shown({ tokensLastMinute, units: figures, ...reading }: PoolReading): {
  id: string
  [field: string]: unknown
} {
  return { object: 'pool', ...reading, tokens_last_minute: tokensLastMinute, ...figures }
}

/** What an edit does to those who talk and to those who come, in sentences. */
function notes(now: PoolReading, then: PoolReading): string[] {
  const said: string[] = []
  for (const unit of units) {
    const [name, block] = unit === 'tokens' ? ['tokens a minute', firstMinuteTokens] : ['sessions', 1]
    const { ceiling, has, wants, room } = then.units[unit]
    if (ceiling === null) continue
    if (has > ceiling)
      said.push(
        `Live calls have ${has} ${name}, above the ceiling of ${ceiling}: they go on, and no new call is let in until they have less.`,
      )
    const [before, after] = [now.units[unit].room, room].map((left) =>
      planNames.filter((plan) => (left[plan] ?? Infinity) < block),
    )
    const [fresh, freed] = [minus(after, before), minus(before, after)]
    if (fresh.length > 0) said.push(`New calls of plan ${fresh.join(', ')} would wait for ${name}.`)
    if (freed.length > 0) said.push(`New calls of plan ${freed.join(', ')} would no longer wait for ${name}.`)
    if (wants > has) said.push(`Callers who want ${wants - has} ${name} more are waiting now.`)
    const never = planNames.filter((plan) => Math.floor(ceiling * then.thresholds[plan]) < block)
    if (never.length > 0)
      said.push(
        `Plan ${never.join(', ')} could never make a call: one takes ${block} ${name}, more than its share of the ceiling.`,
      )
  }
  return said
}

function minus<T>(these: readonly T[] = [], those: readonly T[] = []): T[] {
  return these.filter((one) => !those.includes(one))
}

/** Floors are for tenants that there are, on plans that come with one. */
async function mayBeKept(floors: Readonly<Record<string, unknown>>, tenants: Tenants): Promise<void> {
  for (const id of Object.keys(floors)) {
    const plan = (await tenants.read(id))?.tenant.plan
    if (plan === undefined) throw invalid(`floors.${id}: there is no such tenant`, `floors.${id}`)
    if (plans[plan].poolShare === 'reserved') continue
    const reserved = planNames.filter((name) => plans[name].poolShare === 'reserved').join(', ')
    throw invalid(`floors.${id}: plan ${plan} shares the pool; a floor is for plan ${reserved}`, `floors.${id}`)
  }
}

function known({ ids }: PoolHouse, id: string): string {
  if (ids.includes(id)) return id
  throw new Refused(nothing('pool', id))
}

function done(result: PoolReading | Refusal): PoolReading {
  if ('why' in result) throw new Refused(result)
  return result
}

function invalid(problems: string, param?: string): Refused {
  return new Refused({ why: 'body_invalid', details: { problems, ...(param !== undefined && { param }) } })
}
