// The operator's routes that take a process out of service and back, where the host is a process. Knows no call. Rule D1.
import { Hono, type Context } from 'hono'
import { noRoute, Nothing, readBody, Refused } from './answer.ts'

/** `stopping`: it was told to end, and goes on with that. */
export interface DrainReading {
  state: 'serving' | 'draining' | 'stopping'
  /** Since when it is not serving (ms since 1970). */
  since: number | undefined
  /** Live and waiting ones that are left, of all processes that share its port. */
  calls: number
}

export interface DrainHouse {
  read(): Promise<DrainReading>
  begin(): void
  /** Does nothing to one that is stopping. */
  takeBack(): void
}

type Env = { Bindings: { house: { drain?: DrainHouse | undefined } } }

export function drainRoutes(): Hono<Env> {
  const routes = new Hono<Env>()
  routes.get('/', async (c) => c.json(await shown(drainOf(c))))
  routes.post('/', async (c) => {
    const drain = drainOf(c)
    await readBody(c, Nothing)
    drain.begin()
    return c.json(await shown(drain), 202)
  })
  routes.delete('/', async (c) => {
    const drain = drainOf(c)
    drain.takeBack()
    return c.json(await shown(drain))
  })
  return routes
}

function drainOf(c: Context<Env>): DrainHouse {
  const { drain } = c.env.house
  if (drain === undefined) throw new Refused(noRoute(c.req.method, c.req.path))
  return drain
}

async function shown(drain: DrainHouse): Promise<object> {
  const { state, since, calls } = await drain.read()
  return { object: 'drain', state, since: since === undefined ? null : new Date(since).toISOString(), calls }
}
