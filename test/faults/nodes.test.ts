// Nodes that die or freeze with their calls, others beside them over one Redis. What is promised: docs/GUARANTEES.md. Rules G9, G11, L1.
import { describe, test } from 'vitest'
import { heartbeatJitter, heartbeatMs, leaseTtlMs } from '../../src/limits.ts'
import { eventually } from '../support/eventually.ts'
import { FleetNode, startFleet } from '../support/fleet.ts'
import { startRedis } from '../support/redis.ts'
import { endedWell, lostOf, paid, settled } from '../support/tally.ts'
import { Talkers, tryOne } from '../support/talkers.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { measured, rounds } from './scale.ts'
import { scene, silenceMs } from './scene.ts'

const [many, few] = [100, 10]
/** libfaketime, as test/support/moved-clock.ts has it. */
const ahead = {
  LD_PRELOAD: '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  FAKETIME: '+600s',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
}
const beatMs = heartbeatMs * (1 + heartbeatJitter) + 1_000

describe.concurrent('a node', () => {
  test('[G9] killed with 100 calls and started again: its lines are free within 2 s; killed for good: within TTL + 1 s; the other node’s calls go on', async ({
    expect,
    onTestFinished,
  }) => {
    const redis = await startRedis()
    onTestFinished(() => redis.end())
    const { fleet, a, b, tenant, talkers } = await scene({ onTestFinished }, redis.url, many + few)
    const staying = await talkers.add(few, b.broker, tenant)
    for (let round = 0; round < rounds; round++) {
      for (const again of [true, false]) {
        const lost = await talkers.add(many, a.broker, tenant)
        await talkers.reply()
        await paid(b.broker, tenant, fleet.sim)
        talkers.listen()
        await a.kill()
        const killedAt = performance.now()
        expect(await b.broker.lines(tenant)).toMatchObject({ live: many + few })
        const refusedBefore = await tryOne(b.broker, tenant)
        expect(refusedBefore.is).toBe('waits')
        let since = killedAt
        if (again) {
          await a.start()
          since = performance.now()
        }
        await eventually(
          () => b.broker.live(tenant),
          (live) => live <= few + 1,
          again ? 2_000 : 31_500,
        )
        const freeMs = performance.now() - since
        const silentMs = talkers.longestSilence(staying)
        measured(again ? 'node killed, started again' : 'node killed for good', { calls: many, freeMs, silentMs })
        expect(freeMs).toBeLessThan(again ? 2_000 : leaseTtlMs + 1_000)
        expect(silentMs).toBeLessThan(silenceMs)
        expect(lost.every(({ closed }) => closed?.code === 1006)).toBe(true)
        await refusedBefore.caller.next('session.created')
        await refusedBefore.caller.hangUp()
        if (!again) await a.start()
      }
    }
    await talkers.hangUp(staying)
    const records = await settled(b.broker, tenant, fleet.sim)
    expect(endedWell(records)).toHaveLength(few + 2 * rounds)
    expect(lostOf(records).length).toBeGreaterThanOrEqual(2 * many * rounds)
    expect(fleet.sim.totals.mostLive).toBeLessThanOrEqual(many + few)
  })

  test('[G9] frozen beyond the TTL: others take its lines, never more than its own calls above the cap; it resumes, its calls go on, and newcomers wait until there is room', async ({
    expect,
    onTestFinished,
  }) => {
    const [lines, own] = [10, 6]
    const redis = await startRedis()
    onTestFinished(() => redis.end())
    const { fleet, a, b, tenant, talkers } = await scene({ onTestFinished }, redis.url, lines)
    const held = await talkers.add(own, a.broker, tenant)
    const staying = await talkers.add(lines - own, b.broker, tenant)
    await talkers.reply()
    talkers.listen()
    a.freeze()
    const frozenAt = performance.now()
    const waiting = await tryOne(b.broker, tenant)
    expect(waiting.is).toBe('waits')
    // The lines are free when they have run out; who waits has one with the next heartbeat of its desk.
    await eventually(
      () => b.broker.lines(tenant),
      ({ live }) => live <= lines - own + 1,
      leaseTtlMs + 1_000,
    )
    const freeMs = performance.now() - frozenAt
    await waiting.caller.next('session.created', beatMs)
    const seatedMs = performance.now() - frozenAt
    const others = [waiting.caller, ...(await talkers.add(own - 1, b.broker, tenant))]
    talkers.take(waiting.caller)
    expect(await b.broker.lines(tenant)).toMatchObject({ live: lines, over: 0 })
    const silentMs = talkers.longestSilence([...staying, ...others])
    expect(silentMs).toBeLessThan(silenceMs)

    a.resume()
    const resumedAt = performance.now()
    await eventually(
      () => b.broker.lines(tenant),
      ({ live, over }) => live === lines + own && over === own,
      beatMs,
    )
    const backMs = performance.now() - resumedAt
    await talkers.reply(held)
    const next = await tryOne(b.broker, tenant)
    expect(next.is).toBe('waits')
    await talkers.hangUp(held)
    expect(next.caller.types).not.toContain('session.created')
    await eventually(
      () => b.broker.lines(tenant),
      ({ live, over }) => live === lines && over === 0,
    )
    await talkers.hangUp(staying.slice(0, 1))
    await next.caller.next('session.created')
    measured('node frozen beyond the TTL', { calls: own, freeMs, seatedMs, silentMs, backMs, over: own })
    await talkers.hangUp()
    await next.caller.hangUp()
    const records = await settled(b.broker, tenant, fleet.sim)
    expect(endedWell(records)).toHaveLength(lines + own + 1)
    expect(fleet.sim.totals.mostLive).toBe(lines + own)
  })

  test('[G10] cut off from Redis beyond the TTL: its calls talk on, it refuses newcomers with 503, never more than its own calls above the cap; back, it counts them again', async ({
    expect,
    onTestFinished,
  }) => {
    const [lines, own] = [10, 6]
    const redis = await startRedis()
    onTestFinished(() => redis.end())
    const cable = await startTcpProxy({ port: redis.port })
    onTestFinished(() => cable.end())
    const url = `redis://127.0.0.1:${cable.port}`
    const fleet = await startFleet({ nodes: ['b', 'a'], store: (node) => (node === 'a' ? url : redis.url) })
    onTestFinished(() => fleet.end())
    const [b, a] = fleet.nodes as [FleetNode, FleetNode]
    const talkers = new Talkers()
    onTestFinished(() => talkers.end())
    const tenant = await fleet.tenant({ plan: 'scale', caps: { lines } })
    const cut = await talkers.add(own, a.broker, tenant)
    await talkers.add(lines - own, b.broker, tenant)
    talkers.listen()
    cable.halfOpen(true)
    const cutAt = performance.now()
    await talkers.reply(cut) // reported while Redis is out of reach
    const refused = await tryOne(a.broker, tenant)
    expect(refused).toMatchObject({ is: 'refused', status: 503 })
    expect(refused.ms).toBeLessThan(500)
    await eventually(
      () => b.broker.live(tenant),
      (live) => live === lines - own,
      leaseTtlMs + 1_000,
    )
    const freeMs = performance.now() - cutAt
    await talkers.add(own, b.broker, tenant)
    expect((await tryOne(a.broker, tenant)).is).toBe('refused')

    cable.halfOpen(false)
    const backAt = performance.now()
    await eventually(
      () => b.broker.lines(tenant),
      ({ live, over }) => live === lines + own && over === own,
      beatMs + 5_000,
    )
    const backMs = performance.now() - backAt
    const silentMs = talkers.longestSilence()
    measured('node cut off beyond the TTL', { calls: own, refusedMs: refused.ms, freeMs, backMs, silentMs, over: own })
    expect(silentMs).toBeLessThan(silenceMs)
    await talkers.hangUp()
    const records = await settled(b.broker, tenant, fleet.sim, beatMs)
    expect(endedWell(records)).toHaveLength(lines + own)
    expect(fleet.sim.totals.mostLive).toBe(lines + own)
  })

  test('[G11] its clock is ten minutes ahead: the cap holds, its calls keep their lines, and no other node’s are taken for lost', async ({
    expect,
    onTestFinished,
  }) => {
    const lines = 6
    const redis = await startRedis()
    onTestFinished(() => redis.end())
    const fleet = await startFleet({
      nodes: ['a', 'b'],
      store: redis.url,
      env: (node) => (node === 'a' ? { ...ahead } : {}),
    })
    onTestFinished(() => fleet.end())
    const [a, b] = fleet.nodes as [FleetNode, FleetNode]
    const listening = JSON.parse(a.log[0] ?? '{}') as { time: string }
    expect(Date.parse(listening.time) - Date.now()).toBeGreaterThan(500_000)
    const talkers = new Talkers()
    onTestFinished(() => talkers.end())
    const tenant = await fleet.tenant({ plan: 'scale', caps: { lines } })
    for (const { broker } of [a, b]) await talkers.add(lines / 2, broker, tenant)
    const tries = await Promise.all([a, b].map(({ broker }) => tryOne(broker, tenant)))
    expect(tries.filter(({ is }) => is === 'live')).toEqual([])
    talkers.listen()
    const began = performance.now()
    await eventually(
      async () => performance.now() - began,
      (ms) => ms > 2 * beatMs,
      3 * beatMs,
    )
    expect(await b.broker.lines(tenant)).toMatchObject({ live: lines, over: 0 })
    expect(talkers.longestSilence()).toBeLessThan(silenceMs)
    for (const { caller } of tries) caller.vanish()
    await talkers.hangUp()
    const records = await settled(b.broker, tenant, fleet.sim)
    expect(endedWell(records).length).toBeGreaterThanOrEqual(lines)
    expect(fleet.sim.totals.mostLive).toBe(lines)
  })

  test('[G9] its clock went back by ten minutes across a restart: it is served, its earlier lines are free within 2 s, and the earlier life, which still runs, is refused', async ({
    expect,
    onTestFinished,
  }) => {
    const lines = 3
    const redis = await startRedis()
    onTestFinished(() => redis.end())
    const fleet = await startFleet({ nodes: ['a'], store: redis.url, env: () => ({ ...ahead }) })
    onTestFinished(() => fleet.end())
    const [before] = fleet.nodes as [FleetNode]
    const talkers = new Talkers()
    onTestFinished(() => talkers.end())
    const tenant = await fleet.tenant({ plan: 'scale', caps: { lines } })
    await talkers.add(lines, before.broker, tenant)
    before.freeze()
    const after = new FleetNode(before.name, fleet.sim, redis.url, {})
    onTestFinished(() => after.kill())
    await after.start()
    await after.ready()
    const startedAt = performance.now()
    await eventually(
      () => after.broker.live(tenant),
      (live) => live === 0,
      2_000,
    )
    const freeMs = performance.now() - startedAt
    const one = await tryOne(after.broker, tenant)
    expect(one.is).toBe('live')
    before.resume()
    await eventually(
      async () => (await tryOne(before.broker, tenant)).is,
      (is) => is === 'refused',
    )
    const resumedAt = performance.now()
    await eventually(
      async () => performance.now() - resumedAt,
      (ms) => ms > beatMs,
      2 * beatMs,
    )
    expect(await after.broker.live(tenant)).toBe(1)
    measured('node’s clock went back across its restart', { freeMs })
    await one.caller.hangUp()
    await before.kill()
    const records = await settled(after.broker, tenant, fleet.sim)
    expect(lostOf(records)).toHaveLength(lines)
    expect(endedWell(records)).toHaveLength(1)
  })
})
