// What tests and the state page may know about one session: who came, what was received and sent, how it ended.

import type { IncomingHttpHeaders } from 'node:http'
import type { Caller } from './caller.ts'
import type { Fault } from './faults.ts'
import { Watch } from './watch.ts'

export interface Closed {
  readonly code: number
  readonly reason: string
  /** Who closed first; `sim` also where a fault tore the connection. */
  readonly by: 'client' | 'sim'
}

export interface SimSession {
  readonly id: string
  readonly model: string
  readonly key: string
  readonly keyFrom: 'header' | 'subprotocol'
  readonly organization: string
  readonly headers: IncomingHttpHeaders
  readonly query: Readonly<Record<string, string>>
  readonly openedAtMs: number
  /** Frames and bytes received, and received events by type; frames that are no event count as `?`. */
  readonly frames: number
  readonly bytes: number
  readonly received: Readonly<Record<string, number>>
  readonly sent: Readonly<Record<string, number>>
  /** Raw frames as received, if `recordFrames` is on. */
  readonly raw: readonly Buffer[]
  /** Undefined while the session lives. */
  readonly closed: Closed | undefined
  /** Resolves once so many events of a type were received, be it already. */
  until(type: string, count?: number, timeoutMs?: number): Promise<void>
  ended(timeoutMs?: number): Promise<Closed>
  /** Switches a fault on for this session alone, or off. */
  fault(spec: Fault | string | undefined): void
}

export class SessionRecord implements SimSession {
  readonly id: string
  readonly model: string
  readonly key: string
  readonly keyFrom: 'header' | 'subprotocol'
  readonly organization: string
  readonly headers: IncomingHttpHeaders
  readonly query: Readonly<Record<string, string>>
  readonly openedAtMs: number
  readonly received: Record<string, number> = {}
  readonly sent: Record<string, number> = {}
  readonly raw: Buffer[] = []
  frames = 0
  bytes = 0
  closed: Closed | undefined
  setFault: (spec: Fault | string | undefined) => void = () => undefined
  readonly #watch = new Watch()
  readonly #stirHouse: () => void

  constructor(id: string, caller: Caller, openedAtMs: number, stirHouse: () => void) {
    this.id = id
    this.model = caller.modelName
    this.key = caller.key
    this.keyFrom = caller.keyFrom
    this.organization = caller.organization
    this.headers = caller.headers
    this.query = Object.fromEntries(caller.query)
    this.openedAtMs = openedAtMs
    this.#stirHouse = stirHouse
  }

  count(type: string): void {
    this.received[type] = (this.received[type] ?? 0) + 1
    this.stir()
  }

  countSent(type: string): void {
    this.sent[type] = (this.sent[type] ?? 0) + 1
  }

  stir(): void {
    this.#watch.stir()
    this.#stirHouse()
  }

  until(type: string, count = 1, timeoutMs?: number): Promise<void> {
    return this.#watch.until(() => (this.received[type] ?? 0) >= count, timeoutMs)
  }

  async ended(timeoutMs?: number): Promise<Closed> {
    await this.#watch.until(() => this.closed !== undefined, timeoutMs)
    return this.closed ?? { code: 1006, reason: '', by: 'client' }
  }

  fault(spec: Fault | string | undefined): void {
    this.setFault(spec)
  }

  /** For the state page: everything but the key and the frames. */
  shown(): Record<string, unknown> {
    const { id, model, organization, query, openedAtMs, frames, bytes, received, sent, closed } = this
    return { id, model, organization, query, openedAtMs, frames, bytes, received, sent, closed: closed ?? null }
  }
}
