// Redis that comes back without its latest writes, or without all of them. What is promised: docs/GUARANTEES.md.
// Rules G5, G10, G11.
import { describe, test } from 'vitest'
import { leaseTtlMs, learningMs } from '../../src/limits.ts'
import { eventually } from '../support/eventually.ts'
import { startRedis, startReplica } from '../support/redis.ts'
import { endedWell, settled } from '../support/tally.ts'
import { tryOne, tryUntil } from '../support/talkers.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { measured, rounds } from './scale.ts'
import { scene, silenceMs } from './scene.ts'

const lines = 12

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
      const now = await scene(context, `${master.url},${replica.url}`, lines)
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
    const { fleet, a, b, tenant, talkers } = await scene(context, redis.url, lines)
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

  test('[G10] frozen beyond the TTL: newcomers wait until all live calls have said that they are there, and the cap is never exceeded', async (context) => {
    const { expect, onTestFinished } = context
    const redis = await startRedis()
    onTestFinished(() => redis.end())
    const { fleet, a, b, tenant, talkers } = await scene(context, redis.url, lines)
    for (const { broker } of [a, b]) await talkers.add(lines / 2, broker, tenant)
    talkers.listen()
    redis.freeze()
    const frozenAt = performance.now()
    await talkers.reply()
    await eventually(
      async () => performance.now() - frozenAt,
      (ms) => ms > leaseTtlMs + 2_000,
      leaseTtlMs + 3_000,
    )
    redis.resume()
    const upAt = performance.now()
    const back = await tryUntil(({ is }) => is !== 'refused', b.broker, tenant, 5_000)
    const backMs = performance.now() - upAt
    expect(back.is).toBe('waits')
    await eventually(
      () => b.broker.lines(tenant),
      ({ live }) => live === lines,
      learningMs + 1_000,
    )
    const wholeMs = performance.now() - upAt
    const silentMs = talkers.longestSilence()
    const { mostLive } = fleet.sim.totals
    measured('Redis frozen beyond the TTL', { backMs, wholeMs, silentMs, mostLive })
    expect(silentMs).toBeLessThan(silenceMs)
    back.caller.vanish()
    await talkers.hangUp()
    const records = await settled(b.broker, tenant, fleet.sim)
    expect(endedWell(records)).toHaveLength(lines)
    expect(mostLive).toBeLessThanOrEqual(lines)
  })
})
