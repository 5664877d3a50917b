// What the Node host keeps things in: an embedded folder or Redis, behind one face. Knows neither.
import type { Homes } from '../src/http/house.ts'
import type { Alert } from '../src/desk-budget.ts'
import type { Desks, Word } from '../src/ports.ts'

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
  told(call: string, word: Word): void
}

/** `of`: what went wrong, in a word. */
export type Fault = (
  of: 'call' | 'desk' | 'pool' | 'request' | 'node',
  error: unknown,
  about: Readonly<Record<string, string>>,
) => void

/** Something of a tenant that the operator is to know of. */
export type Tell = (tenant: string, alert: Alert) => void

/** What a person wants to know of, and what belongs to it; no secret (K4). */
export type Log = (msg: string, more: Readonly<Record<string, unknown>>) => void
