// What is kept of a caller before its provider answers, at the edges of each bound.
import { expect, test } from 'vitest'
import { Early } from '../../src/early.ts'
import { earlyAudioBytes, earlyEventBytes, earlyEvents } from '../../src/limits.ts'

test('[C2] keeps frames in order and gives them once', () => {
  const early = new Early()
  for (const [frame, isAudio] of [
    ['a', false],
    ['b', true],
    ['c', false],
  ] as const)
    expect(early.keep(frame, isAudio)).toBe(true)
  expect(early.drain()).toEqual(['a', 'b', 'c'])
  expect(early.drain()).toEqual([])
})

test('[C2] keeps so many events, and not one more', () => {
  const early = new Early()
  for (let i = 0; i < earlyEvents; i++) expect(early.keep('e', false)).toBe(true)
  expect(early.keep('e', false)).toBe(false)
  expect(early.drain()).toHaveLength(earlyEvents)
})

test('[C2] keeps so many bytes of events, and not one more', () => {
  const early = new Early()
  expect(early.keep('e'.repeat(earlyEventBytes - 1), false)).toBe(true)
  expect(early.keep('e', false)).toBe(true)
  expect(early.keep('e', false)).toBe(false)
})

test('[H2] keeps so many bytes of audio beside the events, and not one more', () => {
  const early = new Early()
  for (let i = 0; i < earlyEvents; i++) early.keep('e', false)
  expect(early.keep('a'.repeat(earlyAudioBytes - 1), true)).toBe(true)
  expect(early.keep('a', true)).toBe(true)
  expect(early.keep('a', true)).toBe(false)
})

test('[H2] audio counts for no event: a thousand frames of it are kept', () => {
  const early = new Early()
  for (let i = 0; i < 1_000; i++) expect(early.keep('a', true)).toBe(true)
  expect(early.drain()).toHaveLength(1_000)
})
