// Redis that dies, freezes, or whose answers are lost, under two nodes with live calls. What is promised: docs/GUARANTEES.md. Rules G10, S3, L1.
import { describe, test, type TestContext } from 'vitest'
import { heartbeatJitter, heartbeatMs, learningMs } from '../../src/limits.ts'
import { eventually } from '../support/eventually.ts'
import { startRedis } from '../support/redis.ts'
import { endedWell, settled } from '../support/tally.ts'
import { tryOne, tryUntil, type Try } from '../support/talkers.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { measured, rounds } from './scale.ts'
import { scene, silenceMs, type Scene } from './scene.ts'

const [lines, live] = [12, 10]
const faultMs = 4_000
const decidedMs = 500
/** Slower than the brake on storms lets a key's callers come. */
const paceMs = 50

/** Each node has half of the live calls; two lines are free. */
async function busyScene(context: TestContext, store: string): Promise<Scene> {
  const now = await scene(context, store, lines)
  const { a, b, tenant, talkers } = now
  for (const { broker } of [a, b]) await talkers.add(live / 2, broker, tenant)
  await talkers.reply()
  talkers.listen()
  return now
}

/** One newcomer after another at both nodes, for as long as it lasts: each must be told, and soon. */
async function refusedAll({ a, b, tenant, talkers }: Scene, forMs: number): Promise<Try[]> {
  const tries: Try[] = []
  const end = performance.now() + forMs
  while (performance.now() < end) {
    tries.push(...(await Promise.all([a, b].map(({ broker }) => tryOne(broker, tenant)))))
    await pause(paceMs)
    if (tries.length === 4) await talkers.reply() // reported while nobody takes it in
  }
  return tries
}

function worst(tries: readonly Try[]): number {
  return Math.max(...tries.map(({ ms }) => ms))
}

/** Between two faults every live call has had a heartbeat: Redis that is away most of the time lets leases run out. */
const restMs = heartbeatMs * (1 + heartbeatJitter)

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Nine in ten: a process that this machine does not let run is later than any bound of its own. */
function mostMs(tries: readonly Try[]): number {
  const sorted = tries.map(({ ms }) => ms).toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.9) - 1] ?? 0
}

const told = { is: 'refused', status: 503, retryAfter: '1', code: 'temporarily_unavailable' }

describe.concurrent('Redis', () => {
  test('[G10] killed and started again: live calls go on, newcomers hear 503 within 500 ms, are back within 5 s, and have a line once all live calls have said that they are there', async (context) => {
    const { expect, onTestFinished } = context
    const redis = await startRedis({ durable: true })
    onTestFinished(() => redis.end())
    const now = await busyScene(context, redis.url)
    const { fleet, a, b, tenant, talkers } = now
    for (let round = 0; round < rounds; round++) {
      talkers.listen()
      await redis.kill()
      const tries = await refusedAll(now, faultMs)
      expect(tries.every((one) => one.is === 'refused')).toBe(true)
      expect(tries[0]).toMatchObject(told)
      expect(mostMs(tries)).toBeLessThan(decidedMs)
      expect(worst(tries)).toBeLessThan(4 * decidedMs)
      await redis.restart()
      const upAt = performance.now()
      const back = await tryUntil(({ is }) => is !== 'refused', b.broker, tenant, 5_000)
      const backMs = performance.now() - upAt
      expect(back.is).toBe('waits')
      await back.caller.next('session.created', learningMs + 5_000)
      const grantedMs = performance.now() - upAt
      expect(grantedMs).toBeGreaterThan(learningMs)
      expect(await a.broker.lines(tenant)).toMatchObject({ live: live + 1 })
      const silentMs = talkers.longestSilence()
      measured('Redis killed', { refusedMs: mostMs(tries), worstMs: worst(tries), backMs, grantedMs, silentMs })
      expect(silentMs).toBeLessThan(silenceMs)
      await back.caller.hangUp()
    }
    await talkers.hangUp()
    const records = await settled(a.broker, tenant, fleet.sim)
    expect(endedWell(records)).toHaveLength(live + rounds)
    expect(fleet.sim.totals.mostLive).toBeLessThanOrEqual(lines)
  })

  test('[G10] frozen: live calls go on, newcomers hear 503 within 500 ms, it serves within 5 s of its thaw, and nobody that was refused holds a line', async (context) => {
    const { expect, onTestFinished } = context
    const redis = await startRedis()
    onTestFinished(() => redis.end())
    const now = await busyScene(context, redis.url)
    const { fleet, a, b, tenant, talkers } = now
    for (let round = 0; round < rounds; round++) {
      if (round > 0) await pause(restMs)
      talkers.listen()
      redis.freeze()
      const tries = await refusedAll(now, faultMs)
      expect(tries[0]).toMatchObject(told)
      expect(tries.every((one) => one.is === 'refused')).toBe(true)
      expect(mostMs(tries)).toBeLessThan(decidedMs)
      expect(worst(tries)).toBeLessThan(4 * decidedMs)
      redis.resume()
      const upAt = performance.now()
      const back = await tryUntil(({ is }) => is !== 'refused', b.broker, tenant, 5_000)
      const backMs = performance.now() - upAt
      await back.caller.next('session.created', 20_000)
      const grantedMs = performance.now() - upAt
      await back.caller.hangUp()
      await a.ready(5_000)
      await eventually(
        () => a.broker.live(tenant),
        (now) => now === live,
        5_000,
      )
      const freeMs = performance.now() - upAt
      const silentMs = talkers.longestSilence()
      measured('Redis frozen', { refusedMs: mostMs(tries), worstMs: worst(tries), backMs, grantedMs, freeMs, silentMs })
      expect(silentMs).toBeLessThan(silenceMs)
    }
    await talkers.hangUp()
    const records = await settled(a.broker, tenant, fleet.sim)
    expect(endedWell(records).length).toBeGreaterThanOrEqual(live)
    expect(fleet.sim.totals.mostLive).toBeLessThanOrEqual(lines)
  })

  test('[L1] answers dropped: what was done is not done twice, live calls go on, newcomers hear 503 within 500 ms, and nobody that was refused holds a line', async (context) => {
    const { expect, onTestFinished } = context
    const redis = await startRedis()
    onTestFinished(() => redis.end())
    const proxy = await startTcpProxy({ port: redis.port })
    onTestFinished(() => proxy.end())
    const now = await busyScene(context, `redis://127.0.0.1:${proxy.port}`)
    const { fleet, a, b, tenant, talkers } = now
    for (let round = 0; round < rounds; round++) {
      if (round > 0) await pause(restMs)
      talkers.listen()
      proxy.dropReplies(true)
      await talkers.reply() // debited, and nobody hears it
      const tries = await refusedAll(now, faultMs / 2)
      expect(tries[0]).toMatchObject(told)
      expect(tries.every((one) => one.is === 'refused')).toBe(true)
      expect(mostMs(tries)).toBeLessThan(decidedMs)
      expect(worst(tries)).toBeLessThan(4 * decidedMs)
      proxy.dropReplies(false)
      const upAt = performance.now()
      const back = await tryUntil(({ is }) => is !== 'refused', b.broker, tenant, 5_000)
      const backMs = performance.now() - upAt
      await back.caller.next('session.created', 20_000)
      const grantedMs = performance.now() - upAt
      await back.caller.hangUp()
      await a.ready(5_000)
      await eventually(
        () => a.broker.live(tenant),
        (now) => now === live,
        5_000,
      )
      const freeMs = performance.now() - upAt
      const silentMs = talkers.longestSilence()
      measured('Redis answers dropped', {
        refusedMs: mostMs(tries),
        worstMs: worst(tries),
        backMs,
        grantedMs,
        freeMs,
        silentMs,
      })
      expect(silentMs).toBeLessThan(silenceMs)
    }
    await talkers.hangUp()
    const records = await settled(a.broker, tenant, fleet.sim)
    expect(endedWell(records).length).toBeGreaterThanOrEqual(live)
    expect(fleet.sim.totals.mostLive).toBeLessThanOrEqual(lines)
  })
})
