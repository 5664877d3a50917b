// An event of the realtime wire as the page meets it: a type, and fields that nobody has vouched for.

export interface WireEvent {
  readonly type: string
  readonly [field: string]: unknown
}

/** The event in a text frame, or undefined when the frame is not one. */
export function parseEvent(frame: unknown): WireEvent | undefined {
  if (typeof frame !== 'string') return undefined
  try {
    const value: unknown = JSON.parse(frame)
    return isEvent(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Walks down a path of keys; whatever is missing on the way gives undefined. */
export function pick(value: unknown, ...path: string[]): unknown {
  let here = value
  for (const key of path) {
    if (!isObject(here)) return undefined
    here = here[key]
  }
  return here
}

export function pickText(value: unknown, ...path: string[]): string | undefined {
  const found = pick(value, ...path)
  return typeof found === 'string' ? found : undefined
}

export function pickNumber(value: unknown, ...path: string[]): number | undefined {
  const found = pick(value, ...path)
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined
}

export function pickFlag(value: unknown, ...path: string[]): boolean {
  return pick(value, ...path) === true
}

export function pickList(value: unknown, ...path: string[]): readonly unknown[] {
  const found = pick(value, ...path)
  return Array.isArray(found) ? found : []
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isEvent(value: unknown): value is WireEvent {
  return isObject(value) && typeof value['type'] === 'string'
}
