// What the broker hears of a provider's events.
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readNotice, withoutOrganisation } from '../../src/realtime/notice.ts'
import { hearing } from '../../src/realtime/session-format.ts'

const text = (event: object): string => JSON.stringify(event)
const folder = new URL('../data/realtime/examples/', import.meta.url)
const example = (name: string): string => readFileSync(new URL(`${name}.json`, folder), 'utf8')
const organisation = 'org-AbCdEfGhIjKlMnOpQrStUvWx'

const created = (response: object) => readNotice(text({ type: 'response.created', response }))

test('[C9] hears a reply begin, and whether it is out of band: only then it has no conversation', () => {
  expect(created({ id: 'r1' })).toEqual({ is: 'began', reply: 'r1', outOfBand: false })
  expect(created({ id: 'r1', conversation_id: 'conv_1' })).toMatchObject({ outOfBand: false })
  expect(created({ id: 'r1', conversation_id: null })).toMatchObject({ outOfBand: true })
})

test('[L4] hears how many output tokens a reply may have: a whole number, or it is not bounded', () => {
  for (const most of [1, 4_096]) expect(created({ max_output_tokens: most })).toMatchObject({ most })
  for (const max_output_tokens of ['inf', '4096', null, undefined, 0, 0.5, -1, -1e15, 1.5])
    expect(created({ max_output_tokens })).toMatchObject({ most: undefined })
})

test('[L1] hears a reply end, with its usage', () => {
  const notice = readNotice(example('server.response.done'))
  expect(notice).toMatchObject({ is: 'finished', reply: expect.stringMatching(/^resp_/), limited: false })
  expect(notice).toMatchObject({ usage: { output: { text: 30, audio: 91 }, partial: false } })
})

test('[C10] hears that a reply was refused for the provider’s limit', () => {
  const done = (code: unknown) =>
    text({ type: 'response.done', response: { id: 'r', status_details: { error: { code } } } })
  expect(readNotice(done('rate_limit_exceeded'))).toMatchObject({ limited: true, usage: undefined })
  expect(readNotice(done('server_error'))).toMatchObject({ limited: false })
  expect(readNotice(text({ type: 'response.done', response: { id: 'r', status_details: null } }))).toMatchObject({
    limited: false,
  })
})

test('[L2] hears a transcription, by item and part, with its usage', () => {
  const heard = { type: 'conversation.item.input_audio_transcription.completed', item_id: 'i' }
  const usage = { type: 'duration', seconds: 2 }
  expect(readNotice(text({ ...heard, content_index: 3, usage }))).toMatchObject({
    is: 'transcribed',
    item: 'i/3',
    usage: { seconds: 2 },
  })
  expect(readNotice(text(heard))).toEqual({ is: 'transcribed', item: 'i/0', usage: undefined })
  expect(readNotice(text({ type: heard.type, content_index: 3 }))).toMatchObject({ item: '' })
})

test.each(['session.created', 'session.updated'])('[L2] hears in %s which model transcribes', (type) => {
  const session = { audio: { input: { transcription: { model: 'whisper-1' } } } }
  expect(readNotice(text({ type, session }))).toMatchObject({ is: 'session', transcription: 'whisper-1' })
  for (const other of [
    {},
    { session: null },
    { session: { audio: { input: { transcription: null } } } },
    { session: { audio: { input: { transcription: { model: 7 } } } } },
  ])
    expect(readNotice(text({ type, ...other }))).toMatchObject({ is: 'session', transcription: undefined })
})

test.each(['session.created', 'session.updated'])(
  '[C9] hears in %s how the session is heard, and keeps no more of it',
  (type) => {
    const format = { type: 'audio/pcmu' }
    const session = {
      instructions: 'x',
      output_modalities: ['text'],
      audio: { input: {}, output: { format, voice: 'a' } },
    }
    expect(readNotice(text({ type, session }))).toEqual({
      is: 'session',
      transcription: undefined,
      hears: { output_modalities: ['text'], audio: { output: { format } } },
    })
    expect(hearing({ ...readSession(text({ type })) }, null)).toEqual({ as: 'audio', format: 'audio/pcm' })
  },
)

function readSession(frame: string): object {
  const notice = readNotice(frame)
  return notice?.is === 'session' ? notice.hears : {}
}

test('[H2] hears an item join the conversation', () => {
  const added = { type: 'conversation.item.added', previous_item_id: null, item: { id: 'item_1' } }
  expect(readNotice(text(added))).toEqual({ is: 'joined', item: 'item_1' })
})

test('[C7] hears an error', () => expect(readNotice(example('server.error'))).toEqual({ is: 'error' }))

test.each([
  '',
  'no JSON',
  'null',
  '7',
  '[]',
  '{}',
  '{"type":7}',
  '{"type":"new.event"}',
  '{"type":"constructor"}',
  '{"type":"__proto__"}',
  '{"type":"toString"}',
])('[R1] hears nothing in %s', (frame) => expect(readNotice(frame)).toBeUndefined())

test.each([
  'response.created',
  'response.done',
  'session.created',
  'conversation.item.added',
  'conversation.item.input_audio_transcription.completed',
  'error',
])('[R1] %s with anything missing or odd is heard without harm', (type) => {
  for (const odd of [
    {},
    { response: null },
    { response: 7 },
    { response: [] },
    { response: { id: 7, usage: 'x' } },
    { item_id: {}, content_index: 'x', usage: 7 },
  ])
    expect(readNotice(text({ type, ...odd }))).toBeDefined()
})

test('[R1] no published event is heard as what it is not', () => {
  const heard = readdirSync(folder)
    .filter((file) => readNotice(readFileSync(new URL(file, folder), 'utf8')) !== undefined)
    .map((file) => file.replace(/^(translation-)?server\.|\.json$/g, ''))
  expect(new Set(heard)).toEqual(
    new Set([
      'session.created',
      'session.updated',
      'response.created',
      'response.done',
      'conversation.item.added',
      'conversation.item.input_audio_transcription.completed',
      'error',
    ]),
  )
})

test.each(['error', 'response.done'])("[C5] our organisation's id is not in an event of type %s", (type) => {
  const message = `Rate limit reached in organization ${organisation} on tokens`
  for (const indent of [undefined, 2]) {
    const frame = JSON.stringify({ type, error: { message } }, null, indent)
    expect(withoutOrganisation(frame)).toBe(frame.replace(organisation, 'org-…'))
  }
})

test('[C5] every mention goes', () => {
  const frame = text({ type: 'error', error: { message: `${organisation} and ${organisation}` } })
  expect(withoutOrganisation(frame)).not.toContain('org-A')
})

test.each([
  text({ type: 'conversation.item.created', item: { text: organisation } }),
  text({ type: 'response.output_text.delta', delta: organisation, item: {} }),
  text({ type: 'session.created', session: { instructions: `"type":"error" ${organisation}` } }),
  text({
    type: 'response.done',
    response: { output: [{ transcript: 'An org-wide re-org-anisation of the org-chart.' }] },
  }),
  text({ type: 'error', error: { message: 'nothing to hide' } }),
])('[R1] what names no organisation of ours, or is no error, passes as it is: %s', (frame) => {
  expect(withoutOrganisation(frame)).toBe(frame)
})
