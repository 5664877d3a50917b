// One tenant's budget and its calls on four nodes over one Redis: room for one is given once, and what is told reaches each call once.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { firstReply } from '../../src/limits.ts'
import { burst, decided } from '../support/burst.ts'
import { liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { startRedis, type RedisServer } from '../support/redis.ts'

const upgrades = 100

let redis: RedisServer
let nodes: Fleet
let wsUrls: string[]
beforeAll(async () => {
  redis = await startRedis()
  nodes = await startFleet({ nodes: ['a', 'b', 'c', 'd'], store: redis.url })
  wsUrls = nodes.nodes.map(({ broker }) => broker.wsUrl)
})
afterAll(async () => {
  await nodes?.end()
  await redis?.end()
})

test(`[L4] [L6] of ${upgrades} upgrades at once on four nodes, where the budget has room for one, one is let in; when it has gone, the next`, async () => {
  const { broker } = nodes.nodes[0] as Fleet['nodes'][number]
  const budgets = { tokensPerHour: firstReply.input + firstReply.output }
  const tenant = await nodes.tenant({ plan: 'scale', caps: { lines: upgrades }, overflow: 'event', budgets })
  for (let round = 0; round < 3; round++) {
    const comers = Array.from({ length: upgrades }, (_, i) => ({ key: tenant.key, address: `198.51.100.${i}` }))
    const all = await burst(wsUrls, comers)
    await decided(all, 20_000)
    // One that came before the first was let in, and whose pool was slow to answer, hears that instead.
    const { live, budget_held = 0, upstream_capacity = 0, ...others } = all.tally()
    expect([live, budget_held + upstream_capacity, others]).toEqual([1, upgrades - 1, {}])
    expect(await broker.live(tenant)).toBe(1)
    all.vanish()
    await broker.quiet(tenant, 5_000)
  }
  await (await liveCaller(wsUrls[3] as string, tenant.key)).hangUp()
  await broker.quiet(tenant, 5_000)
})

test('[L6] what is told of a budget reaches each live call once, whichever node has it', async () => {
  const { broker } = nodes.nodes[0] as Fleet['nodes'][number]
  const tenant = await nodes.tenant({ plan: 'scale', caps: { lines: upgrades } })
  const callers = await Promise.all(wsUrls.map((wsUrl) => liveCaller(wsUrl, tenant.key)))
  callers[0]?.send({ type: 'response.create' })
  await callers[0]?.next('response.done')
  const { tokens = 0 } = await eventually(
    () => broker.usage(tenant),
    (usage) => (usage['tokens'] ?? 0) > 0,
  )
  await broker.admin('PATCH', `/tenants/${tenant.id}`, { budgets: { tokensPerHour: Math.ceil(tokens / 0.9) } })
  await Promise.all(callers.map((caller) => caller.next('trunkline.budget.warning')))
  await broker.admin('PATCH', `/tenants/${tenant.id}`, { budgets: { tokensPerHour: tokens } })
  for (const caller of callers) expect(await caller.error(20_000)).toMatchObject({ code: 'budget_exhausted' })
  for (const caller of callers) await caller.closing()
  expect(callers.map((caller) => caller.of('trunkline.budget.warning').length)).toEqual([2, 2, 2, 2]) // one for each amount
  expect(callers.map((caller) => caller.of('error').length)).toEqual([1, 1, 1, 1])
  await broker.quiet(tenant, 5_000)
})
