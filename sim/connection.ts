// One WebSocket: frames to events and back, the record of both, the fault on the way. Knows nothing of what events mean.

import type { Socket } from 'node:net'
import type { RawData, WebSocket } from 'ws'
import type { Caller } from './caller.ts'
import { type Fault, faultFrom } from './faults.ts'
import { freshId } from './ids.ts'
import type { Settings } from './options.ts'
import type { Quota } from './quota.ts'
import { SessionRecord } from './record.ts'
import type { ServerEvent } from './response.ts'
import { Saboteur } from './saboteur.ts'
import { Session } from './session.ts'
import type { ClientEvent, UsageReport } from './stage.ts'
import { type Refusal, trouble } from './trouble.ts'

export interface ConnectionSetup {
  readonly ws: WebSocket
  readonly socket: Socket
  readonly caller: Caller
  readonly settings: Settings
  readonly quota: Quota
  readonly fault: Fault | undefined
  readonly report: (report: UsageReport) => void
  readonly stir: () => void
  readonly gone: (connection: Connection) => void
}

/** Where the type of an append stands, if a client writes it first. */
const TYPE_BYTES = 128

export class Connection {
  readonly record: SessionRecord
  /** Has a fault of its own, from the query: the process's fault passes it by. */
  ownFault = false
  readonly #ws: WebSocket
  readonly #settings: Settings
  readonly #session: Session
  readonly #saboteur: Saboteur
  readonly #echo: Buffer | undefined
  #closedBySim = false
  #cancelPing: (() => void) | undefined
  #cancelLate: (() => void) | undefined

  constructor(setup: ConnectionSetup) {
    const { ws, caller, settings } = setup
    this.#ws = ws
    this.#settings = settings
    this.#saboteur = new Saboteur(ws, setup.socket, settings.clock)
    this.#session = new Session({
      kind: caller.kind,
      modelName: caller.modelName,
      model: caller.model,
      settings,
      quota: setup.quota,
      ears: {
        send: (event) => this.#send(event),
        close: (code, reason) => this.close(code, reason),
        report: (report) =>
          setup.report({ sessionId: this.record.id, model: caller.modelName, atMs: settings.clock.now(), ...report }),
        fault: (kind) => this.#saboteur.active(kind),
      },
    })
    this.record = new SessionRecord(this.#session.id, caller, settings.clock.now(), setup.stir)
    this.record.setFault = (spec) => this.arm(spec === undefined ? undefined : faultFrom(spec))
    if (settings.echoBytes > 0) this.#echo = echoFrame(settings.echoBytes)
    ws.on('message', (data, binary) => this.#receive(data, binary))
    // Protocol errors of the peer; ws closes the socket itself.
    ws.on('error', () => undefined)
    ws.on('close', (code, reason) => {
      this.#cancelPing?.()
      this.#cancelLate?.()
      this.#saboteur.retire()
      this.#session.end()
      this.record.closed = {
        code,
        reason: reason.toString(),
        by: this.#closedBySim || this.#saboteur.tore ? 'sim' : 'client',
      }
      setup.gone(this)
      this.record.stir()
    })
    if (setup.fault !== undefined) this.arm(setup.fault)
  }

  open(): void {
    this.#ping()
    const late = this.#saboteur.active('late')
    if (this.#saboteur.active('mute') !== undefined) return
    if (late === undefined) this.#session.open()
  }

  /** An error event and the close that goes with it. */
  refuse(refusal: Refusal): void {
    const { close, ...what } = refusal
    this.#session.complain(what)
    this.close(close, `${what.type}.${what.code ?? ''}`)
  }

  close(code: number, reason: string): void {
    this.#closedBySim = true
    this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#closedBySim = true
    this.#saboteur.disarm()
    this.#ws.terminate()
  }

  arm(fault: Fault | undefined): void {
    if (fault === undefined) {
      this.#saboteur.disarm()
      return
    }
    if (fault.kind === 'late') {
      this.#cancelLate = this.#settings.clock.after(fault.ms ?? 3_000, () => this.#session.open())
      this.#saboteur.arm({ kind: 'late' })
      return
    }
    this.#saboteur.arm(fault)
  }

  #send(event: ServerEvent): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return
    this.#saboteur.before()
    const { type, ...fields } = event
    const text = JSON.stringify({ type, event_id: freshId('event'), ...fields })
    this.#ws.send(text)
    this.record.countSent(type)
    this.#saboteur.sent(text.length)
  }

  #receive(data: RawData, binary: boolean): void {
    const frame = Buffer.isBuffer(data) ? data : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)])
    const { record } = this
    record.frames += 1
    record.bytes += frame.length
    if (this.#settings.recordFrames) record.raw.push(frame)
    if (this.#echo !== undefined && frame.subarray(0, TYPE_BYTES).includes('input_audio_buffer.append')) {
      record.count('input_audio_buffer.append')
      this.#ws.send(this.#echo, { binary: false })
      return
    }
    const event = binary ? undefined : eventFrom(frame)
    const type = event?.['type']
    record.count(typeof type === 'string' ? type : '?')
    if (event !== undefined) this.#session.receive(event)
    else this.#session.complain(binary ? trouble.binary() : trouble.badJson())
  }

  #ping(): void {
    const { clock, pingMs } = this.#settings
    if (pingMs === 0) return
    this.#cancelPing = clock.after(pingMs, () => {
      if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping()
      this.#ping()
    })
  }
}

function eventFrom(frame: Buffer): ClientEvent | undefined {
  try {
    const data: unknown = JSON.parse(frame.toString('utf8'))
    return typeof data === 'object' && data !== null && !Array.isArray(data) ? { ...data } : undefined
  } catch {
    return undefined
  }
}

function echoFrame(characters: number): Buffer {
  const event = {
    type: 'response.output_audio.delta',
    event_id: freshId('event'),
    response_id: freshId('resp'),
    item_id: freshId('item'),
    output_index: 0,
    content_index: 0,
    delta: 'A'.repeat(characters),
  }
  return Buffer.from(JSON.stringify(event))
}
