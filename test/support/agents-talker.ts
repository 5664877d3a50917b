// RealtimeSession of `@openai/agents-realtime` over a WebSocket as a talker: only its public API. Knows no broker but its address.
import { RealtimeAgent, RealtimeSession, tool } from '@openai/agents-realtime'
import * as z from 'zod'
import { Gathering, at, type WireEvent } from './gathering.ts'
import { orderStatus, orderTool, type Talker } from './scenario.ts'

const model = 'gpt-realtime-2.1'

export class AgentsTalker implements Talker {
  readonly heard = new Gathering()
  readonly audio = new Map<string, Buffer[]>()
  readonly orders: string[] = []
  readonly errors: unknown[] = []
  interruptions = 0
  readonly #session: RealtimeSession
  #over = false

  constructor() {
    const lookUp = tool({
      name: orderTool.name,
      description: orderTool.description,
      parameters: z.object({ order: z.string() }),
      execute: ({ order }) => {
        this.orders.push(order)
        return orderStatus
      },
    })
    const agent = new RealtimeAgent({ name: 'desk', instructions: 'You answer a telephone.', tools: [lookUp] })
    const session = new RealtimeSession(agent, { transport: 'websocket', model })
    session.on('transport_event', (event) => this.heard.take(event as unknown as WireEvent))
    session.on('audio', ({ responseId, data }) => {
      this.audio.set(responseId, [...(this.audio.get(responseId) ?? []), Buffer.from(data)])
      this.heard.stir()
    })
    session.on('audio_interrupted', () => this.interruptions++)
    session.on('error', ({ error }) => {
      this.errors.push(error)
      this.heard.stir()
    })
    session.transport.on('connection_change', (status) => {
      this.#over = status === 'disconnected'
      this.heard.stir()
    })
    this.#session = session
  }

  connect(wsUrl: string, apiKey: string): Promise<void> {
    return this.#session.connect({ apiKey, url: `${wsUrl}/v1/realtime?model=${model}` })
  }

  /** The code and message of an error, as the session's `error` event gives them. */
  reason(): { code: unknown; message: unknown } | undefined {
    const error = this.errors.find(
      (one) => at(one, 'error.error.code') !== undefined || at(one, 'error.code') !== undefined,
    )
    const inner = at(error, 'error.error') ?? at(error, 'error')
    return error === undefined ? undefined : { code: at(inner, 'code'), message: at(inner, 'message') }
  }

  say(pcm: Buffer): void {
    for (let i = 0; i < pcm.length; i += 4_800) {
      const piece = pcm.subarray(i, i + 4_800)
      this.#session.sendAudio(new Uint8Array(piece).buffer)
    }
  }

  hangUp(): void {
    this.#session.close()
  }

  /** This client shows no close code. */
  async ended(): Promise<undefined> {
    await this.heard.until(() => this.#over, 'disconnected')
  }
}
