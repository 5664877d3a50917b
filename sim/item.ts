// One item of a conversation: how a client may write it, what it weighs in tokens, how it is shown.

import { z } from 'zod'
import { audioMs, type Coding } from './audio.ts'
import { freshId } from './ids.ts'
import { parsed, type Parsed } from './parse.ts'
import {
  addTokens,
  assistantAudioTokens,
  IMAGE_TOKENS,
  NO_TOKENS,
  textTokens,
  type Tokens,
  userAudioTokens,
} from './tokens.ts'

const id = z.string().min(1).max(32).optional()
const common = { id, object: z.literal('realtime.item').optional(), status: z.string().optional() }

const userPart = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('input_text'), text: z.string() }),
  z.strictObject({ type: z.literal('input_audio'), audio: z.string(), transcript: z.string().nullable().optional() }),
  z.strictObject({ type: z.literal('input_image'), image_url: z.string(), detail: z.string().optional() }),
])

// A replayed output_audio part fails for want of `text`, as on the real service.
const assistantPart = z.strictObject({
  type: z.enum(['output_text', 'output_audio']),
  text: z.string(),
  audio: z.string().optional(),
  transcript: z.string().optional(),
})

const message = z.discriminatedUnion('role', [
  z.strictObject({ ...common, type: z.literal('message'), role: z.literal('user'), content: z.array(userPart) }),
  z.strictObject({
    ...common,
    type: z.literal('message'),
    role: z.literal('assistant'),
    content: z.array(assistantPart),
  }),
  z.strictObject({
    ...common,
    type: z.literal('message'),
    role: z.literal('system'),
    content: z.array(z.strictObject({ type: z.literal('input_text'), text: z.string() })),
  }),
])

const written = z.discriminatedUnion('type', [
  message,
  z.strictObject({
    ...common,
    type: z.literal('function_call'),
    call_id: z.string().optional(),
    name: z.string(),
    arguments: z.string(),
  }),
  z.strictObject({ ...common, type: z.literal('function_call_output'), call_id: z.string(), output: z.string() }),
])

export interface Part {
  readonly type: string
  readonly text?: string | undefined
  transcript?: string | null | undefined
  audio?: string | undefined
  readonly imageUrl?: string | undefined
}

export interface Item {
  readonly id: string
  readonly type: 'message' | 'function_call' | 'function_call_output'
  readonly role: 'user' | 'assistant' | 'system' | null
  status: 'completed' | 'incomplete' | 'in_progress'
  content: Part[]
  /** Function calls and their outputs. */
  readonly call: { readonly id: string; readonly name: string; arguments: string; readonly output: string } | null
  tokens: Tokens
  /** Length of the audio that this server spoke; null where it spoke none, and then nothing can be truncated. */
  spokenMs: number | null
  /** Rises when the item changes: what was cached of it is then stale. */
  version: number
  /** Cut from the model's context, though still in the conversation. */
  dropped: boolean
}

export function newItem(fields: Partial<Item> & Pick<Item, 'type'>): Item {
  return {
    id: freshId('item'),
    role: null,
    status: 'completed',
    content: [],
    call: null,
    tokens: NO_TOKENS,
    spokenMs: null,
    version: 0,
    dropped: false,
    ...fields,
  }
}

function partTokens(part: Part, coding: Coding): Tokens {
  if (part.imageUrl !== undefined) return { text: 0, audio: 0, image: IMAGE_TOKENS }
  if (part.type === 'input_audio') {
    const ms = audioMs(coding, Buffer.byteLength(part.audio ?? '', 'base64'))
    return { text: 0, audio: userAudioTokens(ms), image: 0 }
  }
  return { text: textTokens(part.text ?? ''), audio: 0, image: 0 }
}

export function callTokens(name: string, text: string): Tokens {
  return { text: textTokens(name + text), audio: 0, image: 0 }
}

export function itemFrom(data: unknown, coding: Coding, root = 'item'): Parsed<Item> {
  const result = parsed(written, data ?? {}, root)
  if ('trouble' in result) return result
  const given = result.ok
  const known = given.id === undefined ? {} : { id: given.id }
  if (given.type === 'message') {
    const content = given.content.map((part): Part => {
      if (part.type !== 'input_image') return part
      return { type: part.type, imageUrl: part.image_url }
    })
    const tokens = content.map((part) => partTokens(part, coding)).reduce(addTokens, NO_TOKENS)
    return { ok: newItem({ ...known, type: 'message', role: given.role, content, tokens }) }
  }
  if (given.type === 'function_call') {
    const call = { id: given.call_id ?? freshId('call'), name: given.name, arguments: given.arguments, output: '' }
    return { ok: newItem({ ...known, type: given.type, call, tokens: callTokens(call.name, call.arguments) }) }
  }
  const call = { id: given.call_id, name: '', arguments: '', output: given.output }
  return { ok: newItem({ ...known, type: given.type, call, tokens: callTokens('', call.output) }) }
}

/** What a spoken reply weighs: its audio, and the transcript as text. */
export function spokenTokens(ms: number, transcript: string): Tokens {
  return { text: textTokens(transcript), audio: assistantAudioTokens(ms), image: 0 }
}

function shownPart(part: Part, withAudio: boolean): Record<string, unknown> {
  if (part.imageUrl !== undefined) return { type: part.type, image_url: part.imageUrl }
  if (part.text !== undefined) return { type: part.type, text: part.text }
  const transcript = part.transcript ?? null
  return withAudio && part.audio !== undefined
    ? { type: part.type, transcript, audio: part.audio }
    : { type: part.type, transcript }
}

/** Events show an item without its audio; conversation.item.retrieved is the one that has it. */
export function shownItem(item: Item, withAudio = false): Record<string, unknown> {
  const head = { id: item.id, object: 'realtime.item', type: item.type, status: item.status }
  if (item.type === 'message') {
    return { ...head, role: item.role, content: item.content.map((part) => shownPart(part, withAudio)) }
  }
  if (item.type === 'function_call') {
    return { ...head, name: item.call?.name, call_id: item.call?.id, arguments: item.call?.arguments }
  }
  return { ...head, call_id: item.call?.id, output: item.call?.output }
}
