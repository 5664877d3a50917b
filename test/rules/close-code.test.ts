// Codes and reasons between two WebSockets: whatever comes in, what goes out may be sent.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { sendableCode, sendableReason } from '../../src/realtime/close-code.ts'
import { seed } from '../contract/seed.ts'

const bytes = (text: string): number => new TextEncoder().encode(text).length

test.each([
  [1000, 1000],
  [1003, 1003],
  [1004, 1011],
  [1005, 1000],
  [1006, 1011],
  [1007, 1007],
  [1014, 1014],
  [1015, 1011],
  [1016, 1011],
  [2999, 1011],
  [3000, 3000],
  [4999, 4999],
  [5000, 1011],
  [999, 1011],
  [0, 1011],
])('[C7] %d is sent as %d', (code, sent) => expect(sendableCode(code)).toBe(sent))

test('[C7] no code that may not be sent is ever sent', () => {
  const barred = new Set([1004, 1005, 1006, 1015])
  const wrong = Array.from({ length: 70_000 }, (_, code) => sendableCode(code)).filter(
    (sent) => barred.has(sent) || sent < 1000 || sent > 4999 || sendableCode(sent) !== sent,
  )
  expect(wrong).toEqual([])
})

test('[C7] a reason of 123 bytes passes, of 124 is cut', () => {
  expect(sendableReason('x'.repeat(123))).toBe('x'.repeat(123))
  expect(sendableReason('x'.repeat(124))).toBe('x'.repeat(123))
})

test.each([
  ['é', 61],
  ['中', 41],
  ['𝒳', 30],
  ['\u007F', 123],
  ['\u0080', 61],
  ['\u07FF', 61],
  ['\u0800', 41],
  ['\uFFFF', 41],
  ['\u{10000}', 30],
])('[C7] a reason of %j is cut between characters, at 123 bytes', (char, fit) => {
  expect(sendableReason(char.repeat(200))).toBe(char.repeat(fit))
})

test('[C7] whatever a reason is, what is sent is its beginning and fits', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (reason) => {
      const sent = sendableReason(reason)
      expect(reason.startsWith(sent)).toBe(true)
      expect(bytes(sent)).toBeLessThanOrEqual(123)
      if (bytes(reason) <= 123) expect(sent).toBe(reason)
    }),
    { seed, numRuns: 2_000 },
  )
})
