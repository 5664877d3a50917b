// What both sides said, in the order in which the conversation has it. Knows events, not sounds.
import { pick, pickList, pickText, type WireEvent } from './wire-event.ts'

export interface SpokenLine {
  readonly itemId: string
  readonly who: 'caller' | 'answer' | 'broker' | 'tool'
  readonly text: string
  readonly cut: boolean
}

export type Transcript = readonly SpokenLine[]

/** Takes an event of either direction: what we type and what our tools say goes out, and is echoed by nobody in time. */
export function transcriptOf(before: Transcript, event: WireEvent): Transcript {
  const itemId = pickText(event, 'item_id') ?? ''
  switch (event.type) {
    case 'input_audio_buffer.committed':
      return withLine(before, itemId, 'caller', (line) => line)
    case 'conversation.item.input_audio_transcription.delta':
      return withLine(before, itemId, 'caller', (line) => ({ ...line, text: line.text + piece(event) }))
    case 'conversation.item.input_audio_transcription.completed':
      return withLine(before, itemId, 'caller', (line) => ({
        ...line,
        text: pickText(event, 'transcript') ?? line.text,
      }))
    case 'response.output_audio_transcript.delta':
    case 'response.output_text.delta':
      return withLine(before, itemId, voiceOf(itemId), (line) => ({ ...line, text: line.text + piece(event) }))
    case 'response.output_audio_transcript.done':
      return withLine(before, itemId, voiceOf(itemId), (line) => ({
        ...line,
        text: pickText(event, 'transcript') ?? line.text,
      }))
    case 'response.output_text.done':
      return withLine(before, itemId, voiceOf(itemId), (line) => ({
        ...line,
        text: pickText(event, 'text') ?? line.text,
      }))
    case 'conversation.item.truncate':
      return before.map((line) => (line.itemId === itemId ? { ...line, cut: true } : line))
    case 'response.function_call_arguments.done':
      return withLine(before, pickText(event, 'call_id') ?? itemId, 'tool', () => toolLine(event, itemId))
    case 'conversation.item.create':
      return withOwnItem(before, pick(event, 'item'))
    default:
      return before
  }
}

/** The lines of a wait are the broker's own. */
function voiceOf(itemId: string): 'answer' | 'broker' {
  return itemId.startsWith('item_trunkline_') ? 'broker' : 'answer'
}

function withOwnItem(before: Transcript, item: unknown): Transcript {
  const callId = pickText(item, 'call_id')
  if (callId !== undefined) {
    const result = brief(pickText(item, 'output') ?? '')
    return withLine(before, callId, 'tool', (line) => ({ ...line, text: `${line.text} → ${result}` }))
  }
  const text = pickList(item, 'content').map((part) => pickText(part, 'text') ?? '')
  return withLine(before, pickText(item, 'id') ?? '', 'caller', (line) => ({ ...line, text: text.join(' ') }))
}

function withLine(
  before: Transcript,
  itemId: string,
  who: SpokenLine['who'],
  change: (line: SpokenLine) => SpokenLine,
): Transcript {
  const known = before.find((line) => line.itemId === itemId)
  if (known === undefined) return [...before, change({ itemId, who, text: '', cut: false })]
  const changed = change(known)
  return changed === known ? before : before.map((line) => (line === known ? changed : line))
}

function toolLine(event: WireEvent, itemId: string): SpokenLine {
  const name = pickText(event, 'name') ?? 'function'
  const text = `${name}(${brief(pickText(event, 'arguments') ?? '')})`
  return { itemId: pickText(event, 'call_id') ?? itemId, who: 'tool', text, cut: false }
}

function piece(event: WireEvent): string {
  return pickText(event, 'delta') ?? ''
}

/** The values of a flat JSON object, for reading; any other text as it is. */
function brief(json: string): string {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? Object.values(value).join(', ') : json
  } catch {
    return json
  }
}
