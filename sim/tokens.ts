// Token arithmetic: what text and audio weigh, and a response's usage from its input and its output. Knows no session.

export interface Tokens {
  readonly text: number
  readonly audio: number
  readonly image: number
}

/** A stretch of a response's input. Two responses share a cached prefix as far as their segments have equal keys. */
export interface Segment {
  readonly key: string
  readonly tokens: Tokens
}

export interface ModalityTokens {
  text_tokens: number
  audio_tokens: number
  image_tokens: number
}

export interface Usage {
  total_tokens: number
  input_tokens: number
  output_tokens: number
  input_token_details: ModalityTokens & { cached_tokens: number; cached_tokens_details: ModalityTokens }
  output_token_details: { text_tokens: number; audio_tokens: number }
}

/** User audio weighs 1 token per 100 ms, assistant audio 1 per 50 ms (OpenAI's realtime-costs guide). */
const USER_MS_PER_TOKEN = 100
const ASSISTANT_MS_PER_TOKEN = 50
const CHARACTERS_PER_TOKEN = 4

/** No published figure: a flat weight for any image. */
export const IMAGE_TOKENS = 170

export const NO_TOKENS: Tokens = { text: 0, audio: 0, image: 0 }

export function textTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN)
}

export function userAudioTokens(ms: number): number {
  return Math.ceil(ms / USER_MS_PER_TOKEN)
}

export function assistantAudioTokens(ms: number): number {
  return Math.ceil(ms / ASSISTANT_MS_PER_TOKEN)
}

export function totalOf(tokens: Tokens): number {
  return tokens.text + tokens.audio + tokens.image
}

export function sumOf(segments: readonly Segment[]): Tokens {
  let text = 0
  let audio = 0
  let image = 0
  for (const { tokens } of segments) {
    text += tokens.text
    audio += tokens.audio
    image += tokens.image
  }
  return { text, audio, image }
}

export function sharedPrefix(now: readonly Segment[], former: readonly Segment[]): Segment[] {
  const end = now.findIndex((segment, at) => segment.key !== former[at]?.key)
  return now.slice(0, end === -1 ? now.length : end)
}

function modalities(tokens: Tokens): ModalityTokens {
  return { text_tokens: tokens.text, audio_tokens: tokens.audio, image_tokens: tokens.image }
}

export function usageOf(input: readonly Segment[], cached: readonly Segment[], output: Tokens): Usage {
  const read = sumOf(input)
  const known = sumOf(cached)
  return {
    total_tokens: totalOf(read) + totalOf(output),
    input_tokens: totalOf(read),
    output_tokens: totalOf(output),
    input_token_details: {
      ...modalities(read),
      cached_tokens: totalOf(known),
      cached_tokens_details: modalities(known),
    },
    output_token_details: { text_tokens: output.text, audio_tokens: output.audio },
  }
}

export function addTokens(a: Tokens, b: Tokens): Tokens {
  return { text: a.text + b.text, audio: a.audio + b.audio, image: a.image + b.image }
}
