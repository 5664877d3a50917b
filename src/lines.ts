// The lines that the broker says itself: which there are, and what one is for a caller. Knows no sound and no caller. Rule H4.
import shipped from './lines.json' with { type: 'json' }
import type { Hearing } from './realtime/session-format.ts'
import type { Format } from './sound.ts'

/** `joined` when the wait begins and again in its course, `next` at place 1, `sorry` when patience is over, `full`, `closed` to one that may not come in, `goodbye` when a call is wrapped up. */
export const lineNames = ['joined', 'next', 'sorry', 'full', 'closed', 'goodbye'] as const
export type Line = (typeof lineNames)[number]

/** A line that we ship. Files are below `/hold/`: raw samples as they go on the wire. Made by tools/hold.ts. */
export interface ShippedLine {
  text: string
  ms: number
  files: Readonly<Record<Format, string>>
}

export const shippedLines: Readonly<Record<string, Readonly<Record<Line, ShippedLine>>>> = shipped
const plainLanguage = 'en'

/** A tenant's own line, in one language. `audio`: its upload, or null. */
export interface OwnLine {
  text: string
  audio: string | null
}
export type OwnLines = Partial<Record<Line, Readonly<Record<string, OwnLine>>>>

export type SoundSource = { is: 'shipped'; path: string } | { is: 'uploaded'; audio: string }

/** What is said, and where its sound is; no sound for a caller that takes text. */
export interface Wording {
  text: string
  sound: SoundSource | null
}

/**
 * The tenant's line where it has one; else ours, in its language or in English. A line of the tenant without sound is for text alone:
 * what is heard and what stands in the transcript must be the same.
 */
export function wording(line: Line, language: string, own: OwnLines, hearing: Hearing): Wording {
  const theirs = inLanguage(own[line] ?? {}, language)
  if (theirs !== undefined && hearing.as === 'text') return { text: theirs.text, sound: null }
  if (theirs !== undefined && theirs.audio !== null) {
    return { text: theirs.text, sound: { is: 'uploaded', audio: theirs.audio } }
  }
  return shippedWording(line, language, hearing)
}

/** Our own line: also in the place of a tenant's whose sound cannot be had. */
export function shippedWording(line: Line, language: string, hearing: Hearing): Wording {
  const { text, files } =
    inLanguage(shippedLines, language)?.[line] ?? (shippedLines[plainLanguage] as Record<Line, ShippedLine>)[line]
  if (hearing.as === 'text') return { text, sound: null }
  return { text, sound: { is: 'shipped', path: `/hold/${files[hearing.format]}` } }
}

/** `de-AT` is answered with `de` where there is no better. */
function inLanguage<T>(byLanguage: Readonly<Record<string, T>>, language: string): T | undefined {
  const [primary = ''] = language.split('-')
  const found = [language, primary].find((name) => Object.hasOwn(byLanguage, name))
  return found === undefined ? undefined : byLanguage[found]
}
