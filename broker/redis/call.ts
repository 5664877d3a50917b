// One step in Redis: a function, the key whose hash tag it works on, a step's name and what it is asked with. Knows no step.

/** As `makeFcall` gives it: one function with one key; binary words stay as they are. */
export type Fcall = (name: string, key: string, ...args: readonly (string | Buffer)[]) => Promise<unknown>

/** Whose hand writes: a node, and which of its lives. A step of an older life is refused (G9). */
export interface Writer {
  node: string
  /** Above those of its lives before. */
  epoch: number
}

/** Answers cross as JSON text; nothing is undefined. Where a message waits for a webhook, in a pair with how long (ms). */
export function answered(reply: unknown): unknown {
  const text: unknown = Array.isArray(reply) ? reply[0] : reply
  return typeof text === 'string' ? JSON.parse(text) : undefined
}

/** After how long the message is due that the step has put, or found. */
export function waitOf(reply: unknown): number | undefined {
  return Array.isArray(reply) ? Number(reply[1]) : undefined
}

/** Lua has one table for lists and records: an empty list comes as `{}`. */
export function listed<T>(list: readonly T[] | Record<string, never>): T[] {
  return Array.isArray(list) ? (list as T[]) : []
}
