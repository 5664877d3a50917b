// Stock clients that are held: they hear the line, may break it off, and end with the reason. The server says what a held caller is sent.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { RealtimeAgent, RealtimeSession } from '@openai/agents-realtime'
import { afterEach, expect, test } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { readEvent } from '../../src/realtime/control-event.ts'
import { wording } from '../../src/lines.ts'
import { noticeFrame } from '../../src/queue-notice.ts'
import { hearing } from '../../src/realtime/session-format.ts'
import { idsOf, OwnItems } from '../../src/realtime/own-item.ts'
import { Utterance } from '../../src/realtime/synth.ts'
import { errorEvent } from '../../src/refusal.ts'
import { recorded } from '../../src/sound.ts'
import { Wishes, type Keeping } from '../../src/wishes.ts'
import { eventually } from '../support/eventually.ts'
import { at, Gathering, type WireEvent } from '../support/gathering.ts'

const pcm = { as: 'audio', format: 'audio/pcm' } as const
const { text } = wording('joined', 'en', {}, pcm)
const bytes = readFileSync(new URL('../../web/public/hold/en/joined.pcm', import.meta.url))

/** One held caller: all frames of the line at once, its events kept. */
class Holding {
  readonly ids = idsOf('call_12345678')
  readonly items = new OwnItems()
  readonly wishes = new Wishes(this.items, this.ids)
  readonly line = new Utterance({ name: 'joined', text, recording: recorded(pcm.format, bytes) }, this.ids, null)
  readonly kept: Keeping['is'][] = []
  readonly #socket: WebSocket

  constructor(socket: WebSocket) {
    this.#socket = socket
    this.items.add(this.line.item)
    socket.on('message', (data: Buffer) => this.#take(data.toString()))
    const joined = { type: 'trunkline.queue.joined', position: 1, eta_ms: null, patience_ms: 60_000 } as const
    setTimeout(() => this.send([noticeFrame(joined, this.ids('event')), ...this.line.due(800)]), 30)
  }

  send(frames: readonly string[]): void {
    for (const frame of frames) this.#socket.send(frame)
  }

  refuse(): void {
    this.send([JSON.stringify(errorEvent({ why: 'queue_timeout', details: { seconds: 60 } }, this.ids('event')))])
    setTimeout(() => this.#socket.close(1013, 'rate_limit_error.queue_timeout'), 50)
  }

  #take(frame: string): void {
    const reading = readEvent(frame)
    if (reading.is === 'bad') throw new Error(frame.slice(0, 100))
    const kept = this.wishes.keep(frame, reading.event.type)
    this.kept.push(kept.is)
    if (kept.is === 'answered') this.send([kept.frame])
    if (kept.is === 'cancelled') this.send(this.line.cut('caller'))
  }
}

let server: WebSocketServer
afterEach(() => server.close())

interface Held {
  session: RealtimeSession
  heard: Gathering
  audio: Buffer[]
  errors: unknown[]
  holding: Holding
}

/** The client as its page has it, nothing set but the address. */
async function held(): Promise<Held> {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  const holding = new Promise<Holding>((resolve) => server.on('connection', (socket) => resolve(new Holding(socket))))
  await once(server, 'listening')
  const session = new RealtimeSession(new RealtimeAgent({ name: 'desk' }), { transport: 'websocket' })
  const [heard, audio, errors]: [Gathering, Buffer[], unknown[]] = [new Gathering(), [], []]
  session.on('transport_event', (event) => heard.take(event as unknown as WireEvent))
  session.on('audio', ({ data }) => audio.push(Buffer.from(data)))
  session.on('error', ({ error }) => errors.push(error))
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/realtime?model=gpt-realtime-2.1`
  await session.connect({ apiKey: 'tlk_test', url })
  return { session, heard, audio, errors, holding: await holding }
}

test('[H1] agents-realtime hears the line without a change, and what it asks for is kept for the provider', async () => {
  const { session, heard, audio, errors, holding } = await held()
  await heard.next('response.output_audio.delta')
  holding.send(holding.line.due(Infinity))
  await heard.next('response.done')
  expect(Buffer.concat(audio).equals(bytes)).toBe(true)
  expect(heard.types[0]).toBe('trunkline.queue.joined')
  expect(session.history).toMatchObject([{ role: 'assistant', status: 'completed', content: [{ transcript: text }] }])
  expect(hearing(holding.wishes.session, null)).toEqual(pcm)
  expect(JSON.parse(holding.wishes.frames[0] ?? '')).toMatchObject({ type: 'session.update' })
  expect(errors).toEqual([])
  session.close()
})

test('[H2] agents-realtime breaks the line off: cancelled, truncated and retrieved, and nothing of it goes upstream', async () => {
  const { session, heard, errors, holding } = await held()
  await heard.next('response.output_audio.delta')
  session.interrupt()
  expect(at(await heard.next('response.done'), 'response.status')).toBe('cancelled')
  await heard.next('conversation.item.truncated')
  const shown = await heard.next('conversation.item.retrieved')
  expect(at(shown, 'item.id')).toBe(holding.line.item.id)
  expect(holding.kept.filter((is) => is !== 'kept')).toEqual(['cancelled', 'answered', 'answered'])
  expect(holding.wishes.frames.join('')).not.toContain('_trunkline_')
  expect(errors).toEqual([])
  session.close()
})

test('[C2] agents-realtime speaks into the wait: nothing of it is kept', async () => {
  const { session, heard, errors, holding } = await held()
  await heard.next('response.output_audio.delta')
  session.sendAudio(new Uint8Array(4_800).buffer)
  session.sendMessage('Hello?')
  await eventually(
    async () => holding.wishes.frames.join(''),
    (frames) => frames.includes('Hello?'),
  )
  expect(holding.kept).toContain('dropped')
  expect(holding.wishes.frames.join('')).not.toContain('input_audio_buffer.append')
  expect(errors).toEqual([])
  session.close()
})

test('[H5] agents-realtime is told why it is sent away', async () => {
  const { session, heard, errors, holding } = await held()
  await heard.next('response.output_audio.delta')
  holding.send(holding.line.cut('broker'))
  holding.refuse()
  await heard.next('error')
  expect(at(errors[0], 'error.error.code') ?? at(errors[0], 'error.code')).toBe('queue_timeout')
  session.close()
})
