// What every verb has in common: data on stdout, talk on stderr, four exit codes. Knows no verb.
import { styleText } from 'node:util'

export const exitCodes = { done: 0, failed: 1, usage: 2, notMet: 3 } as const

export type Style = 'bold' | 'dim' | 'red' | 'yellow'

export interface Terminal {
  /** What was asked for. */
  data: (text: string) => void
  talk: (text: string) => void
  exit: (code: number) => void
  /** NO_COLOR, and a stdout that is no terminal, get plain text. */
  paint: (style: Style, text: string) => string
}

export const terminal: Terminal = {
  data: (text) => void process.stdout.write(`${text}\n`),
  talk: (text) => void process.stderr.write(`${text}\n`),
  exit: (code) => void (process.exitCode = code),
  paint: (style, text) => styleText(style, text, { stream: process.stdout }),
}
