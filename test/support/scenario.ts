// One whole call, written once: two turns, an interruption, a function call. Knows no client but as a Talker.
import { expect } from 'vitest'
import { silence } from '../../sim/audio.ts'
import type { SimOptions } from '../../sim/options.ts'
import type { SimSession } from '../../sim/record.ts'
import { assistantAudioTokens } from '../../sim/tokens.ts'
import { recording, speech } from '../../sim/voice.ts'
import { booksOf } from './books.ts'
import type { Broker, MadeTenant } from './broker.ts'
import { eventually } from './eventually.ts'
import { at, type Gathering, type WireEvent } from './gathering.ts'

/** A client as its application sees it. */
export interface Talker {
  /** Events that the client's own API hands out. */
  readonly heard: Gathering
  /** Audio that the client's own API hands out, by response id. */
  readonly audio: Map<string, Buffer[]>
  /** Orders that its function was asked for. */
  readonly orders: string[]
  /** Interruptions that it told of, where it does. */
  readonly interruptions?: number
  say(pcm: Buffer): void
  hangUp(): void
  /** Resolves when the client tells that the call is over; with the close code, where it shows one. */
  ended(): Promise<number | undefined>
}

/** What the caller is taken to say, turn by turn: the third is about the function. */
export const hears = ['Good morning to you.', 'Please tell me more.', 'Where is my order?']
export const callSim: SimOptions = { pace: 4, latencyMs: 50, hears, recordFrames: true }

export const orderTool = {
  type: 'function' as const,
  name: 'get_order_status',
  description: 'Where an order is.',
  parameters: { type: 'object', properties: { order: { type: 'string' } }, required: ['order'] },
}
export const orderStatus = 'It is on the van.'

export const sessionSettings = {
  type: 'realtime' as const,
  instructions: 'You answer a telephone. Be brief.',
  audio: {
    input: {
      format: { type: 'audio/pcm' as const, rate: 24_000 as const },
      transcription: { model: 'gpt-4o-mini-transcribe' },
      turn_detection: { type: 'server_vad' as const, silence_duration_ms: 400 },
    },
    output: { format: { type: 'audio/pcm' as const, rate: 24_000 as const }, voice: 'marin' },
  },
  tools: [orderTool],
}

/** One spoken turn: a recorded sentence between silences. */
export function turn(sentence: number): Buffer {
  return Buffer.concat([silence('audio/pcm', 200), recording(sentence, 'audio/pcm'), silence('audio/pcm', 900)])
}

/** Resolves when the session is the one that the client asked for. */
export async function configured(heard: Gathering): Promise<void> {
  const tools = () => heard.of('session.updated').map((event) => at(event, 'session.tools.0.name'))
  await heard.until(() => tools().includes(orderTool.name), 'the session with its function')
}

/** Everything but the end. */
export async function talkThrough(talker: Talker): Promise<void> {
  const { heard } = talker
  const replies = () => heard.of('response.done')
  talker.say(turn(1))
  await heard.until(() => replies().length === 1, 'the first reply')
  talker.say(turn(2))
  await heard.until(() => audioMs(talker, running(heard)) >= 300, 'some of the second reply')
  talker.say(turn(4))
  await heard.until(() => replies().length === 4, 'the interrupted reply, the function call and the last reply')
  const transcripts = 'conversation.item.input_audio_transcription.completed'
  await heard.until(() => heard.of(transcripts).length === 3, 'three transcripts')
}

/** What must be true of that call, at the client, at the provider and in the books. */
export function expectTalked(talker: Talker): void {
  const { heard } = talker
  expect(heard.of('session.created')).toHaveLength(1)
  const done = heard.of('response.done')
  expect(done.map((event) => at(event, 'response.status'))).toEqual([
    'completed',
    'cancelled',
    'completed',
    'completed',
  ])
  expect(at(done[1], 'response.status_details.reason')).toBe('turn_detected')
  expect(at(done[2], 'response.output.0.name')).toBe(orderTool.name)
  expect(talker.orders).toEqual(['order'])
  expect(at(done[3], 'response.output.0.content.0.transcript')).toContain(orderStatus)
  expect(at(done[3], 'response.usage.input_token_details.cached_tokens')).toBeGreaterThan(0)
  expect(talker.interruptions).not.toBe(0)
  expectAudio(talker, done)
}

/** PCM16 at 24 kHz, sample for sample what the provider spoke, as long as it billed. */
export function expectAudio(talker: Pick<Talker, 'audio'>, done: readonly WireEvent[]): void {
  for (const event of done) {
    const id = at(event, 'response.id') as string
    const pcm = Buffer.concat(talker.audio.get(id) ?? [])
    expect(at(event, 'response.usage.output_token_details.audio_tokens')).toBe(assistantAudioTokens(pcm.length / 48))
    const transcript = at(event, 'response.output.0.content.0.transcript')
    if (typeof transcript !== 'string') {
      expect(pcm).toHaveLength(0)
      continue
    }
    const whole = at(event, 'response.status') === 'completed'
    expect(pcm.length % 2).toBe(0)
    if (whole) expect(pcm.equals(speech(transcript, 'audio/pcm'))).toBe(true)
    // Speech has 10 to 20 characters a second.
    const seconds = pcm.length / 48_000
    expect(transcript.length / seconds).toBeGreaterThan(7)
    expect(transcript.length / seconds).toBeLessThan(25)
  }
}

/** The provider heard what was said, byte for byte and in order. */
export function expectHeardBy(session: SimSession, said: Buffer): void {
  const frames = session.raw.map((frame) => JSON.parse(frame.toString()) as WireEvent)
  const audio = frames.filter(({ type }) => type === 'input_audio_buffer.append').map((event) => String(event['audio']))
  const heard = Buffer.concat(audio.map((piece) => Buffer.from(piece, 'base64')))
  expect(heard.equals(said)).toBe(true)
}

/** One record for the call, and a ledger that comes to the sum of what the provider reported. */
export async function expectBooked(
  broker: Broker,
  tenant: MadeTenant,
  session: SimSession,
  outcome: { by: string; why: string; code: number },
): Promise<void> {
  await broker.quiet(tenant)
  const reports = broker.sim.reports.filter(({ sessionId }) => sessionId === session.id)
  const expected = booksOf(reports)
  for (const account of ['input_text', 'input_audio', 'output_text', 'output_audio']) {
    expect(expected[account]).toBeGreaterThan(0)
  }
  const records = await broker.records(tenant)
  const { record } = records[0] ?? {}
  expect(record?.outcome).toMatchObject(outcome)
  expect(record?.replies).toBe(expected['replies'])
  expect(records).toHaveLength(1)
  const usage = await eventually(
    () => broker.usage(tenant),
    (books) => books['calls'] === 1,
  )
  expect(usage).toMatchObject({ ...expected, calls: 1, micro_usd: record?.microUsd })
  expect(record?.microUsd).toBeGreaterThan(0)
}

function running(heard: Gathering): string {
  return String(at(heard.of('response.created').at(-1), 'response.id'))
}

function audioMs(talker: Talker, response: string): number {
  return (talker.audio.get(response) ?? []).reduce((sum, piece) => sum + piece.length, 0) / 48
}
