// The text of our Redis Functions: what is compiled from src/ (rules.lua), and the hand-written homes and steps around it. Knows no Redis.
import { readFileSync } from 'node:fs'

/** The source of the library, for `makeLibrary`. */
export function source(): string {
  const body = ['rules', 'roster', 'homes', 'steps'].map(text).join('\n')
  return `local function begin()\n${body}\nend\n${text('library')}`
}

function text(part: string): string {
  return readFileSync(new URL(`lua/${part}.lua`, import.meta.url), 'utf8')
}
