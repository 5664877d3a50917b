// Several session.updates as one, and what the session then wants to hear.
import { expect, test } from 'vitest'
import { hearing, mergedSession, type Json } from '../../src/realtime/session-format.ts'

function output(type: unknown): Json {
  return { audio: { output: { format: { type } } } }
}

/** A session that says only how turns are told. */
function vad(turn_detection: unknown): Json {
  return { audio: { input: { turn_detection } } }
}

test('[C2] a later update stands above an earlier one, part by part', () => {
  const first = { type: 'realtime', instructions: 'a', audio: { output: { voice: 'marin', speed: 1 } } }
  const second = { type: 'realtime', tools: [], audio: { output: { voice: 'cedar' }, input: { transcription: null } } }
  expect(mergedSession(first, second)).toEqual({
    type: 'realtime',
    instructions: 'a',
    tools: [],
    audio: { output: { voice: 'cedar', speed: 1 }, input: { transcription: null } },
  })
})

test('[C2] what has kinds is replaced as a whole: half of one and half of another would be refused', () => {
  const merged = mergedSession(vad({ type: 'server_vad', threshold: 0.5 }), vad({ type: 'semantic_vad' }))
  expect(merged).toEqual(vad({ type: 'semantic_vad' }))
  expect(mergedSession(vad({ type: 'server_vad' }), vad(null))).toEqual(vad(null))
  const pcm = { audio: { output: { format: { type: 'audio/pcm', rate: 24_000 } } } }
  expect(mergedSession(pcm, output('audio/pcmu'))).toEqual(output('audio/pcmu'))
  const [tools, none] = [{ tools: [{ name: 'a' }] }, { tools: [] }]
  expect(mergedSession(tools, none)).toEqual(none)
})

test('[C2] a part that is not what it should be takes the place of the other, and goes upstream to be refused there', () => {
  expect(mergedSession({ audio: { output: { voice: 'a' } } }, { audio: 7 })).toEqual({ audio: 7 })
  expect(mergedSession({ audio: null }, { audio: { output: {} } })).toEqual({ audio: { output: {} } })
  expect(mergedSession({ audio: { output: [1] } }, { audio: { output: {} } })).toEqual({ audio: { output: {} } })
})

test('[C2] a key called __proto__ is a key', () => {
  const hostile = JSON.parse('{"audio":{"__proto__":{"format":1},"output":{"__proto__":{"format":2}}}}') as Json
  const merged = mergedSession({ audio: { output: { voice: 'a' } } }, hostile)
  expect(JSON.stringify(merged)).toContain('"__proto__":{"format":2}')
  expect(Object.getPrototypeOf(merged['audio'])).toBe(Object.prototype)
  expect(hearing(hostile, null)).toEqual({ as: 'audio', format: 'audio/pcm' })
})

test('[H1] the line is heard in the format that the session asks for', () => {
  expect(hearing(output('audio/pcmu'), null)).toEqual({ as: 'audio', format: 'audio/pcmu' })
  expect(hearing(output('audio/pcma'), null)).toEqual({ as: 'audio', format: 'audio/pcma' })
  expect(hearing(output('audio/pcm'), null)).toEqual({ as: 'audio', format: 'audio/pcm' })
})

test('[H1] until it says otherwise in PCM, or in what its tenant says', () => {
  for (const session of [
    undefined,
    {},
    output('audio/opus'),
    output(undefined),
    { audio: null },
    { audio: { output: 1 } },
  ]) {
    expect(hearing(session, null)).toEqual({ as: 'audio', format: 'audio/pcm' })
    expect(hearing(session, null, 'audio/pcmu')).toEqual({ as: 'audio', format: 'audio/pcmu' })
  }
})

test('[H1] or as text, if it asks for text alone', () => {
  expect(hearing({ ...output('audio/pcmu'), output_modalities: ['text'] }, null)).toEqual({ as: 'text' })
  for (const output_modalities of [['audio'], ['text', 'audio'], [], 'text', null]) {
    expect(hearing({ output_modalities }, null).as).toBe('audio')
  }
})

test('[C4] what the tenant pinned holds against the client here too', () => {
  expect(hearing(output('audio/pcm'), output('audio/pcmu'))).toEqual({ as: 'audio', format: 'audio/pcmu' })
  expect(hearing(undefined, { output_modalities: ['text'] })).toEqual({ as: 'text' })
  expect(hearing({ output_modalities: ['text'] }, { output_modalities: ['audio'] }).as).toBe('audio')
})
