// What must hold when all calls are over: no line held, one record a call, and a ledger that is what the provider reported. Knows no fault.
import { expect } from 'vitest'
import type { Sim } from '../../sim/server.ts'
import { booksOf } from './books.ts'
import type { Broker, KeptRecord, MadeTenant } from './broker.ts'
import { eventually } from './eventually.ts'

/** Waits until it is so; then the records. */
export async function settled(broker: Broker, tenant: MadeTenant, sim: Sim, withinMs = 5_000): Promise<KeptRecord[]> {
  await broker.quiet(tenant, withinMs)
  const records = await broker.records(tenant)
  expect(new Set(records.map(({ id }) => id)).size, 'a record a call').toBe(records.length)
  await paid(broker, tenant, sim, withinMs)
  return records
}

/** The ledger is what the provider says that it reported (L1). */
export async function paid(broker: Broker, tenant: MadeTenant, sim: Sim, withinMs = 5_000): Promise<void> {
  const owed = booksOf(sim.reports)
  const own = (usage: Record<string, number>) =>
    Object.fromEntries(Object.keys(owed).map((account) => [account, usage[account] ?? 0]))
  const all = await eventually(
    async () => own(await broker.usage(tenant)),
    (usage) => Object.entries(owed).every(([account, amount]) => usage[account] === amount),
    withinMs,
  )
  expect(all).toEqual(owed)
}

/** Those that were served, or waited: one that was refused because Redis was late may have a record too, with nothing in it. */
export function endedWell(records: readonly KeptRecord[]): KeptRecord[] {
  return records.filter(({ record }) => record?.outcome.why === 'hung_up')
}

export function lostOf(records: readonly KeptRecord[]): KeptRecord[] {
  return records.filter(({ record }) => record?.outcome.why === 'call_reset')
}
