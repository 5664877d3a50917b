// Ids that look like the provider's, a prefix and 21 letters or digits, and the padding of its deltas. Counted, so that they cost nothing.

import { randomBytes } from 'node:crypto'

const run = randomBytes(6).toString('hex')
let count = 0

export type IdPrefix = 'event' | 'sess' | 'conv' | 'item' | 'resp' | 'call' | 'ek'

export function freshId(prefix: IdPrefix): string {
  count += 1
  return `${prefix}_${run}${count.toString(36).padStart(9, '0')}`
}

const PADDING = 'aLxx0jTEciOGe7Qk'

/** What hides a delta's length from who counts bytes: together they have a multiple of 16 characters (seen 2025). */
export function obfuscation(delta: string): string {
  return PADDING.slice(delta.length % PADDING.length)
}
