// Redis that comes back without its latest writes, without all of them, or in another time. What is promised: docs/GUARANTEES.md.
// Rules G5, G10, G11.
import { describe, test, type TestContext } from 'vitest'
import { leaseTtlMs, learningMs } from '../../src/limits.ts'
import type { MadeTenant } from '../support/broker.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet, type FleetNode } from '../support/fleet.ts'
import { startRedis, startReplica } from '../support/redis.ts'
import { endedWell, settled } from '../support/tally.ts'
import { Talkers, tryOne, tryUntil } from '../support/talkers.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { measured, rounds } from './scale.ts'

const lines = 12
const silenceMs = 2_000

interface Scene {
  fleet: Fleet
  a: FleetNode
  b: FleetNode
  tenant: MadeTenant
  talkers: Talkers
}

async function scene({ onTestFinished }: TestContext, store: string): Promise<Scene> {
  const fleet = await startFleet({ nodes: ['a', 'b'], store })
  onTestFinished(() => fleet.end())
  const [a, b] = fleet.nodes as [FleetNode, FleetNode]
  const talkers = new Talkers()
  onTestFinished(() => talkers.end())
  const tenant = await fleet.tenant({ plan: 'scale', caps: { lines } })
  return { fleet, a, b, tenant, talkers }
}

describe.concurrent('Redis', () => {
  test('[G10] failed over to a replica that lacks the latest calls: they go on and have their records, and the cap is never exceeded', async (context) => {
    const { expect, onTestFinished } = context
    for (let round = 0; round < rounds; round++) {
      const master = await startRedis()
      onTestFinished(() => master.end())
      const between = await startTcpProxy({ port: master.port })
      onTestFinished(() => between.end())
      const replica = await startReplica(between)
      onTestFinished(() => replica.end())
      const now = await scene(context, `${master.url},${replica.url}`)
      const { fleet, a, b, tenant, talkers } = now
      const before = await talkers.add(5, a.broker, tenant)
      await talkers.reply()
      await eventually(
        async () => Number(await replica.cli('zcard', `trunkline:{${tenant.id}}:roster:leases`)),
        (count) => count === before.length,
      )
      between.dropReplies(true)
      const after = await talkers.add(lines - before.length, b.broker, tenant) // what is lost
      talkers.listen()
      await master.kill()
      await replica.promote()
      const upAt = performance.now()
      expect(Number(await replica.cli('zcard', `trunkline:{${tenant.id}}:roster:leases`))).toBe(before.length)
      const back = await tryUntil(({ is }) => is !== 'refused', b.broker, tenant, 5_000)
      const backMs = performance.now() - upAt
      expect(back.is).toBe('waits')
      await talkers.reply()
      await eventually(
        () => b.broker.lines(tenant),
        ({ live }) => live === lines,
        learningMs + 1_000,
      )
      const wholeMs = performance.now() - upAt
      await eventually(
        async () => performance.now() - upAt,
        (ms) => ms > learningMs + 1_500,
        learningMs + 2_000,
      )
      expect(back.caller.types).not.toContain('session.created')
      const silentMs = talkers.longestSilence()
      await talkers.hangUp(before.slice(0, 1))
      await back.caller.next('session.created')
      measured('Redis failed over', {
        lost: after.length,
        backMs,
        wholeMs,
        silentMs,
        mostLive: fleet.sim.totals.mostLive,
      })
      expect(silentMs).toBeLessThan(silenceMs)
      await back.caller.hangUp()
      await talkers.hangUp()
      const records = await settled(b.broker, tenant, fleet.sim)
      expect(endedWell(records)).toHaveLength(lines + 1)
      expect(fleet.sim.totals.mostLive).toBeLessThanOrEqual(lines)
      talkers.end()
      await fleet.end()
    }
  })

  test('[G10] wiped: live calls go on to their end, newcomers and the operator hear that there is no such tenant, and nothing is granted', async (context) => {
    const { expect, onTestFinished } = context
    const redis = await startRedis()
    onTestFinished(() => redis.end())
    const { fleet, a, b, tenant, talkers } = await scene(context, redis.url)
    for (const { broker } of [a, b]) await talkers.add(3, broker, tenant)
    talkers.listen()
    await redis.wipe()
    const upAt = performance.now()
    await Promise.all([a, b].map((node) => node.ready(5_000)))
    const backMs = performance.now() - upAt
    const one = await tryOne(b.broker, tenant)
    expect(one).toMatchObject({ is: 'refused', status: 401, code: 'invalid_api_key' })
    expect((await a.broker.admin('GET', `/tenants/${tenant.id}`)).status).toBe(404)
    await talkers.reply()
    const other = await a.broker.tenant({ plan: 'scale', caps: { lines: 2 } })
    const served = await tryOne(a.broker, other)
    expect(served.is).toBe('live')
    const silentMs = talkers.longestSilence()
    measured('Redis wiped', { backMs, silentMs })
    expect(silentMs).toBeLessThan(silenceMs)
    await talkers.hangUp()
    await served.caller.hangUp()
    await eventually(
      async () => fleet.sim.totals.live,
      (live) => live === 0,
    )
    await a.broker.quiet(other)
  })

  test('[G10] its clock jumps beyond the TTL, forward: live calls keep their lines, and the cap is never exceeded', async (context) => {
    const { expect, onTestFinished } = context
    const redis = await startRedis({ movableClock: true })
    onTestFinished(() => redis.end())
    const { fleet, a, b, tenant, talkers } = await scene(context, redis.url)
    await talkers.add(lines - 2, a.broker, tenant)
    await talkers.add(2, b.broker, tenant)
    await talkers.reply()
    for (let round = 0; round < rounds; round++) {
      talkers.listen()
      redis.jump(((round + 1) * (2 * leaseTtlMs)) / 1_000)
      const jumpedAt = performance.now()
      const tries = await Promise.all(Array.from({ length: lines }, () => tryOne(b.broker, tenant)))
      expect(tries.map(({ is }) => is)).toEqual(tries.map(() => 'waits'))
      await eventually(
        () => b.broker.lines(tenant),
        ({ live }) => live === lines,
        learningMs,
      )
      const wholeMs = performance.now() - jumpedAt
      await eventually(
        async () => performance.now() - jumpedAt,
        (ms) => ms > learningMs + 1_500,
        learningMs + 2_000,
      )
      const silentMs = talkers.longestSilence()
      measured('Redis’ clock jumped', { wholeMs, silentMs, mostLive: fleet.sim.totals.mostLive })
      expect(fleet.sim.totals.mostLive).toBeLessThanOrEqual(lines)
      expect(silentMs).toBeLessThan(silenceMs)
      for (const { caller } of tries) caller.vanish()
    }
    await talkers.hangUp()
    const records = await settled(a.broker, tenant, fleet.sim)
    expect(endedWell(records)).toHaveLength(lines * (1 + rounds))
  })
})
