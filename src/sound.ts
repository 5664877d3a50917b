// Sound in the three formats of the wire, cut into deltas once for all callers that hear it. Knows no caller and no file.
import { base64 } from './base64.ts'
import { speechChunkMs } from './limits.ts'

/** PCM is 16 bit little-endian at 24 kHz; G.711 (mu-law, A-law) is 8 bit at 8 kHz; one channel. */
export const formats = ['audio/pcm', 'audio/pcmu', 'audio/pcma'] as const
export type Format = (typeof formats)[number]

export const bytesPerMs: Readonly<Record<Format, number>> = { 'audio/pcm': 48, 'audio/pcmu': 8, 'audio/pcma': 8 }

/** One sound in every format: bytes as they go on the wire, without a header. */
export type Sound = Readonly<Record<Format, Uint8Array>>

export interface Recording {
  format: Format
  ms: number
  /** Base64, `speechChunkMs` each but the last. Shared: a line is encoded once, however many callers hear it. */
  chunks: readonly string[]
}

export function recorded(format: Format, bytes: Uint8Array): Recording {
  const step = speechChunkMs * bytesPerMs[format]
  const whole = bytes.length - (bytes.length % (format === 'audio/pcm' ? 2 : 1))
  const chunks: string[] = []
  for (let at = 0; at < whole; at += step) chunks.push(base64(bytes.subarray(at, Math.min(at + step, whole))))
  return { format, ms: Math.ceil(whole / bytesPerMs[format]), chunks }
}

/** The format as a session names it. */
export function formatObject(format: Format): { type: Format; rate?: number } {
  return format === 'audio/pcm' ? { type: format, rate: 24_000 } : { type: format }
}
