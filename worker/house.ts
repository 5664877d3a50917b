// What the HTTP app asks of its host, over Durable Objects. Knows no route.
import manifest from '../package.json' with { type: 'json' }
import type { House } from '../src/http/app.ts'
import { houseOf as house } from '../src/http/house.ts'
import { webSha256 } from '../src/http/key.ts'
import { urlProblem } from '../src/http/webhook-post.ts'
import { poolsOf } from '../src/upstream.ts'
import { upstreams, type Env } from './env.ts'
import { deskOf, poolOf, registryOf } from './stubs.ts'
import { policyOf } from './webhook-post.ts'

export function houseOf(env: Env): House {
  const own = {
    version: manifest.version,
    host: 'worker',
    operatorKey: env.TRUNKLINE_ADMIN_KEY,
    upstreams: upstreams(env),
    sha256: webSha256,
    urlProblem: (url: string) => urlProblem(url, policyOf(env)),
    fault: (error: unknown, instance: string) => {
      console.error(
        JSON.stringify({ level: 'error', msg: 'request fault', request_id: instance, error: String(error) }),
      )
      return undefined
    },
  }
  return house(own, {
    desk: (tenant) => deskOf(env, tenant),
    pool: (id) => poolOf(env, id),
    registry: () => registryOf(env),
    pools: Object.keys(poolsOf(upstreams(env))),
  })
}
