// What can be set on a practice upstream, and what holds if it is not.

import { type Clock, systemClock } from './clock.ts'
import type { Fault } from './faults.ts'

/** `realtime` sends audio as fast as it plays, a number so many times faster, `burst` all at once. */
export type Pace = 'realtime' | 'burst' | number

export interface SimOptions {
  readonly host?: string | undefined
  /** 0 takes any free port. */
  readonly port?: number | undefined
  readonly pace?: Pace | undefined
  /** From `response.created` to the first output; 300 unless the pace is `burst`. */
  readonly latencyMs?: number | undefined
  /** Audio in one `response.output_audio.delta`. */
  readonly deltaMs?: number | undefined
  readonly replySentences?: number | undefined
  /** Said in turn instead of the recorded sentences. */
  readonly says?: readonly string[] | undefined
  /** What callers are taken to have said in their audio turns, in turn. */
  readonly hears?: readonly string[] | undefined
  /** Every so many audio turns answer with a function call, if there are tools; 0 is never. */
  readonly callToolEveryTurns?: number | undefined
  /** Per organisation; null is no limit. */
  readonly tokensPerMinute?: number | null | undefined
  readonly requestsPerMinute?: number | null | undefined
  /** Output held at a response's start where `max_output_tokens` is "inf"; OpenAI's own size is not known. */
  readonly holdTokens?: number | undefined
  readonly rateLimits?: 'created' | 'done' | 'never' | undefined
  /** Longest session. */
  readonly wallMs?: number | undefined
  /** Only these keys are let in; any key if not given. */
  readonly keys?: readonly string[] | undefined
  /** Further model names to serve. */
  readonly models?: readonly string[] | undefined
  /** Benches: answer each append with one ready frame whose `delta` has this many characters, and hear nothing. */
  readonly echoBytes?: number | undefined
  /** Keep each received frame as it came. */
  readonly recordFrames?: boolean | undefined
  /** Input audio kept in a session, the latest of it, for `conversation.item.retrieve`. */
  readonly keepAudioBytes?: number | undefined
  /** Between WebSocket pings; 0 is none. */
  readonly pingMs?: number | undefined
  readonly fault?: Fault | string | undefined
  readonly clock?: Clock | undefined
}

export interface Settings {
  readonly host: string
  readonly port: number
  /** Times real time; Infinity for a burst. */
  readonly speed: number
  readonly latencyMs: number
  readonly deltaMs: number
  readonly replySentences: number
  readonly says: readonly string[]
  readonly hears: readonly string[]
  readonly callToolEveryTurns: number
  readonly tokensPerMinute: number | null
  readonly requestsPerMinute: number | null
  readonly holdTokens: number
  readonly rateLimits: 'created' | 'done' | 'never'
  readonly wallMs: number
  readonly keys: readonly string[] | undefined
  readonly models: readonly string[]
  readonly echoBytes: number
  readonly recordFrames: boolean
  readonly keepAudioBytes: number
  readonly pingMs: number
  readonly clock: Clock
}

/** OpenAI closes realtime sessions after an hour. */
const WALL_MS = 60 * 60_000
/** Server pings as seen in 2026. */
const PING_MS = 20_300

function speedOf(pace: Pace): number {
  if (pace === 'realtime') return 1
  return pace === 'burst' ? Number.POSITIVE_INFINITY : pace
}

export function settingsFrom(options: SimOptions): Settings {
  const speed = speedOf(options.pace ?? 'realtime')
  return {
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    speed,
    latencyMs: options.latencyMs ?? (speed === Number.POSITIVE_INFINITY ? 0 : 300),
    deltaMs: options.deltaMs ?? 100,
    replySentences: options.replySentences ?? 2,
    says: options.says ?? [],
    hears: options.hears ?? [],
    callToolEveryTurns: options.callToolEveryTurns ?? 0,
    tokensPerMinute: options.tokensPerMinute === undefined ? 15_000_000 : options.tokensPerMinute,
    requestsPerMinute: options.requestsPerMinute ?? null,
    holdTokens: options.holdTokens ?? 4_096,
    rateLimits: options.rateLimits ?? 'created',
    wallMs: options.wallMs ?? WALL_MS,
    keys: options.keys,
    models: options.models ?? [],
    echoBytes: options.echoBytes ?? 0,
    recordFrames: options.recordFrames ?? false,
    keepAudioBytes: options.keepAudioBytes ?? 1024 * 1024,
    pingMs: options.pingMs ?? PING_MS,
    clock: options.clock ?? systemClock,
  }
}
