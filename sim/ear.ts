// Voice activity by energy: hears audio, tells when speech starts and stops on the audio's own time line.
// Stands in for both of OpenAI's detectors; it understands nothing of what is said.

import { audioMs, BYTES_PER_MS, type Coding, loudness } from './audio.ts'
import type { TurnDetection } from './config-schema.ts'

const WINDOW_MS = 20
/** Speech starts with this much voiced audio in a row: clicks are no speech. */
const ONSET_MS = 60
/** Loudness (RMS of 16-bit samples) of threshold 1; the default 0.5 hears quiet speech and not the noise of a line. */
const FULL_THRESHOLD_RMS = 600
/** Speech that has begun goes on through its weaker sounds. */
const HOLD_RATIO = 0.5

/** How long a semantic detector waits for more; the real one judges the words. */
const EAGERNESS_MS = { low: 1_200, medium: 700, auto: 700, high: 400 } as const

export interface Heard {
  readonly kind: 'started' | 'stopped'
  /** Milliseconds since the session's first audio. */
  readonly atMs: number
}

export class Ear {
  #atMs: number
  #voicedMs = 0
  #silentMs = 0
  #speaking = false
  #rest: Buffer = Buffer.alloc(0)

  constructor(atMs = 0) {
    this.#atMs = atMs
  }

  get speaking(): boolean {
    return this.#speaking
  }

  hear(audio: Buffer, coding: Coding, detection: TurnDetection): Heard[] {
    const heard: Heard[] = []
    const windowBytes = WINDOW_MS * BYTES_PER_MS[coding]
    const bytes = this.#rest.length === 0 ? audio : Buffer.concat([this.#rest, audio])
    let at = 0
    for (; at + windowBytes <= bytes.length; at += windowBytes) {
      const news = this.#window(loudness(bytes.subarray(at, at + windowBytes), coding), detection)
      if (news !== undefined) heard.push(news)
    }
    this.#rest = Buffer.from(bytes.subarray(at))
    return heard
  }

  /** Forgets the speech in progress: its audio was committed or cleared by hand. */
  reset(): void {
    this.#speaking = false
    this.#voicedMs = 0
    this.#silentMs = 0
  }

  #window(rms: number, detection: TurnDetection): Heard | undefined {
    this.#atMs += WINDOW_MS
    const server = detection.type === 'server_vad'
    const threshold = FULL_THRESHOLD_RMS * (server ? detection.threshold : 0.5)
    const voiced = rms > (this.#speaking ? threshold * HOLD_RATIO : threshold)
    this.#voicedMs = voiced ? this.#voicedMs + WINDOW_MS : 0
    this.#silentMs = voiced ? 0 : this.#silentMs + WINDOW_MS
    if (!this.#speaking && this.#voicedMs >= ONSET_MS) {
      this.#speaking = true
      const padding = server ? detection.prefix_padding_ms : 300
      return { kind: 'started', atMs: Math.max(0, this.#atMs - this.#voicedMs - padding) }
    }
    const patience = server ? detection.silence_duration_ms : EAGERNESS_MS[detection.eagerness]
    if (this.#speaking && this.#silentMs >= Math.max(WINDOW_MS, patience)) {
      this.reset()
      return { kind: 'stopped', atMs: this.#atMs }
    }
    return undefined
  }
}

export interface Clip {
  readonly startMs: number
  readonly endMs: number
  readonly audio: Buffer
}

/** The input audio buffer: a time line that only grows, and the part of it that is not yet committed. */
export class InputAudio {
  #endMs = 0
  #startMs = 0
  #chunks: { atMs: number; coding: Coding; bytes: Buffer }[] = []
  #kept = 0
  readonly #keepBytes: number

  constructor(keepBytes: number) {
    this.#keepBytes = keepBytes
  }

  get endMs(): number {
    return Math.round(this.#endMs)
  }

  get lengthMs(): number {
    return this.#endMs - this.#startMs
  }

  append(bytes: Buffer, coding: Coding): void {
    this.#chunks.push({ atMs: this.#endMs, coding, bytes })
    this.#endMs += audioMs(coding, bytes.length)
    this.#kept += bytes.length
    while (this.#kept > this.#keepBytes && this.#chunks.length > 0) this.#dropFirst()
  }

  /** Takes the uncommitted audio, or the stretch of it that was speech, and starts anew behind it. */
  take(fromMs: number = this.#startMs, toMs: number = this.#endMs): Clip {
    const startMs = Math.max(fromMs, this.#startMs)
    const parts: Buffer[] = []
    for (const { atMs, coding, bytes } of this.#chunks) {
      const perMs = BYTES_PER_MS[coding]
      const from = Math.max(0, Math.round((startMs - atMs) * perMs))
      const to = Math.min(bytes.length, Math.round((toMs - atMs) * perMs))
      if (to > from) parts.push(bytes.subarray(from, to))
    }
    this.#startMs = toMs
    this.#chunks = this.#chunks.filter((chunk) => chunk.atMs + audioMs(chunk.coding, chunk.bytes.length) > toMs)
    this.#kept = this.#chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0)
    return { startMs: Math.round(startMs), endMs: Math.round(toMs), audio: Buffer.concat(parts) }
  }

  clear(): void {
    this.take()
  }

  /** Lets go of silence that no turn can reach back to. */
  forgetBefore(ms: number): void {
    for (;;) {
      const first = this.#chunks[0]
      if (first === undefined || first.atMs + audioMs(first.coding, first.bytes.length) > ms) return
      this.#dropFirst()
    }
  }

  #dropFirst(): void {
    this.#kept -= this.#chunks.shift()?.bytes.length ?? 0
  }
}
