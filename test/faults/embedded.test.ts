// The embedded store's process killed with its calls. What is promised: docs/GUARANTEES.md. Rules G9, C1, L1.
import { mkdtemp, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startFleet, type FleetNode } from '../support/fleet.ts'
import { lostOf, paid, settled } from '../support/tally.ts'
import { Talkers, tryOne } from '../support/talkers.ts'
import { measured, rounds } from './scale.ts'

const many = 100

test('[G9] the one process over a folder is killed with 100 calls and started again: all lines are free within 2 s, each call has one record, nothing is debited twice', async ({
  expect,
  onTestFinished,
}) => {
  const folder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'trunkline-faults-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const fleet = await startFleet({ nodes: ['a'], store: folder })
  onTestFinished(() => fleet.end())
  const [a] = fleet.nodes as [FleetNode]
  const talkers = new Talkers()
  onTestFinished(() => talkers.end())
  const tenant = await fleet.tenant({ plan: 'scale', caps: { lines: many } })
  for (let round = 0; round < rounds; round++) {
    const lost = await talkers.add(many, a.broker, tenant)
    await talkers.reply(lost)
    await paid(a.broker, tenant, fleet.sim)
    expect((await tryOne(a.broker, tenant)).is).toBe('waits')
    await a.kill()
    await a.start()
    const upAt = performance.now()
    await eventually(
      () => a.broker.live(tenant),
      (live) => live === 0,
      2_000,
    )
    const freeMs = performance.now() - upAt
    const next = await tryOne(a.broker, tenant)
    expect(next.is).toBe('live')
    await next.caller.hangUp()
    measured('embedded: killed, started again', { calls: many, freeMs })
    await eventually(
      async () => lost.filter(({ closed }) => closed === undefined).length,
      (open) => open === 0,
    )
  }
  const records = await settled(a.broker, tenant, fleet.sim)
  expect(records).toHaveLength((many + 2) * rounds)
  expect(lostOf(records)).toHaveLength((many + 1) * rounds)
})
