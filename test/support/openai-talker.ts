// Both realtime classes of the `openai` package as talkers: only their public API. Knows no broker but its address.
import OpenAI from 'openai'
import type { RealtimeClientEvent, RealtimeServerEvent } from 'openai/resources/realtime/realtime'
import { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import { appends } from './caller.ts'
import { Gathering, type WireEvent } from './gathering.ts'
import { orderStatus, sessionSettings, type Talker } from './scenario.ts'

/** What the SDK's `error` listener is given. */
export interface SdkError {
  message: string
  code: string | null | undefined
  type: string | null | undefined
}

const model = 'gpt-realtime-2.1'

export const openaiClasses = ['OpenAIRealtimeWS', 'OpenAIRealtimeWebSocket'] as const

export class OpenaiTalker implements Talker {
  readonly heard = new Gathering()
  readonly audio = new Map<string, Buffer[]>()
  readonly orders: string[] = []
  readonly errors: SdkError[] = []
  readonly #rt: OpenAIRealtimeWS | OpenAIRealtimeWebSocket
  #code: number | undefined
  #over = false

  constructor(name: (typeof openaiClasses)[number], baseURL: string, apiKey: string) {
    const client = new OpenAI({ apiKey, baseURL })
    const ended = (code: number): void => {
      this.#code = code
      this.#over = true
      this.heard.stir()
    }
    if (name === 'OpenAIRealtimeWS') {
      const rt = new OpenAIRealtimeWS({ model }, client)
      rt.socket.on('open', () => this.#configure())
      rt.socket.on('close', ended)
      this.#rt = rt
    } else {
      const rt = new OpenAIRealtimeWebSocket({ model }, client)
      rt.socket.addEventListener('open', () => this.#configure())
      rt.socket.addEventListener('close', ({ code }) => ended(code))
      this.#rt = rt
    }
    this.#rt.on('event', (event: RealtimeServerEvent) => this.heard.take(event as unknown as WireEvent))
    this.#rt.on('response.output_audio.delta', ({ response_id, delta }) => {
      this.audio.set(response_id, [...(this.audio.get(response_id) ?? []), Buffer.from(delta, 'base64')])
      this.heard.stir()
    })
    this.#rt.on('response.done', ({ response }) => {
      for (const item of response.output ?? []) {
        if (item.type === 'function_call' && response.status === 'completed') this.#answer(item)
      }
    })
    this.#rt.on('error', ({ message, error }) => {
      this.errors.push({ message, code: error?.code, type: error?.type })
      this.heard.stir()
    })
  }

  say(pcm: Buffer): void {
    for (const audio of appends(pcm)) this.#send({ type: 'input_audio_buffer.append', audio })
  }

  hangUp(): void {
    this.#rt.close()
  }

  async ended(): Promise<number | undefined> {
    await this.heard.until(() => this.#over, 'close')
    return this.#code
  }

  #configure(): void {
    this.#send({ type: 'session.update', session: sessionSettings })
  }

  #answer(item: { call_id?: string | undefined; arguments?: string | undefined }): void {
    this.orders.push((JSON.parse(item.arguments ?? '') as { order: string }).order)
    const output = { type: 'function_call_output' as const, call_id: item.call_id ?? '', output: orderStatus }
    this.#send({ type: 'conversation.item.create', item: output })
    this.#send({ type: 'response.create' })
  }

  #send(event: RealtimeClientEvent): void {
    this.#rt.send(event)
  }
}
