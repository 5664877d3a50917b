// Whole conversations with the practice upstream, seen from a plain WebSocket.

import { afterEach, describe, expect, it } from 'vitest'
import { BYTES_PER_MS, loudness, silence } from '../../sim/audio.ts'
import { ManualClock } from '../../sim/clock.ts'
import type { SimOptions } from '../../sim/options.ts'
import { type Sim, startSim } from '../../sim/server.ts'
import { recording, SENTENCES } from '../../sim/voice.ts'
import { at, Client, dial } from './client.ts'

let sim: Sim
let client: Client

async function call(options: SimOptions = { pace: 'burst' }, query?: string): Promise<void> {
  sim = await startSim(options)
  client = await dial(sim, query === undefined ? {} : { query })
}

afterEach(async () => {
  expect(client.invalid).toEqual([])
  await sim.close()
})

const TEXT = { output_modalities: ['text'] }

function userText(text: string, id?: string): Record<string, unknown> {
  const item = {
    type: 'message',
    role: 'user',
    content: [{ type: 'input_text', text }],
    ...(id === undefined ? {} : { id }),
  }
  return { type: 'conversation.item.create', item }
}

function replay(content: unknown): Record<string, unknown> {
  return { type: 'conversation.item.create', item: { type: 'message', role: 'assistant', content: [content] } }
}

describe('an audio turn', () => {
  it('[SIM] finds the turn in the audio and answers with sound and transcript in the order of the provider', async () => {
    await call()
    client.say()
    await client.next('response.done')
    const order = client.types.filter((type, index, all) => !type.endsWith('.delta') || all[index - 2] !== type)
    expect(order.filter((type, index) => order.indexOf(type) === index)).toEqual([
      'session.created',
      'input_audio_buffer.speech_started',
      'input_audio_buffer.speech_stopped',
      'input_audio_buffer.committed',
      'conversation.item.added',
      'conversation.item.done',
      'response.created',
      'rate_limits.updated',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_audio_transcript.delta',
      'response.output_audio.delta',
      'response.output_audio.done',
      'response.output_audio_transcript.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.done',
    ])
    const [started, stopped] = [
      client.of('input_audio_buffer.speech_started')[0],
      client.of('input_audio_buffer.speech_stopped')[0],
    ]
    expect(started?.['audio_start_ms']).toBeLessThan(200)
    expect(stopped?.['audio_end_ms']).toBeGreaterThan(3_000)
    expect(started?.['item_id']).toBe(client.of('input_audio_buffer.committed')[0]?.['item_id'])
  })

  it('[SIM] sends speech whose transcript is what is said, in deltas of the set size', async () => {
    await call({ pace: 'burst', replySentences: 1, deltaMs: 200 })
    client.say()
    const done = await client.next('response.done')
    const audio = Buffer.concat(
      client.of('response.output_audio.delta').map((event) => Buffer.from(String(event['delta']), 'base64')),
    )
    expect(audio.equals(recording(0, 'audio/pcm'))).toBe(true)
    expect(loudness(audio, 'audio/pcm')).toBeGreaterThan(1_000)
    expect(client.of('response.output_audio.delta')[0]?.['delta']).toHaveLength(
      (200 * BYTES_PER_MS['audio/pcm'] * 4) / 3,
    )
    const said = client.of('response.output_audio_transcript.delta').map((event) => event['delta'])
    expect(said.join('')).toBe(SENTENCES[0]?.text)
    expect(at(done, 'response.output.0.content.0.transcript')).toBe(SENTENCES[0]?.text)
  })

  it.each(['audio/pcmu', 'audio/pcma'] as const)('[SIM] speaks and hears %s', async (coding) => {
    await call({ pace: 'burst', replySentences: 1 })
    await client.configure({ audio: { input: { format: { type: coding } }, output: { format: { type: coding } } } })
    client.say(2, coding)
    await client.next('response.done')
    const audio = Buffer.concat(
      client.of('response.output_audio.delta').map((event) => Buffer.from(String(event['delta']), 'base64')),
    )
    expect(audio.equals(recording(0, coding))).toBe(true)
    expect(loudness(audio, coding)).toBeCloseTo(loudness(recording(0, 'audio/pcmu'), 'audio/pcmu'), -3)
  })

  it('[SIM] keeps quiet while nobody speaks', async () => {
    await call()
    client.append(silence('audio/pcm', 3_000))
    await sim.sessions[0]?.until('input_audio_buffer.append', 30)
    await client.complaint({ type: 'nothing' })
    expect(client.types).toEqual(['session.created', 'error'])
  })

  it('[SIM] hears a turn with semantic detection too', async () => {
    await call()
    await client.configure({ audio: { input: { turn_detection: { type: 'semantic_vad', eagerness: 'high' } } } })
    client.say()
    await client.next('response.done')
  })

  it('[SIM] makes an item but no response if create_response is off', async () => {
    await call()
    await client.configure({ audio: { input: { turn_detection: { type: 'server_vad', create_response: false } } } })
    client.say()
    await client.next('conversation.item.done')
    await client.complaint({ type: 'nothing' })
    expect(client.types).not.toContain('response.created')
  })

  it('[SIM] waits for a commit where turn detection is off, and refuses an empty one', async () => {
    await call()
    await client.configure({ audio: { input: { turn_detection: null } } })
    const empty = await client.complaint({ type: 'input_audio_buffer.commit', event_id: 'mine' })
    expect(empty).toMatchObject({ code: 'input_audio_buffer_commit_empty', event_id: 'mine' })
    client.say()
    await client.ask({ type: 'input_audio_buffer.clear' }, 'input_audio_buffer.cleared')
    expect(await client.complaint({ type: 'input_audio_buffer.commit' })).toMatchObject({
      code: 'input_audio_buffer_commit_empty',
    })
    client.say()
    const committed = await client.ask({ type: 'input_audio_buffer.commit' }, 'input_audio_buffer.committed')
    await client.ask({ type: 'response.create' }, 'response.done')
    const kept = await client.ask(
      { type: 'conversation.item.retrieve', item_id: committed['item_id'] },
      'conversation.item.retrieved',
    )
    const audio = Buffer.from(String(at(kept, 'item.content.0.audio')), 'base64')
    expect(audio).toEqual(
      Buffer.concat([silence('audio/pcm', 400), recording(1, 'audio/pcm'), silence('audio/pcm', 600)]),
    )
  })

  it('[SIM] forgets the oldest audio beyond what it may keep, and never its length', async () => {
    await call({ pace: 'burst', keepAudioBytes: 160_000 })
    client.say()
    await client.next('response.done')
    client.say()
    await client.next('response.done')
    const turns = client.of('input_audio_buffer.committed').map((event) => event['item_id'])
    const ask = (id: unknown) =>
      client.ask({ type: 'conversation.item.retrieve', item_id: id }, 'conversation.item.retrieved')
    expect(at(await ask(turns[0]), 'item.content.0.audio')).toBeUndefined()
    expect(String(at(await ask(turns[1]), 'item.content.0.audio')).length).toBeGreaterThan(150_000)
    const [first] = client.of('response.done')
    expect(at(first, 'response.usage.input_token_details.audio_tokens')).toBeGreaterThan(28)
  })

  it('[SIM] speaks again when the caller says nothing for the idle timeout', async () => {
    const clock = new ManualClock()
    await call({ pace: 'burst', clock, pingMs: 0 })
    await client.configure({ audio: { input: { turn_detection: { type: 'server_vad', idle_timeout_ms: 6_000 } } } })
    client.say()
    await sim.sessions[0]?.until('input_audio_buffer.append', 37)
    clock.advance(0)
    await client.next('response.done')
    client.append(silence('audio/pcm', 6_000))
    await sim.sessions[0]?.until('input_audio_buffer.append', 97)
    clock.advance(11_000)
    expect(client.types).not.toContain('input_audio_buffer.timeout_triggered')
    clock.advance(2_000)
    const timeout = await client.next('input_audio_buffer.timeout_triggered')
    expect(Number(timeout['audio_end_ms']) - Number(timeout['audio_start_ms'])).toBe(6_000)
    await client.next('response.created')
  })
})

describe('interruption', () => {
  it('[SIM] ends the reply when the caller speaks into it, and bills what was generated', async () => {
    const clock = new ManualClock()
    await call({ pace: 'realtime', clock, latencyMs: 0, pingMs: 0 })
    await client.ask({ type: 'response.create' }, 'response.created')
    clock.advance(950)
    client.say()
    await client.next('input_audio_buffer.speech_started')
    const done = await client.next('response.done')
    expect(at(done, 'response.status')).toBe('cancelled')
    expect(at(done, 'response.status_details')).toEqual({ type: 'cancelled', reason: 'turn_detected' })
    expect(client.of('response.output_audio.delta')).toHaveLength(10)
    expect(at(done, 'response.usage.output_token_details.audio_tokens')).toBe(20)
    expect(at(done, 'response.output.0.status')).toBe('incomplete')
  })

  it('[SIM] talks on if interrupt_response is off', async () => {
    const clock = new ManualClock()
    await call({ pace: 'realtime', clock, pingMs: 0 })
    await client.configure({ audio: { input: { turn_detection: { type: 'server_vad', interrupt_response: false } } } })
    await client.ask({ type: 'response.create' }, 'response.created')
    clock.advance(1_000)
    client.say()
    const error = await client.next('error')
    expect(at(error, 'error.code')).toBe('conversation_already_has_active_response')
    clock.advance(20_000)
    expect(at(await client.next('response.done'), 'response.status')).toBe('completed')
  })

  it('[SIM] keeps real time: no delta before its time, none late for good', async () => {
    const clock = new ManualClock()
    await call({ pace: 'realtime', clock, latencyMs: 300, deltaMs: 100, pingMs: 0 })
    await client.ask({ type: 'response.create' }, 'rate_limits.updated')
    clock.advance(299)
    clock.advance(1)
    await client.next('response.output_audio.delta')
    clock.advance(1_000)
    await client.until(() => client.of('response.output_audio.delta').length === 11)
    clock.advance(60_000)
    await client.next('response.done')
  })

  it('[SIM] cancels on request, and complains if there is nothing to cancel', async () => {
    await call({ pace: 'realtime', latencyMs: 0 })
    expect(await client.complaint({ type: 'response.cancel' })).toMatchObject({ code: 'response_cancel_not_active' })
    const created = await client.ask({ type: 'response.create' }, 'response.created')
    const second = await client.complaint({ type: 'response.create', event_id: 'evt_2' })
    expect(second).toMatchObject({ code: 'conversation_already_has_active_response', event_id: 'evt_2' })
    expect(second['message']).toContain(String(at(created, 'response.id')))
    const done = await client.ask({ type: 'response.cancel', response_id: at(created, 'response.id') }, 'response.done')
    expect(at(done, 'response.status_details')).toEqual({ type: 'cancelled', reason: 'client_cancelled' })
  })

  it('[SIM] truncates what was spoken, and forgets its transcript', async () => {
    await call()
    client.send(userText('hello', 'item_user'))
    await client.ask({ type: 'response.create' }, 'response.done')
    const id = at(client.of('response.output_item.done')[0], 'item.id')
    const truncate = { type: 'conversation.item.truncate', item_id: id, content_index: 0 }
    expect(await client.complaint({ ...truncate, audio_end_ms: 60_000 })).toMatchObject({
      code: 'invalid_value',
      param: 'audio_end_ms',
    })
    await client.ask({ ...truncate, audio_end_ms: 1_000 }, 'conversation.item.truncated')
    const kept = await client.ask({ type: 'conversation.item.retrieve', item_id: id }, 'conversation.item.retrieved')
    expect(at(kept, 'item.content.0.transcript')).toBe('')
    expect(await client.complaint({ ...truncate, item_id: 'item_user', audio_end_ms: 1 })).toMatchObject({
      param: 'item_id',
    })
    expect(await client.complaint({ ...truncate, item_id: 'no', audio_end_ms: 1 })).toMatchObject({
      code: 'item_truncate_invalid_item_id',
    })
  })
})

describe('text, functions and items', () => {
  it('[SIM] writes instead of speaking where text is asked for', async () => {
    await call()
    client.send(userText('What is a trunk line?'))
    const done = await client.ask({ type: 'response.create', response: TEXT }, 'response.done')
    const text = client.of('response.output_text.delta').map((event) => event['delta'])
    expect(text.join('')).toContain('What is a trunk line?')
    expect(at(done, 'response.output.0.content.0')).toEqual({ type: 'output_text', text: text.join('') })
    expect(client.types).not.toContain('response.output_audio.delta')
  })

  it('[SIM] says a quoted line word for word', async () => {
    await call()
    const instructions = 'Say exactly: "All our lines are busy."'
    const done = await client.ask({ type: 'response.create', response: { instructions } }, 'response.done')
    expect(at(done, 'response.output.0.content.0.transcript')).toBe('All our lines are busy.')
    expect(client.of('response.output_audio.delta').length).toBeGreaterThan(10)
  })

  it('[SIM] calls the function that the text is about, with arguments by its schema, then tells the result', async () => {
    await call()
    const properties = {
      city: { type: 'string' },
      days: { type: 'integer', minimum: 3 },
      unit: { enum: ['celsius', 'kelvin'] },
    }
    const parameters = { type: 'object', properties, required: ['city', 'days', 'unit'] }
    const tools = [
      { type: 'function', name: 'book_table' },
      { type: 'function', name: 'get_weather', description: 'The weather', parameters },
    ]
    await client.configure({ tools })
    client.send(userText('How will the weather be?'))
    const done = await client.ask({ type: 'response.create' }, 'response.done')
    const item = at(done, 'response.output.0') as Record<string, unknown>
    expect(item).toMatchObject({ type: 'function_call', name: 'get_weather', status: 'completed' })
    expect(JSON.parse(String(item['arguments']))).toEqual({ city: 'city', days: 3, unit: 'celsius' })
    const output = { type: 'function_call_output', call_id: item['call_id'], output: 'Sunny all week.' }
    await client.ask({ type: 'conversation.item.create', item: output }, 'conversation.item.done')
    const told = await client.ask({ type: 'response.create' }, 'response.done')
    expect(at(told, 'response.output.0.content.0.transcript')).toContain('Sunny all week.')
    const lost = { type: 'function_call_output', call_id: 'call_no', output: '' }
    expect(await client.complaint({ type: 'conversation.item.create', item: lost })).toMatchObject({
      code: 'invalid_tool_call_id',
    })
  })

  it('[SIM] calls a function every so many audio turns, and when a tool is required', async () => {
    await call({ pace: 'burst', callToolEveryTurns: 2 })
    await client.configure({ tools: [{ type: 'function', name: 'lookup' }] })
    client.say()
    expect(at(await client.next('response.done'), 'response.output.0.type')).toBe('message')
    client.say()
    expect(at(await client.next('response.done'), 'response.output.0.type')).toBe('function_call')
    const required = await client.ask(
      { type: 'response.create', response: { tool_choice: 'required' } },
      'response.done',
    )
    expect(at(required, 'response.output.0.name')).toBe('lookup')
  })

  it('[SIM] answers out of band beside the conversation and leaves it as it is', async () => {
    await call({ pace: 'realtime', latencyMs: 0, replySentences: 1 })
    await client.ask({ type: 'response.create' }, 'response.created')
    const input = [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Sum this up' }] }]
    const response = { conversation: 'none', metadata: { purpose: 'summary' }, input, ...TEXT }
    const created = await client.ask({ type: 'response.create', response }, 'response.created')
    expect(at(created, 'response')).toMatchObject({ conversation_id: null, metadata: { purpose: 'summary' } })
    const done = await client.next('response.done')
    expect(at(done, 'response.id')).toBe(at(created, 'response.id'))
    expect(client.of('conversation.item.done')).toEqual([])
  })

  it('[SIM] stops at max_output_tokens', async () => {
    await call()
    const done = await client.ask({ type: 'response.create', response: { max_output_tokens: 20 } }, 'response.done')
    expect(at(done, 'response.status_details')).toEqual({ type: 'incomplete', reason: 'max_output_tokens' })
    expect(at(done, 'response.usage.output_tokens')).toBeGreaterThanOrEqual(20)
    expect(at(done, 'response.usage.output_tokens')).toBeLessThan(24)
  })

  it('[SIM] keeps items in the order asked for, and complains of what is not there', async () => {
    await call()
    await client.ask(userText('one', 'a'), 'conversation.item.done')
    await client.ask(userText('two', 'b'), 'conversation.item.done')
    const first = await client.ask({ ...userText('zero', 'c'), previous_item_id: 'root' }, 'conversation.item.added')
    expect(first['previous_item_id']).toBeNull()
    const middle = await client.ask({ ...userText('half', 'd'), previous_item_id: 'a' }, 'conversation.item.added')
    expect(middle['previous_item_id']).toBe('a')
    expect(await client.complaint(userText('again', 'a'))).toMatchObject({
      type: 'invalid_request_error',
      param: 'item.id',
    })
    expect(await client.complaint({ ...userText('lost'), previous_item_id: 'no' })).toMatchObject({
      param: 'previous_item_id',
    })
    expect(await client.complaint(userText('long', 'x'.repeat(33)))).toMatchObject({ param: 'item.id' })
    await client.ask({ type: 'conversation.item.delete', item_id: 'a' }, 'conversation.item.deleted')
    expect(await client.complaint({ type: 'conversation.item.delete', item_id: 'a' })).toMatchObject({
      code: 'item_delete_invalid_item_id',
    })
    expect(await client.complaint({ type: 'conversation.item.retrieve', item_id: 'a' })).toMatchObject({
      code: 'item_retrieve_invalid_item_id',
    })
  })

  it('[SIM] takes a replayed reply as text only', async () => {
    await call()
    await client.ask(replay({ type: 'output_text', text: 'Hello.' }), 'conversation.item.done')
    const refused = await client.complaint(replay({ type: 'output_audio', transcript: 'Hello.' }))
    expect(refused).toMatchObject({ code: 'missing_required_parameter', param: 'item.content[0].text' })
  })
})

describe('transcripts', () => {
  it.each([
    ['gpt-4o-mini-transcribe', 'tokens', true],
    ['whisper-1', 'duration', false],
    ['gpt-realtime-whisper', 'duration', true],
  ])('[L2] %s reports its usage as %s', async (model, type, deltas) => {
    await call({ pace: 'burst', hears: ['Where is my order?'] })
    await client.configure({ audio: { input: { transcription: { model } } } })
    client.say()
    const done = await client.next('conversation.item.input_audio_transcription.completed')
    expect(done['transcript']).toBe('Where is my order?')
    expect(at(done, 'usage.type')).toBe(type)
    expect(client.types.includes('conversation.item.input_audio_transcription.delta')).toBe(deltas)
    const stopped = client.of('input_audio_buffer.speech_stopped')[0]
    const started = client.of('input_audio_buffer.speech_started')[0]
    const ms = Number(stopped?.['audio_end_ms']) - Number(started?.['audio_start_ms'])
    if (type === 'tokens') expect(at(done, 'usage.input_tokens')).toBe(Math.ceil(ms / 100))
    else expect(at(done, 'usage.seconds')).toBe(ms / 1000)
    expect(sim.reports.filter((report) => report.kind === 'transcription')).toHaveLength(1)
  })

  it('[SIM] serves a session that only transcribes', async () => {
    await call({ pace: 'burst' }, 'intent=transcription')
    const audio = { input: { transcription: { model: 'gpt-4o-transcribe' } } }
    await client.ask({ type: 'session.update', session: { type: 'transcription', audio } }, 'session.updated')
    client.say()
    await client.next('conversation.item.input_audio_transcription.completed')
    await client.complaint({ type: 'response.create' })
    expect(client.types).not.toContain('response.created')
  })
})
