// The voice of the practice upstream: a few recorded sentences (sim/voice, made by make.sh) in every coding.
// It can only say these; any other text is given their sound, at the length that speaking it would take.

import { readFileSync } from 'node:fs'
import { BYTES_PER_MS, type Coding, recoded } from './audio.ts'

export interface Sentence {
  readonly text: string
  readonly muLaw: Buffer
}

const here = new URL('./voice/', import.meta.url)

export const SENTENCES: readonly Sentence[] = readFileSync(new URL('lines.txt', here), 'utf8')
  .trim()
  .split('\n')
  .map((line) => {
    const [name = '', text = ''] = line.split('|')
    return { text, muLaw: readFileSync(new URL(`${name}.ulaw`, here)) }
  })

const recordings = new Map<string, Buffer>()

/** One recorded sentence; the index runs round. Handy as the speech of a test caller, too. */
export function recording(index: number, coding: Coding): Buffer {
  const at = index % SENTENCES.length
  const key = `${at} ${coding}`
  const known = recordings.get(key)
  if (known !== undefined) return known
  const made = recoded(SENTENCES[at]?.muLaw ?? Buffer.alloc(0), coding)
  recordings.set(key, made)
  return made
}

// English speech runs at about 15 characters a second.
const MS_PER_CHARACTER = 1000 / 15

/** Spoken texts that are kept: under load all sessions say the same few. */
const KEPT_TEXTS = 64
const spoken = new Map<string, Buffer>()

/** Speech for a text: the true recordings where the text is made of our sentences, their sound elsewhere. */
export function speech(text: string, coding: Coding): Buffer {
  const key = `${coding} ${text}`
  const known = spoken.get(key)
  if (known !== undefined) return known
  const made = assembled(text, coding)
  const [oldest] = spoken.keys()
  if (spoken.size >= KEPT_TEXTS && oldest !== undefined) spoken.delete(oldest)
  spoken.set(key, made)
  return made
}

function assembled(text: string, coding: Coding): Buffer {
  const parts: Buffer[] = []
  let rest = text.trim()
  while (rest !== '') {
    const index = SENTENCES.findIndex((sentence) => rest.startsWith(sentence.text))
    if (index === -1) break
    parts.push(recording(index, coding))
    rest = rest.slice(SENTENCES[index]?.text.length).trim()
  }
  let missing = Math.round(rest.length * MS_PER_CHARACTER) * BYTES_PER_MS[coding]
  for (let index = 0; missing > 0; index++) {
    const part = recording(index, coding).subarray(0, missing)
    parts.push(part)
    missing -= part.length
  }
  return Buffer.concat(parts)
}
