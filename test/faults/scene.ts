// What a fault comes upon: two nodes over one store, a tenant, callers that talk. Knows no fault.
import type { TestContext } from 'vitest'
import type { MadeTenant } from '../support/broker.ts'
import { startFleet, type Fleet, type FleetNode } from '../support/fleet.ts'
import { Talkers } from '../support/talkers.ts'

/** Silence of a caller that speaks twice a second: more would be heard. */
export const silenceMs = 2_000

export interface Scene {
  fleet: Fleet
  a: FleetNode
  b: FleetNode
  tenant: MadeTenant
  talkers: Talkers
}

export async function scene(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  store: string,
  lines: number,
): Promise<Scene> {
  const fleet = await startFleet({ nodes: ['a', 'b'], store })
  onTestFinished(() => fleet.end())
  const [a, b] = fleet.nodes as [FleetNode, FleetNode]
  const talkers = new Talkers()
  onTestFinished(() => talkers.end())
  const tenant = await fleet.tenant({ plan: 'scale', caps: { lines } })
  return { fleet, a, b, tenant, talkers }
}
