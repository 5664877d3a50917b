// The event log: what folds, what does not, what it forgets.
import { expect, test } from 'vitest'
import { emptyLog, logOf, type EventLog } from '../../web/event-log.ts'
import { encodePcm } from '../../web/pcm.ts'

const audio = encodePcm(new Float32Array(1_440))
const append = { type: 'input_audio_buffer.append', audio }
const delta = { type: 'response.output_audio.delta', item_id: 'a1', delta: audio }

function logged(...events: readonly (readonly ['in' | 'out', { type: string }])[]): EventLog {
  return events.reduce((log, [direction, event], at) => logOf(log, direction, event, at), emptyLog)
}

test('[WEB] audio of both directions folds into one line each, with count and length', () => {
  const log = logged(['out', append], ['in', delta], ['out', append], ['in', delta], ['out', append])
  expect(log.lines.map(({ type, count, audioMs }) => [type, count, audioMs])).toEqual([
    ['input_audio_buffer.append', 3, 180],
    ['response.output_audio.delta', 2, 120],
  ])
  expect(log.total).toBe(5)
})

test('[WEB] any other event begins a new run, so that the order can be read', () => {
  const log = logged(['out', append], ['in', { type: 'input_audio_buffer.speech_started' }], ['out', append])
  expect(log.lines.map(({ count }) => count)).toEqual([1, 1, 1])
})

test('[WEB] control events never fold', () => {
  const log = logged(['out', { type: 'response.create' }], ['out', { type: 'response.create' }])
  expect(log.lines).toHaveLength(2)
})

test('[WEB] audio is shortened in the log, everything else is shown as it came', () => {
  const [line] = logged(['in', delta]).lines
  expect(line?.event).toMatchObject({ item_id: 'a1' })
  expect(String(line?.event['delta'])).toMatch(/… \(3840 characters\)$/)
})

test('[WEB] a long call forgets its oldest lines, never its count', () => {
  const log = logged(...Array.from({ length: 500 }, () => ['in', { type: 'error' }] as const))
  expect(log.lines).toHaveLength(300)
  expect(log.lines.at(-1)?.id).toBe(500)
  expect(log.total).toBe(500)
})
