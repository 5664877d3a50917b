// Reads a caller's control event within bounds, before anything of it is believed. Knows no call. Rules R2, R3.
import { eventDepth, eventKeys } from '../limits.ts'
import type { Refusal } from '../refusal.ts'

export interface ControlEvent {
  type: string
  /** The caller's own id, so that an error can name the event that caused it: a string, if the caller keeps to the schema. */
  event_id?: unknown
  [key: string]: unknown
}

export type Reading = { is: 'event'; event: ControlEvent } | { is: 'bad'; refusal: Refusal }

export function readEvent(frame: string): Reading {
  const refusal = inspect(frame)
  if (refusal !== undefined) return { is: 'bad', refusal }
  let event: unknown
  try {
    event = JSON.parse(frame)
  } catch {
    return malformed('it is not valid JSON')
  }
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return malformed('it is not a JSON object')
  const type = (event as Record<string, unknown>)['type']
  if (typeof type !== 'string') return malformed('it has no "type"')
  return { is: 'event', event: event as ControlEvent }
}

function malformed(problem: string): Reading {
  return { is: 'bad', refusal: { why: 'event_malformed', details: { problem } } }
}

/**
 * Walks the text once: depth, number of keys, and no key twice in one object (one reader would take the first, another the last).
 * Text that is not JSON may pass: the parse that follows refuses it.
 */
function inspect(text: string): Refusal | undefined {
  const objects: (Set<string> | undefined)[] = [] // one entry a level: the keys of an object, or undefined for an array
  let keys = 0
  let expectsKey = false
  for (let i = 0; i < text.length; i++) {
    switch (text[i]) {
      case '"': {
        const end = stringEnd(text, i)
        if (end < 0) return undefined
        if (expectsKey) {
          const key = unescaped(text.slice(i + 1, end))
          const own = objects.at(-1)
          if (own?.has(key)) return { why: 'event_twofold', details: { key: key.slice(0, 64) } }
          own?.add(key)
          if (++keys > eventKeys) return tooDeep
          expectsKey = false
        }
        i = end
        break
      }
      case '{':
      case '[':
        expectsKey = text[i] === '{'
        if (objects.push(expectsKey ? new Set() : undefined) > eventDepth) return tooDeep
        break
      case '}':
      case ']':
        objects.pop()
        expectsKey = false
        break
      case ',':
        expectsKey = objects.at(-1) !== undefined
        break
      default:
    }
  }
  return undefined
}

const tooDeep: Refusal = { why: 'event_deep', details: { most: eventDepth, keys: eventKeys } }

/** The index of the quote that ends the string which starts at `start`. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end > 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text[end - 1 - slashes] === '\\') slashes++
    if (slashes % 2 === 0) return end
  }
  return -1
}

function unescaped(raw: string): string {
  if (!raw.includes('\\')) return raw
  try {
    return JSON.parse(`"${raw}"`) as string
  } catch {
    return raw
  }
}
