// What a live caller hears, and for how long still.
import { expect, test } from 'vitest'
import { Earshot } from '../../src/earshot.ts'
import { terms } from './host.ts'

const now = 1_000_000

/** So many bytes of audio, as OpenAI sends them. */
function delta(bytes: number): string {
  const ids = '"event_id":"event_1","response_id":"resp_1","item_id":"item_1","output_index":0,"content_index":0'
  return `{"type":"response.output_audio.delta",${ids},"delta":"${Buffer.alloc(bytes).toString('base64')}"}`
}

const output = (type: string): object => ({ audio: { output: { format: { type } } } })

test('[C9] a call whose session was never told is heard as its tenant pins it, or else in the tenant’s format', () => {
  const hold = { ...terms.hold, format: 'audio/pcma' } as const
  expect(new Earshot({ ...terms, hold }).hearing).toEqual({ as: 'audio', format: 'audio/pcma' })
  const pinned = { ...output('audio/pcmu') }
  expect(new Earshot({ ...terms, hold, pinned }).hearing).toEqual({ as: 'audio', format: 'audio/pcmu' })
})

test('[C9] the provider’s word is the truth, the latest of it; what it does not say is the tenant’s format', () => {
  const hold = { ...terms.hold, format: 'audio/pcma' } as const
  const earshot = new Earshot({ ...terms, hold, pinned: { ...output('audio/pcmu') } })
  earshot.session({ ...output('audio/pcm') })
  expect(earshot.hearing).toEqual({ as: 'audio', format: 'audio/pcm' })
  earshot.session({ output_modalities: ['text'], ...output('audio/pcm') })
  expect(earshot.hearing).toEqual({ as: 'text' })
  earshot.session({})
  expect(earshot.hearing).toEqual({ as: 'audio', format: 'audio/pcma' })
})

test.each([
  ['audio/pcm', 7_200],
  ['audio/pcmu', 1_200],
  ['audio/pcma', 1_200],
])('[C9] audio in %s that comes faster than it is heard is counted on, from where the caller is', (format, bytes) => {
  const earshot = new Earshot(terms)
  earshot.session({ ...output(format) })
  expect(earshot.leftMs(now)).toBe(0)
  for (let i = 0; i < 30; i++) earshot.audio(delta(bytes), now + 10 * i)
  expect(earshot.leftMs(now + 300)).toBe(4_200)
  earshot.audio(delta(bytes), now + 2_000)
  expect(earshot.leftMs(now + 2_000)).toBe(2_650)
  expect([earshot.leftMs(now + 4_649), earshot.leftMs(now + 4_650), earshot.leftMs(now + 9_000)]).toEqual([1, 0, 0])
  earshot.audio(delta(bytes), now + 10_000) // after a pause it plays at once
  expect(earshot.leftMs(now + 10_000)).toBe(150)
})

test('[C9] audio in a text session is taken for PCM, and a delta of another shape for none', () => {
  const earshot = new Earshot(terms)
  earshot.session({ output_modalities: ['text'] })
  for (const frame of [
    '{"type":"response.output_audio.delta","delta":"',
    '{"type":"response.output_audio.delta"}',
    '{"type":"response.output_audio.delta","delta" : "AAAA"}',
    '',
  ])
    earshot.audio(frame, now)
  expect(earshot.leftMs(now)).toBe(0)
  earshot.audio(delta(4_800), now)
  expect(earshot.leftMs(now)).toBe(100)
})

test('[C9] of what the caller talks into nothing is left to be heard', () => {
  const earshot = new Earshot(terms)
  earshot.audio(delta(48_000), now)
  earshot.hushed()
  expect(earshot.leftMs(now)).toBe(0)
  earshot.audio(delta(4_800), now)
  expect(earshot.leftMs(now)).toBe(100)
})

test('[H2] the item that came last is the one that the next follows', () => {
  const earshot = new Earshot(terms)
  expect(earshot.last).toBeNull()
  earshot.add({ id: 'item_1' })
  earshot.add({ id: 'item_2' })
  expect(earshot.last).toBe('item_2')
})
