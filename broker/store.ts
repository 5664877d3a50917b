// What the Node host keeps things in: an embedded folder or Redis, behind one face. Knows neither.
import type { Homes } from '../src/http/house.ts'
import type { Desks } from '../src/ports.ts'
import type { Refusal } from '../src/refusal.ts'

export interface Store {
  desks: Desks
  homes: Homes
  /** What is not ready now, as sentences. */
  problems(): string[]
  close(): Promise<void>
}

/** The calls of this process, as the store speaks to them. One that is not here is somebody else's, or over. */
export interface Words {
  /** Its turn has come. */
  seated(call: string): void
  /** It must come to its end. */
  wrapUp(call: string, refusal: Refusal): void
}

/** `of`: what went wrong, in a word. */
export type Fault = (
  of: 'call' | 'desk' | 'pool' | 'request',
  error: unknown,
  about: Readonly<Record<string, string>>,
) => void
