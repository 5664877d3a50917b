// What a ledger must come to, from what the provider says that it reported. Knows no ledger.
import type { UsageReport } from '../../sim/stage.ts'

export type Books = Record<string, number>

/** Cached tokens are part of input; a transcription's output is text, or it is billed by the second. */
export function booksOf(reports: readonly UsageReport[]): Books {
  const books: Books = {
    replies: 0,
    transcribed_ms: 0,
    input_text: 0,
    input_audio: 0,
    input_image: 0,
    input_unknown: 0,
    cached_text: 0,
    cached_audio: 0,
    cached_image: 0,
    output_text: 0,
    output_audio: 0,
    output_image: 0,
    output_unknown: 0,
    tts_characters: 0,
    unpriced: 0,
    unreported: 0,
    partial: 0,
    odd: 0,
  }
  const add = (account: string, amount: number): void => void (books[account] = (books[account] ?? 0) + amount)
  for (const report of reports) {
    if (report.kind === 'transcription') {
      if (report.usage.type === 'duration') add('transcribed_ms', Math.round(report.usage.seconds * 1000))
      else {
        add('input_text', report.usage.input_token_details.text_tokens)
        add('input_audio', report.usage.input_token_details.audio_tokens)
        add('output_text', report.usage.output_tokens)
      }
      continue
    }
    const { input_token_details: input, output_token_details: output } = report.usage
    add('replies', 1)
    for (const modality of ['text', 'audio', 'image'] as const) {
      add(`input_${modality}`, input[`${modality}_tokens`])
      add(`cached_${modality}`, input.cached_tokens_details[`${modality}_tokens`])
    }
    add('output_text', output.text_tokens)
    add('output_audio', output.audio_tokens)
  }
  return books
}

/** With what they come to in all: cached tokens are part of input. */
export function summed(books: Books): Books {
  const sum = (way: 'input' | 'output'): number =>
    (['text', 'audio', 'image', 'unknown'] as const).reduce((total, part) => total + (books[`${way}_${part}`] ?? 0), 0)
  const [input, output] = [sum('input'), sum('output')]
  return { ...books, input, output, tokens: input + output }
}
