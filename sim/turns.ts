// The caller's audio: the input buffer, turns found by the detector or committed by hand, the idle timeout.

import { codingOf } from './config.ts'
import { type Clip, Ear, InputAudio } from './ear.ts'
import { freshId } from './ids.ts'
import { type Item, newItem, shownItem } from './item.ts'
import type { Responses } from './responses.ts'
import type { ClientEvent, Stage } from './stage.ts'
import { NO_TOKENS, userAudioTokens } from './tokens.ts'
import { transcribe } from './transcription.ts'
import { trouble } from './trouble.ts'

const HEARD: readonly string[] = [
  'Hello, can you hear me?',
  'Could you please help me with my account?',
  'Yes, that would be great.',
  'And when will that be?',
  'Thank you very much.',
]

/** The least that may be committed by hand. */
const LEAST_COMMIT_MS = 100
/** Audio kept behind the present while nobody speaks: more than any prefix padding in use. */
const LOOK_BACK_MS = 2_000
const TRANSCRIPTION_DELAY_MS = 250

export class Turns {
  readonly #stage: Stage
  readonly #responses: Responses
  readonly #buffer: InputAudio
  readonly #pending = new Set<() => void>()
  #ear = new Ear()
  #speech: { readonly itemId: string; readonly startMs: number } | undefined
  #cancelIdle: (() => void) | undefined
  #turns = 0
  /** Turns whose audio is kept, oldest first, and how much that is. */
  #kept: { readonly item: Item; readonly bytes: number }[] = []

  constructor(stage: Stage, responses: Responses) {
    this.#stage = stage
    this.#responses = responses
    this.#buffer = new InputAudio(stage.settings.keepAudioBytes)
    responses.onDone = (playingMs) => this.#awaitSpeech(playingMs)
  }

  append(event: ClientEvent): void {
    const audio = event['audio']
    if (typeof audio !== 'string') {
      this.#stage.complain(
        audio === undefined ? trouble.missing('audio') : trouble.wrongType("Invalid type for 'audio'.", 'audio'),
        event,
      )
      return
    }
    const bytes = Buffer.from(audio, 'base64')
    // Node skips what is not base64; then there are fewer bytes than characters tell.
    const padding = audio.endsWith('==') ? 2 : Number(audio.endsWith('='))
    if (bytes.length !== Math.floor(((audio.length - padding) * 3) / 4)) {
      this.#stage.complain(
        trouble.value("Invalid 'audio'. Expected base64-encoded audio bytes but got an invalid value.", 'audio'),
        event,
      )
      return
    }
    const { input } = this.#stage.config
    const coding = codingOf(input.format)
    this.#buffer.append(bytes, coding)
    if (input.turnDetection === null) {
      // Should the detector come back, it goes on from here.
      this.#ear = new Ear(this.#buffer.endMs)
      return
    }
    for (const heard of this.#ear.hear(bytes, coding, input.turnDetection)) {
      if (heard.kind === 'started') this.#started(heard.atMs)
      else this.#stopped(heard.atMs)
    }
    if (this.#speech === undefined) this.#buffer.forgetBefore(this.#buffer.endMs - LOOK_BACK_MS)
  }

  commit(event: ClientEvent): void {
    const { lengthMs } = this.#buffer
    if (lengthMs < LEAST_COMMIT_MS) {
      this.#stage.complain(trouble.emptyBuffer(lengthMs), event)
      return
    }
    const itemId = this.#speech?.itemId ?? freshId('item')
    this.#forgetSpeech()
    this.#commit(itemId, this.#buffer.take())
  }

  clear(): void {
    this.#buffer.clear()
    this.#forgetSpeech()
    this.#stage.send({ type: 'input_audio_buffer.cleared' })
  }

  abandon(): void {
    this.#cancelIdle?.()
    for (const cancel of this.#pending) cancel()
  }

  #forgetSpeech(): void {
    this.#ear.reset()
    this.#speech = undefined
  }

  #started(startMs: number): void {
    this.#cancelIdle?.()
    const itemId = freshId('item')
    this.#speech = { itemId, startMs }
    this.#stage.send({ type: 'input_audio_buffer.speech_started', audio_start_ms: startMs, item_id: itemId })
    if (this.#stage.config.input.turnDetection?.interrupt_response === true) this.#responses.interrupt()
  }

  #stopped(endMs: number): void {
    if (this.#speech === undefined) return
    const { itemId, startMs } = this.#speech
    this.#speech = undefined
    this.#stage.send({ type: 'input_audio_buffer.speech_stopped', audio_end_ms: endMs, item_id: itemId })
    const heard = this.#commit(itemId, this.#buffer.take(startMs, endMs))
    const { config } = this.#stage
    if (config.kind === 'realtime' && config.input.turnDetection?.create_response === true) {
      this.#responses.createForTurn(heard)
    }
  }

  /** Makes the turn an item of the conversation; returns what the caller is taken to have said, if that was given. */
  #commit(itemId: string, clip: Clip): string | undefined {
    const { conversation, settings } = this.#stage
    const ms = clip.endMs - clip.startMs
    const item = newItem({
      id: itemId,
      type: 'message',
      role: 'user',
      content: [{ type: 'input_audio', transcript: null, audio: clip.audio.toString('base64') }],
      tokens: { ...NO_TOKENS, audio: userAudioTokens(ms) },
    })
    conversation.add(item)
    this.#keep(item, clip.audio.length)
    const before = conversation.previousOf(item)
    this.#stage.send({ type: 'input_audio_buffer.committed', previous_item_id: before, item_id: itemId })
    this.#stage.send({ type: 'conversation.item.added', previous_item_id: before, item: shownItem(item) })
    this.#stage.send({ type: 'conversation.item.done', previous_item_id: before, item: shownItem(item) })
    const lines = settings.hears.length > 0 ? settings.hears : HEARD
    const text = lines[this.#turns++ % lines.length] ?? ''
    this.#transcribe(itemId, text, ms)
    return settings.hears.length > 0 ? text : undefined
  }

  #keep(item: Item, bytes: number): void {
    this.#kept.push({ item, bytes })
    let sum = this.#kept.reduce((total, kept) => total + kept.bytes, 0)
    while (sum > this.#stage.settings.keepAudioBytes) {
      const oldest = this.#kept.shift()
      if (oldest === undefined) break
      sum -= oldest.bytes
      for (const part of oldest.item.content) part.audio = undefined
    }
  }

  #transcribe(itemId: string, text: string, audioMs: number): void {
    const { config, conversation, settings } = this.#stage
    const { transcription } = config.input
    if (transcription === null) return
    const delayMs = settings.speed === Number.POSITIVE_INFINITY ? 0 : TRANSCRIPTION_DELAY_MS / settings.speed
    const turn = { itemId, text, audioMs, delayMs, fails: this.#stage.fault('deaf') !== undefined }
    const cancel = transcribe(
      turn,
      transcription,
      settings.clock,
      (sent) => this.#stage.send(sent),
      (usage) => {
        this.#pending.delete(cancel)
        const item = conversation.find(itemId)
        for (const part of item?.content ?? []) part.transcript = text
        this.#stage.report({ kind: 'transcription', itemId, usage })
      },
    )
    this.#pending.add(cancel)
  }

  /** After a reply has been heard out, a caller who says nothing for the idle timeout is spoken to again. */
  #awaitSpeech(playingMs: number): void {
    this.#cancelIdle?.()
    const detection = this.#stage.config.input.turnDetection
    if (detection?.type !== 'server_vad' || detection.idle_timeout_ms === null || this.#speech !== undefined) return
    const fromMs = this.#buffer.endMs
    this.#cancelIdle = this.#stage.settings.clock.after(playingMs + detection.idle_timeout_ms, () => {
      if (this.#responses.active) return
      const itemId = freshId('item')
      const endMs = this.#buffer.endMs
      this.#stage.send({
        type: 'input_audio_buffer.timeout_triggered',
        audio_start_ms: fromMs,
        audio_end_ms: endMs,
        item_id: itemId,
      })
      this.#ear.reset()
      this.#commit(itemId, this.#buffer.take(fromMs, endMs))
      this.#responses.createForTurn(undefined)
    })
  }
}
