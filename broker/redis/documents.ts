// The documents of one tenant in Redis, and edits of them: computed here on what was read, written if nothing was edited since. Knows no rule.
import type { Hook, HookState, KeptHook } from '../../src/hook.ts'
import type { AuditEntry } from '../../src/audit.ts'
import { tenantOf, type Key, type Tenant } from '../../src/plan.ts'
import { zoneOf } from '../../src/zone-of.ts'
import type { Upload } from '../../src/sounds-sql.ts'

export interface ToldDocuments {
  revision: number
  tenant: string
  keys: Record<string, string>
  sounds: Record<string, string>
  hooks: Record<string, string>
  /** Of hooks that were tried: what came of it. */
  states: Record<string, string>
  /** Of Redis, ms. */
  now: number
}

export interface Documents {
  /** The number of the edit that made them so. */
  revision: number
  tenant: Tenant
  /** In the order of their ids, as are the uploads and webhooks. */
  keys: Key[]
  sounds: Upload[]
  hooks: KeptHook[]
  now: number
}

/** What an edit writes; what is not named stays. */
export interface Edit {
  tenant?: Tenant
  keys?: readonly Key[]
  /** Digest of a new key → its id. */
  hashes?: Record<string, string>
  sound?: Upload
  /** An upload to delete. */
  drop?: string
  hook?: Hook
  /** A webhook to delete, and one that nothing is to wait for any more. */
  unhook?: string
  forsake?: string
  /** What is noted of it (A3). */
  audit?: readonly (AuditEntry | undefined)[]
}

export function documentsOf({ tenant, keys, sounds, hooks, states, ...rest }: ToldDocuments): Documents {
  return {
    ...rest,
    tenant: tenantOf(JSON.parse(tenant) as object),
    keys: byId<Key>(keys),
    sounds: byId<Upload>(sounds),
    hooks: byId<Hook>(hooks).map((hook) => ({ hook, state: stateOf(states[hook.id]) })),
  }
}

/** As the function takes it. `gist`: what the steps need of the tenant, so that Redis need not read what may be long; its clock is looked up here, where there is a calendar. */
export function written({ tenant, keys = [], sound, hook, audit = [], ...rest }: Edit, now: number): object {
  return {
    ...rest,
    ...(tenant !== undefined && { tenant: JSON.stringify(tenant), gist: JSON.stringify(gistOf(tenant, now)) }),
    keys: Object.fromEntries(keys.map((key) => [key.id, JSON.stringify(key)])),
    audit: audit.filter((entry) => entry !== undefined).map((entry) => JSON.stringify(entry)),
    ...(sound !== undefined && { sound: { id: sound.id, text: JSON.stringify(sound) } }),
    ...(hook !== undefined && { hook: { id: hook.id, text: JSON.stringify(hook) } }),
  }
}

function gistOf({ hold: { patienceSeconds }, timezone, ...tenant }: Tenant, now: number): object {
  const { id, plan, caps, models, overflow, budgets, callBudgets, trialDays, shadow, created_at } = tenant
  const zone = { asOf: now, offsets: zoneOf(timezone, now) }
  const terms = { budgets, callBudgets, trialDays, shadow, created_at, zone }
  return { id, plan, caps, models, overflow, hold: { patienceSeconds }, ...terms }
}

/** Written by Lua, which has nothing where JSON has null. */
function stateOf(text: string | undefined): HookState | undefined {
  if (text === undefined) return undefined
  const { at = 0, status = null, error = null, gone_at = null } = JSON.parse(text) as Partial<HookState>
  return { at, status, error, gone_at }
}

function byId<T extends { id: string }>(texts: Record<string, string>): T[] {
  const all = Object.values(texts).map((text) => JSON.parse(text) as T)
  return all.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}
