// What a tenant's keys and channels in Redis are called. All are in one slot: its id is their hash tag. Knows no step.

export function prefixOf(tenant: string): string {
  return `trunkline:{${tenant}}:`
}

/** Where a call that was seated is told of: a JSON list of call ids. */
export function seatedChannel(tenant: string): string {
  return `${prefixOf(tenant)}seated`
}

/** What a desk tells calls, whichever node they are on. */
export function toldChannel(tenant: string): string {
  return `${prefixOf(tenant)}told`
}
