// A caller that waits at a node which is drained: told so, it comes back to another node and has its place (G12).
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Caller, liveCaller } from '../support/caller.ts'
import { startFleet, type Fleet, type FleetNode } from '../support/fleet.ts'
import { startRedis, type RedisServer } from '../support/redis.ts'

let redis: RedisServer
let fleet: Fleet
beforeAll(async () => {
  redis = await startRedis()
  fleet = await startFleet({ nodes: ['a', 'b'], store: redis.url, leave: { drainSeconds: 60 } })
})
afterAll(async () => {
  await fleet.end()
  await redis.end()
})

test('[D1] [G12] a known caller that is told its node drains has its place again at another node, before those who came later', async () => {
  const [a, b] = fleet.nodes as [FleetNode, FleetNode]
  const tenant = await a.broker.tenant({ caps: { lines: 1 } })
  const talks = await liveCaller(b.broker.wsUrl, tenant.key)
  const known = { query: { trunkline_caller: '+49301234567' } }
  const first = new Caller(a.broker.wsUrl, tenant.key, known)
  expect(await first.next('trunkline.queue.joined')).toMatchObject({ position: 1 })
  const second = new Caller(b.broker.wsUrl, tenant.key)
  expect(await second.next('trunkline.queue.joined')).toMatchObject({ position: 2 })

  const stopped = a.stop()
  expect(await first.error()).toMatchObject({ code: 'draining' })
  const back = new Caller(b.broker.wsUrl, tenant.key, known)
  expect(await back.next('trunkline.queue.joined')).toMatchObject({ position: 1 })
  expect(await stopped).toContain('exit code 0')
  await talks.hangUp()
  await back.next('session.created', 1_000)
  expect(second.types).not.toContain('session.created')
  await back.hangUp()
  await second.next('session.created', 1_000)
  await second.hangUp()
  await b.broker.quiet(tenant)
})
