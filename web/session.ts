// What the page asks of the provider, as any client of the realtime wire would: the session, a typed turn, a cut answer.
import type { Cut } from './playout.ts'
import { wireRate } from './pcm.ts'
import { toolDefinitions } from './tools.ts'
import type { WireEvent } from './wire-event.ts'

export const model = 'gpt-realtime-2.1'

const instructions =
  'You answer a telephone call. Speak English, warmly and briefly: one or two sentences. ' +
  'Ask the tools for the time and the weather; never guess them.'

export function sessionUpdate(): WireEvent {
  const format = { type: 'audio/pcm', rate: wireRate }
  return {
    type: 'session.update',
    session: {
      type: 'realtime',
      instructions,
      output_modalities: ['audio'],
      audio: {
        input: {
          format,
          transcription: { model: 'gpt-4o-mini-transcribe', language: 'en' },
          turn_detection: { type: 'server_vad', silence_duration_ms: 500 },
        },
        output: { format, voice: 'marin' },
      },
      tools: toolDefinitions,
      tool_choice: 'auto',
    },
  }
}

export function audioAppend(audio: string): WireEvent {
  return { type: 'input_audio_buffer.append', audio }
}

export function typedItem(id: string, text: string): WireEvent {
  const item = { id, type: 'message', role: 'user', content: [{ type: 'input_text', text }] }
  return { type: 'conversation.item.create', item }
}

export function toolOutput(callId: string, output: string): WireEvent {
  return { type: 'conversation.item.create', item: { type: 'function_call_output', call_id: callId, output } }
}

export function truncation(cut: Cut): WireEvent {
  const { itemId, contentIndex, heardMs } = cut
  return {
    type: 'conversation.item.truncate',
    item_id: itemId,
    content_index: contentIndex,
    audio_end_ms: heardMs,
  }
}
