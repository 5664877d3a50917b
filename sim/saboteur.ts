// Does to one connection what its fault says, when it is due. Knows the wire, not the session.

import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Clock } from './clock.ts'
import type { Fault, FaultKind } from './faults.ts'
import { freshId } from './ids.ts'
import { Tap } from './tap.ts'

export class Saboteur {
  readonly #ws: WebSocket
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #close: WebSocket['close']
  #tap: Tap | undefined
  #fault: Fault | undefined
  #struck = false
  #events = 0
  #bytes = 0
  #cancel: (() => void) | undefined

  constructor(ws: WebSocket, socket: Socket, clock: Clock) {
    this.#ws = ws
    this.#socket = socket
    this.#clock = clock
    this.#close = ws.close.bind(ws)
  }

  /** Whether the fault has ended the connection. */
  get tore(): boolean {
    return this.active('drop') !== undefined || this.active('close') !== undefined || this.#tap?.cut === true
  }

  /** The armed fault, if it is of this kind and has struck. */
  active<K extends FaultKind>(kind: K): Extract<Fault, { kind: K }> | undefined {
    const fault = this.#fault
    return this.#struck && fault?.kind === kind ? (fault as Extract<Fault, { kind: K }>) : undefined
  }

  arm(fault: Fault): void {
    this.disarm()
    this.#fault = fault
    this.#events = 0
    this.#bytes = 0
    if (fault.kind === 'drop' && fault.bytes !== undefined) {
      this.#hand().cutAfter(fault.bytes)
      return
    }
    if (fault.ms !== undefined) this.#cancel = this.#clock.after(fault.ms, () => this.#strike())
    else if (fault.events === undefined && fault.bytes === undefined) this.#strike()
  }

  disarm(): void {
    this.#cancel?.()
    this.#fault = undefined
    this.#struck = false
    this.#ws.close = this.#close
    this.#tap?.open()
    if (this.#ws.isPaused) this.#ws.resume()
  }

  /** The connection is gone. */
  retire(): void {
    this.#cancel?.()
  }

  /** Before each event: what a fault puts in front of it. */
  before(): void {
    if (this.active('unknown-events') !== undefined)
      this.#inject({ type: 'sim.novelty', event_id: freshId('event'), news: ['?'] })
  }

  /** After each event that went out. */
  sent(bytes: number): void {
    const fault = this.#fault
    if (fault === undefined || this.#struck) return
    this.#events += 1
    this.#bytes += bytes
    const due =
      (fault.events !== undefined && this.#events >= fault.events) ||
      (fault.bytes !== undefined && this.#bytes >= fault.bytes)
    if (due && fault.ms === undefined) this.#strike()
  }

  #hand(): Tap {
    this.#tap ??= new Tap(this.#socket, this.#clock)
    return this.#tap
  }

  #inject(event: unknown): void {
    this.#ws.send(JSON.stringify(event))
  }

  #strike(): void {
    const fault = this.#fault
    if (fault === undefined) return
    this.#struck = true
    switch (fault.kind) {
      case 'drop':
        this.#ws.terminate()
        break
      case 'freeze':
        this.#hand().hold()
        this.#ws.pause()
        break
      case 'slow':
        this.#hand().drip(fault.bytesPerSecond)
        break
      case 'close':
        this.#close(fault.code, fault.reason)
        break
      case 'ignore-close':
        // ws answers a close frame by calling close().
        this.#ws.close = () => undefined
        break
      case 'huge':
        this.#inject({ type: 'sim.huge', event_id: freshId('event'), padding: 'x'.repeat(fault.size) })
        break
      case 'binary':
        this.#ws.send(Buffer.from([0, 1, 2, 3, 255]), { binary: true })
        break
      case 'malformed':
        this.#ws.send('{"type":"response.output_audio.delta","delta":"AAAA')
        break
      default:
        // The others are asked for by the session, or have done their work at the door.
        break
    }
  }
}
