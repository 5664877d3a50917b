// A plain WebSocket caller: says anything, notes all that it hears. Knows no broker but its address.
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import { Gathering, type Closed, type WireEvent } from './gathering.ts'

export interface CallerOptions {
  /** Key in the header, as a server has it, or as a sub-protocol, as a browser has it. */
  keyBy?: 'header' | 'protocol'
  /** undefined leaves the parameter out. */
  model?: string | undefined
  query?: Record<string, string>
  headers?: Record<string, string>
  protocols?: string[]
}

/** An upgrade answered by HTTP. */
export interface Refused {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

const defaultModel = 'gpt-realtime-2.1'

export class Caller extends Gathering {
  readonly ws: WebSocket
  /** Every frame as it came. */
  readonly frames: { data: Buffer; binary: boolean }[] = []
  refused: Refused | undefined
  closed: Closed | undefined
  #connection: Socket | undefined

  constructor(wsUrl: string, key: string | undefined, options: CallerOptions = {}) {
    super()
    const { keyBy = 'header', query = {}, headers = {}, protocols = [] } = options
    const url = new URL('/v1/realtime', wsUrl)
    const model = 'model' in options ? options.model : defaultModel
    if (model !== undefined) url.searchParams.set('model', model)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    const offered = [...protocols]
    if (key !== undefined && keyBy === 'protocol') offered.push('realtime', `openai-insecure-api-key.${key}`)
    const auth = key !== undefined && keyBy === 'header' ? { authorization: `Bearer ${key}` } : {}
    this.ws = new WebSocket(url, offered, { headers: { ...auth, ...headers }, perMessageDeflate: false })
    this.ws.on('upgrade', ({ socket }) => (this.#connection = socket))
    this.ws.on('open', () => this.stir())
    this.ws.on('message', (data: Buffer, binary: boolean) => this.#hear(data, binary))
    this.ws.on('error', () => this.stir())
    this.ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() }
      this.stir()
    })
    this.ws.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        this.refused = {
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }
        this.stir()
      })
    })
  }

  opened(): Promise<void> {
    return this.until(() => this.ws.readyState === WebSocket.OPEN, 'open')
  }

  send(...events: Record<string, unknown>[]): void {
    for (const event of events) this.ws.send(JSON.stringify(event))
  }

  /** Sends audio as a device does: 100 ms a frame. */
  say(pcm: Buffer): void {
    for (const audio of appends(pcm)) this.send({ type: 'input_audio_buffer.append', audio })
  }

  /** The next error event's own fields. */
  async error(withinMs?: number): Promise<Record<string, unknown>> {
    return (await this.next('error', withinMs))['error'] as Record<string, unknown>
  }

  async closing(withinMs?: number): Promise<Closed> {
    await this.until(() => this.closed !== undefined, 'close', withinMs)
    return this.closed as Closed
  }

  async refusal(): Promise<Refused> {
    await this.until(() => this.refused !== undefined, 'an HTTP refusal')
    return this.refused as Refused
  }

  async hangUp(): Promise<void> {
    this.ws.close(1000, 'bye')
    await this.closing()
  }

  /** Gone without a close frame. */
  vanish(): void {
    this.ws.terminate()
  }

  /** Gone, and whatever is under way with it. */
  reset(): void {
    this.#connection?.resetAndDestroy()
  }

  /** Gone within a frame: these bytes of it were sent. */
  vanishAfter(bytes: Buffer, reset: boolean): void {
    this.#connection?.write(bytes, () => (reset ? this.#connection?.resetAndDestroy() : this.#connection?.destroy()))
  }

  #hear(data: Buffer, binary: boolean): void {
    this.frames.push({ data, binary })
    try {
      if (!binary) this.events.push(JSON.parse(data.toString()) as WireEvent)
    } catch {
      // Kept as a frame.
    }
    this.stir()
  }
}

const appendBytes = 4_800

/** PCM16 at 24 kHz as base64 pieces of 100 ms. */
export function appends(pcm: Buffer): string[] {
  const count = Math.ceil(pcm.length / appendBytes)
  return Array.from({ length: count }, (_, i) =>
    pcm.subarray(i * appendBytes, (i + 1) * appendBytes).toString('base64'),
  )
}

/** A caller whose call is live. */
export async function liveCaller(wsUrl: string, key: string, options?: CallerOptions): Promise<Caller> {
  const caller = new Caller(wsUrl, key, options)
  await caller.next('session.created')
  return caller
}
