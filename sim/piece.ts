// Cuts a reply into what is sent at one time: sound with the words that go with it, or a bit of text. Sends nothing.

import { BYTES_PER_MS, type Coding } from './audio.ts'
import type { Reply } from './reply.ts'
import { speech } from './voice.ts'

/** Characters of text or arguments in one delta, and the pause between two at pace 1. */
const TEXT_PIECE = 16
const TEXT_PIECE_MS = 25

export interface Piece {
  readonly ms: number
  readonly text: string
  readonly audio: Buffer | null
}

interface Whole {
  readonly reply: Reply
  readonly modality: 'audio' | 'text'
  readonly coding: Coding
}

function textPieces(text: string): Piece[] {
  const count = Math.ceil(text.length / TEXT_PIECE)
  return Array.from({ length: count }, (_, at) => ({
    ms: TEXT_PIECE_MS,
    text: text.slice(at * TEXT_PIECE, (at + 1) * TEXT_PIECE),
    audio: null,
  }))
}

/** The transcript keeps step with the sound, in whole characters. */
function spokenPieces(text: string, coding: Coding, deltaMs: number): Piece[] {
  const audio = speech(text, coding)
  const bytes = deltaMs * BYTES_PER_MS[coding]
  const count = Math.max(1, Math.ceil(audio.length / bytes))
  const word = (at: number): number => Math.round((at * text.length) / count)
  return Array.from({ length: count }, (_, at) => {
    const part = audio.subarray(at * bytes, (at + 1) * bytes)
    return { ms: part.length / BYTES_PER_MS[coding], text: text.slice(word(at), word(at + 1)), audio: part }
  })
}

export function piecesOf({ reply, modality, coding }: Whole, deltaMs: number): Piece[] {
  if (reply.kind === 'call') return textPieces(reply.arguments)
  return modality === 'audio' ? spokenPieces(reply.text, coding, deltaMs) : textPieces(reply.text)
}
