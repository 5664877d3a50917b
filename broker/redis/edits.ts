// Edits of a tenant's documents in Redis, each computed on the documents as they were read. Knows no Redis. Rules K1, G8, H4, A3, A5.
import { keyEntry, tenantEntry } from '../../src/audit.ts'
import { linesWith, settingsProblem } from '../../src/settings-check.ts'
import type { Hook, KeptHook, NewHook } from '../../src/hook.ts'
import { hooksPerTenant, keysPerTenant, soundsPerTenant } from '../../src/limits.ts'
import { rotated } from '../../src/key-rotation.ts'
import type { KeyChange, TenantChange } from '../../src/plan-settings.ts'
import { changed, changedKey, keyEnded, keyValid, type FreshKey, type Key, type Tenant } from '../../src/plan.ts'
import type { Refusal } from '../../src/refusal.ts'
import type { Upload } from '../../src/sounds-sql.ts'
import type { Documents, Edit } from './documents.ts'

/** What is to be written, if anything, and what is said of it. */
export interface Edited<R> {
  edit?: Edit
  result?: R
}

export function changeTenant({ tenant: before, sounds }: Documents, change: TenantChange): Edited<Tenant | Refusal> {
  const tenant = changed(before, change)
  const uploads = sounds.map(({ id }) => id)
  const refusal = settingsProblem(tenant, uploads)
  if (refusal !== undefined) return { result: refusal }
  return { edit: { tenant, audit: [tenantEntry(before, tenant)] }, result: tenant }
}

export function addKey({ keys, now }: Documents, key: Key, hash: string): Edited<Refusal | undefined> {
  if (keys.filter((one) => keyValid(one, now)).length >= keysPerTenant)
    return { result: { why: 'keys_enough', details: { most: keysPerTenant } } }
  return { edit: { keys: [key], hashes: { [hash]: key.id }, audit: [keyEntry(undefined, key)] } }
}

export function changeKey({ keys }: Documents, id: string, change: KeyChange): Edited<Key | undefined> {
  const before = keys.find((key) => key.id === id)
  const key = before && changedKey(before, change)
  return key === undefined ? {} : { edit: { keys: [key], audit: [keyEntry(before, key)] }, result: key }
}

export function endKey({ keys, now }: Documents, id: string, graceMs: number): Edited<Key | undefined> {
  const before = keys.find((one) => one.id === id)
  const key = before && keyEnded(before, graceMs, now)
  return key === undefined ? {} : { edit: { keys: [key], audit: [keyEntry(before, key)] }, result: key }
}

export function rotateKey(
  { keys, now }: Documents,
  id: string,
  fresh: FreshKey,
  hash: string,
  graceMs: number,
): Edited<Key | Refusal> {
  const rotation = rotated(keys, id, fresh, graceMs, now)
  if ('why' in rotation) return { result: rotation }
  const { before, ended, made } = rotation
  const audit = [keyEntry(undefined, made), keyEntry(before, ended)]
  return { edit: { keys: [made, ended], hashes: { [hash]: made.id }, audit }, result: made }
}

export function addSound({ sounds }: Documents, sound: Upload): Edited<Refusal | undefined> {
  if (sounds.length >= soundsPerTenant) return { result: { why: 'sounds_enough', details: { most: soundsPerTenant } } }
  return { edit: { sound } }
}

export function dropSound({ sounds, tenant }: Documents, id: string): Edited<Refusal | undefined> {
  if (!sounds.some((sound) => sound.id === id))
    return { result: { why: 'thing_unknown', details: { kind: 'sound', id: id.slice(0, 60) } } }
  const lines = linesWith(id, tenant.hold.lines)
  if (lines.length > 0) return { result: { why: 'sound_in_use', details: { id, lines: lines.join(', ') } } }
  return { edit: { drop: id } }
}

export function addHook({ hooks, now }: Documents, hook: NewHook): Edited<Refusal | undefined> {
  if (hooks.length >= hooksPerTenant) return { result: { why: 'hooks_enough', details: { most: hooksPerTenant } } }
  return { edit: { hook: { ...hook, on_at: now } } }
}

/** What waited for one that is off now is dropped with it. */
export function changeHook(
  { hooks, now }: Documents,
  id: string,
  work: (hook: Hook, now: number) => Hook,
): Edited<KeptHook> {
  const kept = hooks.find(({ hook }) => hook.id === id)
  if (kept === undefined) return {}
  const hook = work(kept.hook, now)
  return { edit: { hook, ...(!hook.enabled && { forsake: id }) }, result: { ...kept, hook } }
}

export function removeHook({ hooks }: Documents, id: string): Edited<KeptHook> {
  const kept = hooks.find(({ hook }) => hook.id === id)
  return kept === undefined ? {} : { edit: { unhook: id }, result: kept }
}
