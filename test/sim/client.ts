// A plain caller of the practice upstream: sends events, awaits them by type, and checks each one against the schema.

import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { WebSocket } from 'ws'
import { BYTES_PER_MS, type Coding, silence } from '../../sim/audio.ts'
import type { Sim } from '../../sim/server.ts'
import { recording } from '../../sim/voice.ts'

export type Event = Record<string, unknown> & { type: string }

const schema: unknown = JSON.parse(
  readFileSync(new URL('../data/realtime/openai-realtime.schema.json', import.meta.url), 'utf8'),
)
const ajv = new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true })
addFormats.default(ajv)
ajv.addSchema(schema as object, 'realtime')

/** What is wrong with a server event by the published schema; empty if nothing is. */
export function faultsOf(event: Event): string[] {
  const validate = ajv.getSchema(`realtime#/$defs/${encodeURIComponent(`server:${event.type}`)}`)
  if (validate === undefined) return [`${event.type}: no such event`]
  if (validate(event) === true) return []
  return (validate.errors ?? []).map((error) => `${event.type}${error.instancePath}: ${error.message ?? ''}`)
}

/** Reads into nested data by a path such as `response.usage.input_tokens` or `output.0.id`. */
export function at(data: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    return typeof value === 'object' && value !== null
      ? Object.entries(value).find(([name]) => name === key)?.[1]
      : undefined
  }, data)
}

export interface DialOptions {
  readonly query?: string
  readonly headers?: Record<string, string>
  readonly protocols?: string[]
}

export class Client {
  readonly ws: WebSocket
  readonly events: Event[] = []
  readonly frames: { data: string; binary: boolean }[] = []
  readonly invalid: string[] = []
  closed: { code: number; reason: string } | undefined
  failure: { status: number; headers: Record<string, unknown>; body: string } | undefined
  error: Error | undefined
  #cursor = 0
  #waiters: (() => void)[] = []

  constructor(url: string, options: DialOptions = {}) {
    this.ws = new WebSocket(`${url}?${options.query ?? 'model=gpt-realtime-2.1'}`, options.protocols ?? [], {
      headers: options.headers ?? { Authorization: 'Bearer sk-test' },
    })
    this.ws.on('message', (data: Buffer, binary: boolean) => {
      this.frames.push({ data: data.toString('utf8'), binary })
      this.#take(data.toString('utf8'))
      this.#stir()
    })
    this.ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() }
      this.#stir()
    })
    this.ws.on('error', (error) => {
      this.error = error
      this.#stir()
    })
    this.ws.on('open', () => this.#stir())
    this.ws.on('unexpected-response', (_request, response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')))
      response.on('end', () => {
        this.failure = { status: response.statusCode ?? 0, headers: response.headers, body }
        this.#stir()
      })
    })
  }

  get types(): string[] {
    return this.events.map((event) => event.type)
  }

  of(type: string): Event[] {
    return this.events.filter((event) => event.type === type)
  }

  send(event: Record<string, unknown>): void {
    this.ws.send(JSON.stringify(event))
  }

  /** The next event of a type behind the last one awaited. */
  async next(type: string): Promise<Event> {
    let found = -1
    await this.until(() => {
      found = this.events.findIndex((event, index) => index >= this.#cursor && event.type === type)
      return found !== -1
    }, type)
    this.#cursor = found + 1
    const event = this.events[found]
    if (event === undefined) throw new Error(`${type} is gone`)
    return event
  }

  async ask(event: Record<string, unknown>, answer: string): Promise<Event> {
    this.send(event)
    return this.next(answer)
  }

  async complaint(event: Record<string, unknown>): Promise<Record<string, unknown>> {
    const answer = await this.ask(event, 'error')
    return { ...(at(answer, 'error') as Record<string, unknown>) }
  }

  until(holds: () => boolean, what = holds.toString(), timeoutMs = 4_000): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`No ${what}; came: ${this.types.slice(-12).join(' ')} ${JSON.stringify(this.closed ?? null)}`))
      }, timeoutMs)
      const look = (): void => {
        if (!holds()) return
        clearTimeout(timer)
        this.#waiters = this.#waiters.filter((other) => other !== look)
        resolve()
      }
      this.#waiters.push(look)
    })
  }

  /** Sends audio as a caller's device does: a frame for each 100 ms. */
  append(audio: Buffer, coding: Coding = 'audio/pcm'): void {
    const bytes = 100 * BYTES_PER_MS[coding]
    for (let from = 0; from < audio.length; from += bytes) {
      const part = audio.subarray(from, from + bytes)
      this.send({ type: 'input_audio_buffer.append', audio: part.toString('base64') })
    }
  }

  /** One sentence with silence around it. */
  say(sentence = 1, coding: Coding = 'audio/pcm'): void {
    this.append(Buffer.concat([silence(coding, 400), recording(sentence, coding), silence(coding, 600)]), coding)
  }

  configure(session: Record<string, unknown>): Promise<Event> {
    return this.ask({ type: 'session.update', session: { type: 'realtime', ...session } }, 'session.updated')
  }

  async close(): Promise<void> {
    this.ws.close()
    await this.until(() => this.closed !== undefined, 'close')
  }

  #take(text: string): void {
    let event: Event
    try {
      event = JSON.parse(text) as Event
    } catch {
      return
    }
    this.events.push(event)
    if (!event.type.startsWith('sim.')) this.invalid.push(...faultsOf(event))
  }

  #stir(): void {
    for (const waiter of this.#waiters.slice()) waiter()
  }
}

/** A client whose session has been created. */
export async function dial(sim: Sim, options?: DialOptions): Promise<Client> {
  const client = new Client(sim.url, options)
  await client.next('session.created')
  return client
}
