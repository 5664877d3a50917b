// The records of one tenant's calls, whatever their home: opened when a call has a line or a place, closed once. Knows no rule but that.
import type { CallRecord } from './ports.ts'

/** A call as it is kept. Times in ms since 1970; `admitted` is null while it waits, `ended` and `record` until it ends. */
export interface KeptCall {
  id: string
  key: string
  agent: string | null
  model: string
  pool: string
  began: number
  admitted: number | null
  ended: number | null
  record: CallRecord | null
}

export type NewCall = Omit<KeptCall, 'ended' | 'record'>

/** What the steps of a desk need of them. */
export interface Records {
  /** Opening again what is open or closed does nothing. */
  open(call: NewCall): void
  /** Its turn has come; the call as it was, or undefined when it does not wait (any more). */
  admit(id: string, at: number): KeptCall | undefined
  get(id: string): KeptCall | undefined
  /** Closes an open call; false when it was closed before, or never opened: a call has one record. */
  close(id: string, ended: number, record: CallRecord): boolean
  /** Calls that have entered and wait, or say goodbye; by pool. */
  waiting(): Record<string, number>
  isOpen(id: string): boolean
  isClosed(id: string): boolean
  openCalls(): KeptCall[]
  /** Their ids alone, in order. */
  openIds(): string[]
  /** Deletes those that ended by then. */
  forget(endedBy: number): void
}
