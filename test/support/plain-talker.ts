// A plain WebSocket as a talker. Knows no broker but its address.
import { Caller, type CallerOptions } from './caller.ts'
import type { Gathering } from './gathering.ts'
import { orderStatus, sessionSettings, type Talker } from './scenario.ts'
import { at } from './gathering.ts'

export class PlainTalker implements Talker {
  readonly caller: Caller
  readonly audio = new Map<string, Buffer[]>()
  readonly orders: string[] = []

  constructor(wsUrl: string, key: string, options: CallerOptions = {}, transcriptionModel?: string) {
    this.caller = new Caller(wsUrl, key, options)
    const { input, output } = sessionSettings.audio
    const transcription = transcriptionModel === undefined ? input.transcription : { model: transcriptionModel }
    const session = { ...sessionSettings, audio: { input: { ...input, transcription }, output } }
    this.caller.ws.on('open', () => this.caller.send({ type: 'session.update', session }))
    this.caller.ws.on('message', () => this.#react())
  }

  get heard(): Gathering {
    return this.caller
  }

  say(pcm: Buffer): void {
    this.caller.say(pcm)
  }

  hangUp(): void {
    this.caller.ws.close(1000, 'OK')
  }

  async ended(): Promise<number> {
    return (await this.caller.closing()).code
  }

  #react(): void {
    const event = this.caller.events.at(-1)
    if (event?.type === 'response.output_audio.delta') {
      const id = String(event['response_id'])
      this.audio.set(id, [...(this.audio.get(id) ?? []), Buffer.from(String(event['delta']), 'base64')])
    }
    if (event?.type === 'response.function_call_arguments.done') {
      this.orders.push((JSON.parse(String(event['arguments'])) as { order: string }).order)
      const item = { type: 'function_call_output', call_id: event['call_id'], output: orderStatus }
      this.caller.send({ type: 'conversation.item.create', item })
    }
    if (event?.type === 'response.done' && at(event, 'response.output.0.type') === 'function_call')
      this.caller.send({ type: 'response.create' })
    this.caller.stir()
  }
}
