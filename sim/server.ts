// The practice upstream as a whole: listens, lets callers in, keeps what tests want to know. The API of the room.

import { EventEmitter } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Caller, callerOf } from './caller.ts'
import { Connection } from './connection.ts'
import { atDoor, BadFault, type Fault, faultFrom } from './faults.ts'
import { httpRefusal, urlOf } from './http-refusal.ts'
import { Pages } from './pages.ts'
import { type Settings, settingsFrom, type SimOptions } from './options.ts'
import { Quota } from './quota.ts'
import type { SessionRecord, SimSession } from './record.ts'
import type { UsageReport } from './stage.ts'
import { refusalNamed } from './trouble.ts'
import { Watch } from './watch.ts'

/** 15 MiB of audio in one append, and the JSON around it. */
const MOST_FRAME_BYTES = 16 * 1024 * 1024
/** Closed sessions kept for looking up. */
const KEPT_SESSIONS = 1_000

export interface Totals {
  opened: number
  live: number
  mostLive: number
  refused: number
  inputTokens: number
  outputTokens: number
}

interface SimEvents {
  session: [session: SimSession]
  closed: [session: SimSession]
  report: [report: UsageReport]
}

export class Sim extends EventEmitter<SimEvents> {
  readonly settings: Settings
  readonly reports: UsageReport[] = []
  readonly totals: Totals = { opened: 0, live: 0, mostLive: 0, refused: 0, inputTokens: 0, outputTokens: 0 }
  readonly #http: Server
  readonly #wss: WebSocketServer
  readonly #pages: Pages
  readonly #watch = new Watch()
  readonly #live = new Set<Connection>()
  readonly #quotas = new Map<string, Quota>()
  readonly #hung = new Set<Duplex>()
  #records: SessionRecord[] = []
  #fault: Fault | undefined
  #port = 0

  constructor(options: SimOptions) {
    super()
    this.settings = settingsFrom(options)
    this.#pages = new Pages(this)
    this.#http = createServer((request, response) => this.#pages.answer(request, response))
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    this.#wss = new WebSocketServer({
      noServer: true,
      maxPayload: MOST_FRAME_BYTES,
      perMessageDeflate: false,
      // Nothing but `realtime` is ever echoed, least of all the entry that carries the key.
      handleProtocols: (offered) => (offered.has('realtime') ? 'realtime' : false),
    })
    if (options.fault !== undefined) this.#fault = faultFrom(options.fault)
  }

  get port(): number {
    return this.#port
  }

  get url(): string {
    const { host } = this.settings
    const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
    return `ws://${name.includes(':') ? `[${name}]` : name}:${this.#port}/v1/realtime`
  }

  /** All sessions in the order of their coming, the closed ones (the latest 1,000 of them) included. */
  get sessions(): readonly SimSession[] {
    return this.#records
  }

  records(): readonly SessionRecord[] {
    return this.#records
  }

  currentFault(): Fault | undefined {
    return this.#fault
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#http.once('error', reject)
      this.#http.listen(this.settings.port, this.settings.host, () => {
        this.#http.off('error', reject)
        const address = this.#http.address()
        if (typeof address === 'object' && address !== null) this.#port = address.port
        resolve()
      })
    })
  }

  /** Switches a fault on, for live sessions and those to come, or off. */
  fault(spec?: Fault | string): void {
    this.#fault = spec === undefined ? undefined : faultFrom(spec)
    for (const connection of this.#live) {
      if (connection.ownFault) continue
      connection.arm(this.#fault === undefined || atDoor(this.#fault) ? undefined : this.#takeFault())
    }
  }

  /** Resolves when the condition holds; it is looked at on every frame, session and close. */
  until(holds: () => boolean, timeoutMs?: number): Promise<void> {
    return this.#watch.until(holds, timeoutMs)
  }

  /** The nth session since the start (from 0), once it is there. */
  async session(index = 0, timeoutMs?: number): Promise<SimSession> {
    await this.until(() => this.#records.length > index, timeoutMs)
    const record = this.#records[index]
    if (record === undefined) throw new Error(`There is no session ${index}.`)
    return record
  }

  async close(): Promise<void> {
    for (const connection of this.#live) connection.terminate()
    for (const socket of this.#hung) socket.destroy()
    this.#wss.close()
    this.#http.closeAllConnections()
    await new Promise<void>((resolve) => {
      this.#http.close(() => resolve())
    })
    await this.until(() => this.#live.size === 0)
  }

  /** The process's fault, one connection fewer left for it. */
  #takeFault(): Fault | undefined {
    const fault = this.#fault
    if (fault?.times === undefined) return fault
    this.#fault = fault.times > 1 ? { ...fault, times: fault.times - 1 } : undefined
    return fault
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined)
    const url = urlOf(request)
    const own = url.searchParams.get('sim_fault')
    let fault: Fault | undefined
    try {
      fault = own === null ? this.#takeFault() : faultFrom(own)
    } catch (error) {
      httpRefusal(socket, 400, error instanceof BadFault ? error.message : 'Bad sim_fault.')
      return
    }
    if (fault?.kind === 'hang') {
      this.#hung.add(socket)
      socket.on('close', () => this.#hung.delete(socket))
      return
    }
    if (fault?.kind === 'refuse') {
      this.totals.refused += 1
      httpRefusal(
        socket,
        fault.status,
        fault.body ?? 'The server is overloaded. Please try again later.',
        fault.retryAfter,
      )
      this.#watch.stir()
      return
    }
    if (url.pathname !== '/v1/realtime') {
      httpRefusal(socket, 404, `Unknown path ${url.pathname}; sessions are at /v1/realtime?model=...`)
      return
    }
    const caller = callerOf(request, this.settings, (key) => this.#pages.minted(key))
    if (caller === undefined) {
      this.totals.refused += 1
      httpRefusal(socket, 401, 'Missing bearer or basic authentication in header')
      return
    }
    this.#wss.handleUpgrade(request, socket, head, (ws) => {
      if (socket instanceof Socket) this.#welcome(ws, socket, caller, fault, own !== null)
    })
  }

  #welcome(ws: WebSocket, socket: Socket, caller: Caller, fault: Fault | undefined, ownFault: boolean): void {
    const connection = new Connection({
      ws,
      socket,
      caller,
      settings: this.settings,
      quota: this.#quotaOf(caller.organization),
      fault,
      report: (report) => this.#report(report),
      stir: () => this.#watch.stir(),
      gone: (gone) => this.#gone(gone),
    })
    connection.ownFault = ownFault
    const rejected = fault?.kind === 'reject' ? refusalNamed(fault.code) : caller.refusal
    if (rejected !== undefined) this.totals.refused += 1
    this.#live.add(connection)
    this.#keep(connection.record)
    this.totals.opened += 1
    this.totals.live = this.#live.size
    this.totals.mostLive = Math.max(this.totals.mostLive, this.#live.size)
    if (rejected === undefined) connection.open()
    else connection.refuse(rejected)
    this.emit('session', connection.record)
    this.#watch.stir()
  }

  #gone(connection: Connection): void {
    this.#live.delete(connection)
    this.totals.live = this.#live.size
    this.emit('closed', connection.record)
  }

  #keep(record: SessionRecord): void {
    this.#records.push(record)
    if (this.#records.length <= this.#live.size + KEPT_SESSIONS) return
    const oldest = this.#records.findIndex((other) => other.closed !== undefined)
    if (oldest !== -1) this.#records.splice(oldest, 1)
  }

  #quotaOf(organization: string): Quota {
    const known = this.#quotas.get(organization)
    if (known !== undefined) return known
    const quota = new Quota(organization, this.settings, this.settings.clock)
    this.#quotas.set(organization, quota)
    return quota
  }

  #report(report: UsageReport): void {
    this.reports.push(report)
    if (report.usage !== undefined && 'input_tokens' in report.usage) {
      this.totals.inputTokens += report.usage.input_tokens
      this.totals.outputTokens += report.usage.output_tokens
    }
    this.emit('report', report)
    this.#watch.stir()
  }
}

export async function startSim(options: SimOptions = {}): Promise<Sim> {
  const sim = new Sim(options)
  await sim.listen()
  return sim
}
