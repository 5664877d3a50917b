// The realtime models of 2026-11, by the vendor's model pages: context windows, and which names are no longer served.

export interface Model {
  readonly contextTokens: number
  readonly outputTokens: number
}

const LARGE: Model = { contextTokens: 128_000, outputTokens: 32_000 }
const SMALL: Model = { contextTokens: 32_000, outputTokens: 4_096 }

const MODELS: Readonly<Record<string, Model>> = {
  'gpt-realtime-2.1': LARGE,
  'gpt-realtime-2.1-mini': LARGE,
  'gpt-realtime-2': LARGE,
  'gpt-realtime-1.5': SMALL,
  'gpt-realtime': SMALL,
  'gpt-realtime-2025-08-28': SMALL,
  'gpt-realtime-mini': SMALL,
  'gpt-realtime-mini-2025-10-06': SMALL,
  'gpt-realtime-mini-2025-12-15': SMALL,
}

const RETIRED = /^gpt-4o(-mini)?-realtime-preview/

export const DEFAULT_TRANSCRIPTION_MODEL = 'gpt-4o-mini-transcribe'

/** Models billed by the second of audio; all others report tokens. */
export const DURATION_MODELS: ReadonlySet<string> = new Set(['whisper-1', 'gpt-realtime-whisper'])

export function modelNamed(name: string, extra: readonly string[] = []): Model | 'retired' | 'unknown' {
  if (Object.hasOwn(MODELS, name)) return MODELS[name] ?? LARGE
  if (extra.includes(name)) return LARGE
  return RETIRED.test(name) ? 'retired' : 'unknown'
}

export function modelNames(): string[] {
  return Object.keys(MODELS)
}
