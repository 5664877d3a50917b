// What a pool grants, for tests of a desk. Knows no rule.
import type { PoolGrant } from '../../src/ports.ts'

/** Holds for ever. */
export function grantOf(tokens: number, sessions: number, version = 1): PoolGrant {
  const [ttlMs, epoch] = [9e13, 1]
  return { epoch, ttlMs, tokens: { amount: tokens, version }, sessions: { amount: sessions, version } }
}

/** More than any test uses. */
export const ample: PoolGrant = grantOf(1e9, 1e6)
