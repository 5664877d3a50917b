// The documents of one tenant in Redis, and edits of them: computed here on what was read, written if nothing was edited since. Knows no rule.
import type { AuditEntry } from '../../src/audit.ts'
import { tenantOf, type Key, type Tenant } from '../../src/plan.ts'
import { zoneOf } from '../../src/zone-of.ts'
import type { Upload } from '../../src/sounds-sql.ts'

export interface ToldDocuments {
  revision: number
  tenant: string
  keys: Record<string, string>
  sounds: Record<string, string>
  /** Of Redis, ms. */
  now: number
}

export interface Documents {
  /** The number of the edit that made them so. */
  revision: number
  tenant: Tenant
  /** In the order of their ids, as are the uploads. */
  keys: Key[]
  sounds: Upload[]
  now: number
}

/** What an edit writes; what is not named stays. */
export interface Edit {
  tenant?: Tenant
  key?: Key
  /** Digest of a new key → its id. */
  hashes?: Record<string, string>
  sound?: Upload
  /** An upload to delete. */
  drop?: string
  /** What is noted of it (A3). */
  audit?: AuditEntry | undefined
}

export function documentsOf({ tenant, keys, sounds, ...rest }: ToldDocuments): Documents {
  return {
    ...rest,
    tenant: tenantOf(JSON.parse(tenant) as object),
    keys: byId<Key>(keys),
    sounds: byId<Upload>(sounds),
  }
}

/** As the function takes it. `gist`: what the steps need of the tenant, so that Redis need not read what may be long; its clock is looked up here, where there is a calendar. */
export function written({ tenant, key, sound, audit, ...rest }: Edit, now: number): object {
  return {
    ...rest,
    ...(tenant !== undefined && { tenant: JSON.stringify(tenant), gist: JSON.stringify(gistOf(tenant, now)) }),
    ...(key !== undefined && { keys: { [key.id]: JSON.stringify(key) } }),
    ...(audit !== undefined && { audit: JSON.stringify(audit) }),
    ...(sound !== undefined && { sound: { id: sound.id, text: JSON.stringify(sound) } }),
  }
}

function gistOf({ hold: { patienceSeconds }, timezone, ...tenant }: Tenant, now: number): object {
  const { id, plan, caps, models, overflow, budgets, callBudgets, trialDays, shadow, created_at } = tenant
  const zone = { asOf: now, offsets: zoneOf(timezone, now) }
  const terms = { budgets, callBudgets, trialDays, shadow, created_at, zone }
  return { id, plan, caps, models, overflow, hold: { patienceSeconds }, ...terms }
}

function byId<T extends { id: string }>(texts: Record<string, string>): T[] {
  const all = Object.values(texts).map((text) => JSON.parse(text) as T)
  return all.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}
