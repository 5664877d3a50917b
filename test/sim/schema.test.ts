// One long call that brings out every event the practice upstream can send; each is held against the published schema.

import { expect, it } from 'vitest'
import { startSim } from '../../sim/server.ts'
import { at, type Client, dial, faultsOf } from './client.ts'

const SENT = [
  'conversation.item.added',
  'conversation.item.deleted',
  'conversation.item.done',
  'conversation.item.input_audio_transcription.completed',
  'conversation.item.input_audio_transcription.delta',
  'conversation.item.input_audio_transcription.failed',
  'conversation.item.retrieved',
  'conversation.item.truncated',
  'error',
  'input_audio_buffer.cleared',
  'input_audio_buffer.committed',
  'input_audio_buffer.speech_started',
  'input_audio_buffer.speech_stopped',
  'input_audio_buffer.timeout_triggered',
  'rate_limits.updated',
  'response.content_part.added',
  'response.content_part.done',
  'response.created',
  'response.done',
  'response.function_call_arguments.delta',
  'response.function_call_arguments.done',
  'response.output_audio.delta',
  'response.output_audio.done',
  'response.output_audio_transcript.delta',
  'response.output_audio_transcript.done',
  'response.output_item.added',
  'response.output_item.done',
  'response.output_text.delta',
  'response.output_text.done',
  'session.created',
  'session.updated',
]

async function everything(client: Client): Promise<void> {
  const tools = [{ type: 'function', name: 'lookup', description: 'Looks up', parameters: { type: 'object' } }]
  const input = {
    format: { type: 'audio/pcmu' },
    transcription: { model: 'gpt-4o-transcribe', language: 'en' },
    noise_reduction: { type: 'near_field' },
    turn_detection: { type: 'semantic_vad', eagerness: 'high' },
  }
  const output = { format: { type: 'audio/pcma' }, voice: 'cedar', speed: 1.25 }
  const truncation = { type: 'retention_ratio', retention_ratio: 0.8, token_limits: { post_instructions: 5_000 } }
  const odd = { tracing: 'auto', reasoning: { effort: 'low' }, tool_choice: { type: 'function', name: 'lookup' } }
  await client.configure({ tools, audio: { input, output }, truncation, max_output_tokens: 2_000, ...odd })
  client.say(3, 'audio/pcmu')
  await client.next('response.done')
  const call = at(client.of('response.output_item.done')[0], 'item.call_id')
  const result = { type: 'function_call_output', call_id: call, output: '{"found":true}' }
  client.send({ type: 'conversation.item.create', item: result })
  await client.ask(
    { type: 'response.create', response: { tool_choice: 'none', metadata: { a: 'b' } } },
    'response.done',
  )
  const spoken = at(client.of('response.output_item.done')[1], 'item.id')
  client.send({ type: 'conversation.item.retrieve', item_id: spoken })
  client.send({ type: 'conversation.item.truncate', item_id: spoken, content_index: 0, audio_end_ms: 100 })
  client.send({ type: 'conversation.item.delete', item_id: spoken })
  client.send({ type: 'input_audio_buffer.clear' })
  const image = { type: 'input_image', image_url: 'data:image/png;base64,AAAA' }
  const audio = { type: 'input_audio', audio: 'AAAA', transcript: 'hm' }
  const parts = [image, audio, { type: 'input_text', text: 'What is this?' }]
  client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: parts } })
  const system = { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'Be brief.' }] }
  client.send({ type: 'conversation.item.create', item: system })
  await client.ask(
    { type: 'response.create', response: { tool_choice: 'none', output_modalities: ['text'] } },
    'response.done',
  )
}

it('[SIM] sends no event that the schema does not know or would not pass', async () => {
  const sim = await startSim({ pace: 'burst' })
  const client = await dial(sim, { query: 'model=gpt-realtime-mini' })
  await everything(client)
  sim.fault('deaf')
  client.say(1, 'audio/pcmu')
  await client.next('conversation.item.input_audio_transcription.failed')
  sim.fault('fail')
  await client.ask({ type: 'response.create' }, 'response.done')
  await client.complaint({ type: 'nothing' })
  // The one that takes seconds to come is met in conversation.test.ts, and checked there as all are.
  expect([...new Set(client.types), 'input_audio_buffer.timeout_triggered'].toSorted()).toEqual(SENT)
  expect(client.invalid).toEqual([])
  await sim.close()
})

it('[SIM] would be caught sending a wrong event', () => {
  expect(faultsOf({ type: 'response.output_audio.delta', event_id: 'e', delta: 'AAAA' })).not.toEqual([])
  expect(faultsOf({ type: 'response.audio.delta' })).not.toEqual([])
})
