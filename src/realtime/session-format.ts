// What a caller's own `session.update`s make of its session: merged into one, and how it wants to hear. Knows no socket. Rules C2, H1.
import { formats, type Format } from '../sound.ts'

export type Json = Readonly<Record<string, unknown>>

/** How a caller takes an answer. */
export type Hearing = { as: 'audio'; format: Format } | { as: 'text' }

/**
 * One session for two updates, the later one above. The parts with members of their own are `audio` and its two sides; all else, such
 * as `turn_detection` or `tools`, is replaced as a whole, as the provider does: half of one kind and half of another would be refused.
 */
export function mergedSession(below: Json, above: Json): Json {
  const whole = { ...below, ...above }
  if (!isJson(below['audio']) || !isJson(above['audio'])) return whole
  return { ...whole, audio: mergedAudio(below['audio'], above['audio']) }
}

/** How a session is heard, with what its tenant pinned on top (C4). Text only when it asks for no audio; PCM until it says otherwise. */
export function hearing(session: Json | undefined, pinned: Json | null, unsaid: Format = 'audio/pcm'): Hearing {
  const held = mergedSession(session ?? {}, pinned ?? {})
  const modalities = held['output_modalities']
  if (Array.isArray(modalities) && modalities.includes('text') && !modalities.includes('audio')) return { as: 'text' }
  const type = member(member(member(held, 'audio'), 'output'), 'format')?.['type']
  return { as: 'audio', format: formats.find((format) => format === type) ?? unsaid }
}

function mergedAudio(below: Json, above: Json): Json {
  const whole: Record<string, unknown> = { ...below, ...above }
  for (const side of ['input', 'output']) {
    const [under, over] = [below[side], above[side]]
    if (isJson(under) && isJson(over)) whole[side] = { ...under, ...over }
  }
  return whole
}

function member(value: Json | undefined, name: string): Json | undefined {
  const found = value?.[name]
  return isJson(found) ? found : undefined
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
