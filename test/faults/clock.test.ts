// Clocks that are put forward and back while calls are live: that of Redis, and that of the one process over a folder. What is promised:
// docs/GUARANTEES.md. Rules G3, G9, G10, P10.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'vitest'
import { heartbeatJitter, heartbeatMs, leaseTtlMs, learningMs, lostAfterMs } from '../../src/limits.ts'
import type { Broker, MadeTenant } from '../support/broker.ts'
import { Caller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type FleetNode } from '../support/fleet.ts'
import { MovedClock } from '../support/moved-clock.ts'
import { startRedis } from '../support/redis.ts'
import { endedWell, lostOf, settled } from '../support/tally.ts'
import { Talkers, tryOne } from '../support/talkers.ts'
import { measured, rounds } from './scale.ts'
import { scene, silenceMs } from './scene.ts'

const lines = 12
const beatMs = heartbeatMs * (1 + heartbeatJitter)
/** Beyond a lease, and beyond what a node or a call may be silent for until others close it. */
const forwardSeconds = (lostAfterMs + leaseTtlMs) / 1_000
const backSeconds = 60
/** A clock that was put back goes on at nine tenths of its pace. */
const slower = 10 / 9

/** No upstream bears more than these lines. */
async function bears(broker: Broker): Promise<void> {
  const { status } = await broker.admin('PATCH', '/pools/openai', {
    ceiling: { tokensPerMinute: null, sessions: lines },
  })
  if (status !== 200) throw new Error(`the pool's ceiling: ${status}`)
}

/** Calls fill their tenant's lines and the pool; newcomers come with the jump, of that tenant and of one that has nobody live. */
async function forward(
  { expect }: TestContext,
  broker: Broker,
  [tenant, other]: readonly [MadeTenant, MadeTenant],
  talkers: Talkers,
  jump: () => void,
): Promise<number> {
  talkers.listen()
  jump()
  const jumpedAt = performance.now()
  const tries = await Promise.all(Array.from({ length: lines }, (_, i) => tryOne(broker, i % 2 === 0 ? tenant : other)))
  expect(tries.map(({ is }) => is)).not.toContain('live')
  await eventually(
    () => broker.lines(tenant),
    ({ live }) => live === lines,
    learningMs,
  )
  const wholeMs = performance.now() - jumpedAt
  await eventually(
    async () => performance.now() - jumpedAt,
    (ms) => ms > 2 * learningMs + 1_500,
    2 * learningMs + 2_000,
  )
  expect(talkers.longestSilence()).toBeLessThan(silenceMs)
  for (const { caller } of tries) expect(caller.types).not.toContain('session.created')
  for (const { caller } of tries) caller.vanish()
  return wholeMs
}

async function place(broker: Broker, tenant: MadeTenant): Promise<{ caller: Caller; position: unknown }> {
  const caller = new Caller(broker.wsUrl, tenant.key)
  const { position } = await caller.next('trunkline.queue.joined')
  return { caller, position }
}

describe.concurrent('a clock', () => {
  test('[G10] [P10] Redis’ clock is put forward: live calls keep their lines, and neither cap nor ceiling is exceeded', async (context) => {
    const { expect, onTestFinished } = context
    const redis = await startRedis({ movableClock: true })
    onTestFinished(() => redis.end())
    const { fleet, a, b, tenant, talkers } = await scene(context, redis.url, lines)
    const other = await fleet.tenant({ plan: 'scale' })
    await bears(a.broker)
    await talkers.add(lines - 2, a.broker, tenant)
    await talkers.add(2, b.broker, tenant)
    await talkers.reply()
    for (let round = 0; round < rounds; round++) {
      const jump = (): void => redis.jump((round + 1) * forwardSeconds)
      const wholeMs = await forward(context, b.broker, [tenant, other], talkers, jump)
      const { mostLive } = fleet.sim.totals
      measured('Redis’ clock put forward', { wholeMs, silentMs: talkers.longestSilence(), mostLive })
      expect(mostLive).toBeLessThanOrEqual(lines)
    }
    await talkers.hangUp()
    const records = await settled(a.broker, tenant, fleet.sim)
    expect(endedWell(records)).toHaveLength(lines)
  })

  test('[G3] [G9] Redis’ clock is put back by a minute: nobody overtakes, and the lines of a node that dies are free almost as soon as ever', async (context) => {
    const { expect, onTestFinished } = context
    const redis = await startRedis({ movableClock: true })
    onTestFinished(() => redis.end())
    const { fleet, a, b, tenant, talkers } = await scene(context, redis.url, 4)
    await talkers.add(2, a.broker, tenant)
    const staying = await talkers.add(2, b.broker, tenant)
    const first = await place(b.broker, tenant)
    expect(first.position).toBe(1)
    talkers.listen()
    redis.jump(-backSeconds)
    const second = await place(b.broker, tenant)
    expect(second.position).toBe(2)
    await a.kill()
    const killedAt = performance.now()
    await first.caller.next('session.created', slower * leaseTtlMs + beatMs + 1_000)
    await second.caller.next('session.created')
    const seatedMs = performance.now() - killedAt
    const silentMs = talkers.longestSilence(staying)
    measured('Redis’ clock put back', { seatedMs, silentMs })
    expect(silentMs).toBeLessThan(silenceMs)
    await talkers.hangUp(staying)
    for (const { caller } of [first, second]) await caller.hangUp()
    await a.start() // its calls' records are closed
    await a.ready()
    const records = await settled(b.broker, tenant, fleet.sim)
    expect(endedWell(records)).toHaveLength(4)
    expect(lostOf(records)).toHaveLength(2)
    expect(fleet.sim.totals.mostLive).toBeLessThanOrEqual(4)
  })

  test('[G3] [G10] [P10] the clock of the one process over a folder is put forward and back: the same', async (context) => {
    const { expect, onTestFinished } = context
    const folder = await mkdtemp(join(tmpdir(), 'trunkline-clock-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const clock = new MovedClock(join(folder, 'clock'))
    clock.move(0)
    const fleet = await startFleet({ nodes: ['a'], store: join(folder, 'store'), env: () => clock.env })
    onTestFinished(() => fleet.end())
    const [{ broker }] = fleet.nodes as [FleetNode]
    const talkers = new Talkers()
    onTestFinished(() => talkers.end())
    const tenant = await fleet.tenant({ plan: 'scale', caps: { lines } })
    const other = await fleet.tenant({ plan: 'scale' })
    await bears(broker)
    await talkers.add(lines, broker, tenant)
    const wholeMs = await forward(context, broker, [tenant, other], talkers, () => clock.move(forwardSeconds))
    const first = await place(broker, tenant)
    clock.move(forwardSeconds - backSeconds)
    const second = await place(broker, tenant)
    expect([first.position, second.position]).toEqual([1, 2])
    const { mostLive } = fleet.sim.totals
    measured('the clock of the process over a folder moved', { wholeMs, mostLive })
    expect(mostLive).toBe(lines)
    const [leaving] = talkers.callers
    await talkers.hangUp(leaving === undefined ? [] : [leaving])
    await first.caller.next('session.created')
    expect(second.caller.types).not.toContain('session.created')
    second.caller.vanish()
    await first.caller.hangUp()
    await talkers.hangUp()
    const records = await settled(broker, tenant, fleet.sim)
    expect(endedWell(records)).toHaveLength(lines + 1)
  })
})
