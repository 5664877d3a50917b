// A key in the place of another: what becomes of both, decided on the keys as they stand, so that nothing is half done. Knows no store.
// Rule K1.
import { keysPerTenant } from './limits.ts'
import { keyEnded, keyValid, type FreshKey, type Key } from './plan.ts'
import type { Refusal } from './refusal.ts'

export interface Rotated {
  before: Key
  /** The old one, now or after the grace. */
  ended: Key
  /** With what was set of the old one. */
  made: Key
}

/** Where there is no grace the fresh one takes the old one's place among so many as a tenant may have. */
export function rotated(
  keys: readonly Key[],
  id: string,
  fresh: FreshKey,
  graceMs: number,
  now: number,
): Rotated | Refusal {
  const before = keys.find((key) => key.id === id)
  if (before === undefined) return { why: 'thing_unknown', details: { kind: 'key', id: id.slice(0, 60) } }
  if (!keyValid(before, now)) return { why: 'key_over', details: { id } }
  const valid = keys.filter((key) => keyValid(key, now))
  if (graceMs > 0 && valid.length >= keysPerTenant) return { why: 'keys_enough', details: { most: keysPerTenant } }
  const { name, lines, headStartSeconds } = before
  const ended = keyEnded(before, graceMs, now)
  return { before, ended, made: { ...fresh, name, lines, headStartSeconds, expires_at: null, revoked_at: null } }
}
