// The transcript of a caller's audio turn, with its own usage. It cannot hear words: the text is given.

import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import { obfuscation } from './ids.ts'
import { DEFAULT_TRANSCRIPTION_MODEL, DURATION_MODELS } from './models.ts'
import type { ServerEvent } from './response.ts'
import { textTokens, userAudioTokens } from './tokens.ts'

export interface Transcribed {
  readonly itemId: string
  readonly text: string
  readonly audioMs: number
  readonly delayMs: number
  /** A fault: the audio cannot be made out. */
  readonly fails: boolean
}

export type TranscriptionUsage =
  | { type: 'duration'; seconds: number }
  | {
      type: 'tokens'
      total_tokens: number
      input_tokens: number
      input_token_details: { text_tokens: number; audio_tokens: number }
      output_tokens: number
    }

export function transcriptionUsage(model: string, audioMs: number, text: string): TranscriptionUsage {
  if (DURATION_MODELS.has(model)) return { type: 'duration', seconds: audioMs / 1000 }
  const input = userAudioTokens(audioMs)
  const output = textTokens(text)
  return {
    type: 'tokens',
    total_tokens: input + output,
    input_tokens: input,
    input_token_details: { text_tokens: 0, audio_tokens: input },
    output_tokens: output,
  }
}

const PREFIX = 'conversation.item.input_audio_transcription'

/** Sends the transcript after a while; the function returned gives it up. */
export function transcribe(
  turn: Transcribed,
  config: NonNullable<Config['input']['transcription']>,
  clock: Clock,
  send: (event: ServerEvent) => void,
  report: (usage: TranscriptionUsage) => void,
): () => void {
  const model = config.model ?? DEFAULT_TRANSCRIPTION_MODEL
  return clock.after(turn.delayMs, () => {
    const where = { item_id: turn.itemId, content_index: 0 }
    if (turn.fails) {
      const error = {
        type: 'transcription_error',
        code: 'audio_unintelligible',
        message: 'The audio could not be transcribed.',
        param: null,
      }
      send({ type: `${PREFIX}.failed`, ...where, error })
      return
    }
    if (model !== 'whisper-1') {
      for (const delta of turn.text.match(/\s*\S+/g) ?? [])
        send({ type: `${PREFIX}.delta`, ...where, delta, obfuscation: obfuscation(delta) })
    }
    const usage = transcriptionUsage(model, turn.audioMs, turn.text)
    send({ type: `${PREFIX}.completed`, ...where, transcript: turn.text, usage })
    report(usage)
  })
}
