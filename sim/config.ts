// A session's configuration: its defaults, what session.update may change, and how it is shown. Knows no conversation.

import type { Coding } from './audio.ts'
import {
  type AudioInput,
  type Format,
  type RealtimeUpdate,
  type Tool,
  type ToolChoice,
  type Transcription,
  type Truncation,
  type TurnDetection,
  turnDetection,
  update,
} from './config-schema.ts'
import { parsed, type Parsed } from './parse.ts'
import { textTokens } from './tokens.ts'
import { trouble } from './trouble.ts'

export interface Config {
  readonly kind: 'realtime' | 'transcription'
  readonly model: string
  readonly instructions: string
  readonly tools: readonly Tool[]
  readonly toolChoice: ToolChoice
  readonly modality: 'text' | 'audio'
  readonly maxOutputTokens: number | 'inf'
  readonly truncation: Truncation
  readonly input: {
    readonly format: Format
    readonly transcription: Transcription | null
    readonly noiseReduction: unknown
    readonly turnDetection: TurnDetection | null
  }
  readonly output: { readonly format: Format; readonly voice: unknown; readonly speed: number }
  /** Fields that change nothing here and are only shown back. */
  readonly shown: Readonly<Record<string, unknown>>
}

const PCM: Format = { type: 'audio/pcm', rate: 24_000 }
/** Instructions and tools beyond this are refused as a whole (seen 2026). */
const PROMPT_TOKENS = 16_384

export function defaultConfig(kind: Config['kind'], model: string): Config {
  return {
    kind,
    model,
    instructions:
      'You are a helpful, friendly voice assistant. Speak clearly and briefly, answer in the language of the caller, and call a function whenever one fits.',
    tools: [],
    toolChoice: 'auto',
    modality: 'audio',
    maxOutputTokens: 'inf',
    truncation: 'auto',
    input: {
      format: PCM,
      transcription: null,
      noiseReduction: null,
      turnDetection: turnDetection.parse({ type: 'server_vad' }),
    },
    output: { format: PCM, voice: 'marin', speed: 1 },
    shown: { tracing: null, prompt: null, include: null },
  }
}

export function promptTokens(instructions: string, list: readonly Tool[]): { instructions: number; tools: number } {
  return { instructions: textTokens(instructions), tools: list.length === 0 ? 0 : textTokens(JSON.stringify(list)) }
}

function inputOf(former: Config['input'], given: AudioInput | undefined): Config['input'] {
  return {
    format: given?.format ?? former.format,
    transcription: given?.transcription === undefined ? former.transcription : given.transcription,
    noiseReduction: given?.noise_reduction === undefined ? former.noiseReduction : given.noise_reduction,
    turnDetection: given?.turn_detection === undefined ? former.turnDetection : given.turn_detection,
  }
}

function merged(former: Config, given: RealtimeUpdate): Config {
  const shown: Record<string, unknown> = { ...former.shown }
  for (const name of ['tracing', 'prompt', 'include', 'reasoning', 'parallel_tool_calls'] as const) {
    if (given[name] !== undefined) shown[name] = given[name]
  }
  return {
    kind: former.kind,
    model: former.model,
    instructions: given.instructions ?? former.instructions,
    tools: given.tools ?? former.tools,
    toolChoice: given.tool_choice ?? former.toolChoice,
    modality: given.output_modalities?.[0] ?? former.modality,
    maxOutputTokens: given.max_output_tokens ?? former.maxOutputTokens,
    truncation: given.truncation ?? former.truncation,
    input: inputOf(former.input, given.audio?.input),
    output: {
      format: given.audio?.output?.format ?? former.output.format,
      voice: given.audio?.output?.voice ?? former.output.voice,
      speed: given.audio?.output?.speed ?? former.output.speed,
    },
    shown,
  }
}

/** The configuration after a session.update, or why it is refused: then nothing of it counts. */
export function updated(former: Config, session: unknown, spoken: boolean): Parsed<Config> {
  const result = parsed(update, session ?? {}, 'session')
  if ('trouble' in result) return result
  const given = result.ok
  if (given.type !== former.kind) {
    return {
      trouble: trouble.value(`Invalid value: '${given.type}'. Supported values are: '${former.kind}'.`, 'session.type'),
    }
  }
  if (given.type === 'transcription') return { ok: { ...former, input: inputOf(former.input, given.audio?.input) } }
  if (given.model !== undefined && given.model !== former.model) return { trouble: trouble.modelFixed() }
  const next = merged(former, given)
  if (spoken && JSON.stringify(next.output.voice) !== JSON.stringify(former.output.voice)) {
    return { trouble: trouble.voiceFixed() }
  }
  const prompt = promptTokens(next.instructions, next.tools)
  if (prompt.instructions + prompt.tools > PROMPT_TOKENS) {
    return { trouble: trouble.promptTooLong(prompt.instructions + prompt.tools) }
  }
  return { ok: next }
}

export function codingOf(format: Format): Coding {
  return format.type
}

export function shownVoice(given: unknown): unknown {
  return typeof given === 'object' && given !== null && 'id' in given ? given.id : given
}

export function shownConfig(config: Config, id: string, expiresAt: number): Record<string, unknown> {
  const input = {
    format: config.input.format,
    transcription: config.input.transcription,
    noise_reduction: config.input.noiseReduction,
    turn_detection: config.input.turnDetection,
  }
  if (config.kind === 'transcription') {
    const object = 'realtime.transcription_session'
    return { type: config.kind, object, id, expires_at: expiresAt, audio: { input }, include: null }
  }
  return {
    type: config.kind,
    object: 'realtime.session',
    id,
    model: config.model,
    output_modalities: [config.modality],
    instructions: config.instructions,
    tools: config.tools,
    tool_choice: config.toolChoice,
    max_output_tokens: config.maxOutputTokens,
    truncation: config.truncation,
    expires_at: expiresAt,
    audio: {
      input,
      output: { format: config.output.format, voice: shownVoice(config.output.voice), speed: config.output.speed },
    },
    ...config.shown,
  }
}
