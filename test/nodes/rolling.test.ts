// Three nodes behind a TCP balancer, stopped and started again one after the other under load. Short with a balancer of our own; long with
// HAProxy, by TRUNKLINE_CALLS=10000 npx vitest run --project nodes test/nodes/rolling.test.ts
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBalancer, type Balancer } from '../support/balancer.ts'
import { Caller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet, type FleetNode } from '../support/fleet.ts'
import { startHaproxy } from '../support/haproxy.ts'
import { startRedis, type RedisServer } from '../support/redis.ts'

const calls = Number(process.env['TRUNKLINE_CALLS'] ?? 300)
const isLong = calls > 1_000
const atOnce = 20
const checkMs = isLong ? 500 : 250

let redis: RedisServer
let fleet: Fleet
let balancer: Balancer
beforeAll(async () => {
  redis = await startRedis()
  const leave = { drainSeconds: 60, drainGraceSeconds: 2 }
  fleet = await startFleet({ nodes: ['a', 'b', 'c'], store: redis.url, leave, sim: { echoBytes: undefined } })
  const ports = fleet.nodes.map(({ broker }) => broker.port)
  balancer = await (isLong ? startHaproxy(ports, checkMs) : startBalancer(ports, checkMs))
})
afterAll(async () => {
  await balancer.end()
  await fleet.end()
  await redis.end()
})

/** One short call: a reply, and the caller hangs up. */
async function talk(key: string, address: string): Promise<void> {
  const caller = new Caller(balancer.url.replace('http', 'ws'), key, { headers: { 'x-forwarded-for': address } })
  const ended = (): boolean => caller.events.some(({ type }) => type === 'response.done')
  const over = (): boolean => caller.refused !== undefined || caller.closed !== undefined
  await caller.until(() => caller.types.includes('session.created') || over(), 'a session', 20_000)
  if (!over()) caller.send({ type: 'response.create' })
  await caller.until(() => ended() || over(), 'a reply', 20_000)
  if (over())
    throw new Error(`${caller.refused?.body ?? JSON.stringify(caller.closed)} ${JSON.stringify(caller.events[0])}`)
  await caller.hangUp()
}

test(
  `[D2] three nodes are restarted one by one under load, again and again: of ${calls} calls none fails`,
  async () => {
    const broker = (fleet.nodes[0] as FleetNode).broker
    const tenants = await Promise.all(Array.from({ length: 10 }, () => broker.tenant({ plan: 'scale' })))
    const failures: string[] = []
    const now = { begun: 0, done: 0, restarts: 0, restarting: true }
    const keepCalling = async (): Promise<void> => {
      while (now.begun < calls || now.restarting) {
        const n = now.begun++
        await talk(tenants[n % 10]?.key ?? '', `10.1.${(n >> 8) & 255}.${n & 255}`).catch((error: unknown) =>
          failures.push(`${new Date().toISOString()} call ${n}, after ${now.restarts} restarts: ${String(error)}`),
        )
        now.done++
      }
    }
    const load = Array.from({ length: atOnce }, keepCalling)
    do {
      for (const node of fleet.nodes) {
        const { port } = node.broker
        expect(await node.stop()).toContain('exit code 0')
        await node.start()
        await node.ready()
        await eventually(async () => balancer.sends(port), Boolean)
        now.restarts++
      }
    } while (now.done < calls)
    now.restarting = false
    await Promise.all(load)
    process.stdout.write(`${now.done} calls, ${now.restarts} restarts, ${failures.length} failed\n`)
    if (failures.length > 0)
      process.stdout.write(
        `${fleet.nodes
          .flatMap(({ log }) => log)
          .toSorted()
          .join('\n')}\n`,
      )
    expect(failures).toEqual([])
    const booked = async (): Promise<number> => {
      const usages = await Promise.all(tenants.map((tenant) => broker.usage(tenant)))
      return usages.reduce((sum, usage) => sum + (usage['calls'] ?? 0), 0)
    }
    expect(await eventually(booked, (sum) => sum >= now.done)).toBe(now.done)
  },
  120_000 + calls * 200,
)
