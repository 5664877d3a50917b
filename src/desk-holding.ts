// The calls that have a line or a place at a desk, and what they hold when a cap of their key or agent comes in force. Rule G8.
import type { Registry } from './desk-homes.ts'
import type { DeskRosters } from './desk-rosters.ts'
import type { Tenant } from './plan.ts'
import type { KeptCall, Records } from './records.ts'

/** `until`: when its lease or ticket runs out (ms). */
export type Holding = KeptCall & { until: number }

export function holding(rosters: DeskRosters, records: Records): Holding[] {
  const [leases, tickets] = [rosters.get('leases'), rosters.get('tickets')]
  return records.openCalls().flatMap((call) => {
    const until = leases.get(call.id) ?? tickets.get(call.id)
    return until === undefined ? [] : [{ ...call, until }]
  })
}

/** Calls that came before their key or agent had a cap hold its lines from now on: the cap is in force at once (G8). */
export function holdNarrow(rosters: DeskRosters, registry: Registry, records: Records, tenant: Tenant): void {
  for (const { id, key, agent, until } of holding(rosters, records)) {
    const [, ...narrow] = rosters.lines(tenant, registry.key(key), agent)
    for (const { leases } of narrow) leases.set(id, until)
  }
}
