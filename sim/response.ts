// One response from response.created to response.done: events in the provider's order, at their times, with usage.
// Does not choose what to say and does not touch the quota; the session does.

import type { Coding } from './audio.ts'
import type { Clock } from './clock.ts'
import { freshId, obfuscation } from './ids.ts'
import { type Item, newItem, callTokens, shownItem, spokenTokens } from './item.ts'
import { type Piece, piecesOf } from './piece.ts'
import { Pacer, type Step } from './pacer.ts'
import type { Reply } from './reply.ts'
import { NO_TOKENS, type Segment, textTokens, type Tokens, totalOf, type Usage, usageOf } from './tokens.ts'
import type { Trouble } from './trouble.ts'

export type ServerEvent = Readonly<Record<string, unknown>> & { readonly type: string }

export interface Plan {
  readonly reply: Reply
  readonly modality: 'audio' | 'text'
  readonly coding: Coding
  readonly format: unknown
  readonly voice: unknown
  readonly maxOutputTokens: number | 'inf'
  readonly metadata: unknown
  /** null: out of band, its items stay out of the conversation. */
  readonly conversationId: string | null
  readonly input: readonly Segment[]
  readonly cached: readonly Segment[]
}

export interface Pacing {
  readonly clock: Clock
  readonly speed: number
  readonly latencyMs: number
  readonly deltaMs: number
}

export interface ResponseEars {
  send(event: ServerEvent): void
  /** The item has begun and joins the conversation (in band only). */
  join(item: Item): void
  /** The id of the item before it in the conversation. */
  before(item: Item): string | null
  /** False keeps the response from ever finishing (a fault). */
  mayFinish(): boolean
  done(response: Response, ending: Ending, usage: Usage): void
}

export type Ending =
  | { readonly status: 'completed' }
  | { readonly status: 'cancelled'; readonly reason: 'turn_detected' | 'client_cancelled' }
  | { readonly status: 'incomplete'; readonly reason: 'max_output_tokens' }
  | { readonly status: 'failed'; readonly error: Trouble }

export class Response {
  readonly id: string = freshId('resp')
  readonly plan: Plan
  readonly #ears: ResponseEars
  readonly #pacing: Pacing
  readonly #item: Item
  #pacer: Pacer | undefined
  #begun = false
  #over = false
  #spokenMs = 0
  #text = ''
  #firstOutputAt = 0

  constructor(plan: Plan, pacing: Pacing, ears: ResponseEars) {
    this.plan = plan
    this.#pacing = pacing
    this.#ears = ears
    const { reply } = plan
    this.#item =
      reply.kind === 'call'
        ? newItem({
            type: 'function_call',
            status: 'in_progress',
            call: { id: freshId('call'), name: reply.name, arguments: '', output: '' },
          })
        : newItem({ type: 'message', role: 'assistant', status: 'in_progress' })
  }

  get over(): boolean {
    return this.#over
  }

  /** How much longer a caller hears this, if it plays each delta when it comes. */
  playingMs(): number {
    return Math.max(0, this.#firstOutputAt + this.#spokenMs - this.#pacing.clock.now())
  }

  announce(): void {
    this.#ears.send({ type: 'response.created', response: this.#shown('in_progress', null, []) })
  }

  start(): void {
    const { latencyMs } = this.#pacing
    const steps: Step[] = [{ at: latencyMs, run: () => this.#begin() }]
    let at = latencyMs
    for (const piece of piecesOf(this.plan, this.#pacing.deltaMs)) {
      steps.push({ at, run: () => this.#emit(piece) })
      at += piece.ms / this.#pacing.speed
    }
    steps.push({ at, run: () => this.end({ status: 'completed' }) })
    this.#pacer = new Pacer(this.#pacing.clock, steps)
  }

  end(ending: Ending): void {
    if (this.#over || !this.#ears.mayFinish()) return
    this.#over = true
    this.#pacer?.stop()
    if (this.#begun) this.#finishItem(ending.status === 'completed' ? 'completed' : 'incomplete')
    const failed = ending.status === 'failed'
    const usage = failed ? usageOf([], [], NO_TOKENS) : usageOf(this.plan.input, this.plan.cached, this.#outputTokens())
    this.#ears.send({
      type: 'response.done',
      response: this.#shown(ending.status, usage, this.#begun ? [shownItem(this.#item)] : [], ending),
    })
    this.#ears.done(this, ending, usage)
  }

  /** Stops without a word: the socket is gone. */
  abandon(): void {
    this.#over = true
    this.#pacer?.stop()
  }

  #outputTokens(): Tokens {
    const { reply, modality } = this.plan
    if (!this.#begun) return NO_TOKENS
    if (reply.kind === 'call') return callTokens(reply.name, this.#text)
    return modality === 'audio'
      ? spokenTokens(this.#spokenMs, this.#text)
      : { ...NO_TOKENS, text: textTokens(this.#text) }
  }

  #begin(): void {
    this.#begun = true
    this.#firstOutputAt = this.#pacing.clock.now()
    const item = this.#item
    this.#send('response.output_item.added', { item: shownItem(item) })
    if (this.plan.conversationId !== null) {
      this.#ears.join(item)
      this.#itemEvent('conversation.item.added')
    }
    if (item.type !== 'message') return
    this.#partEvent('response.content_part.added', { part: this.#part('') })
  }

  #emit(piece: Piece): void {
    this.#spokenMs += piece.audio === null ? 0 : piece.ms
    this.#text += piece.text
    const { reply } = this.plan
    if (reply.kind === 'call') {
      const call = { item_id: this.#item.id, call_id: this.#item.call?.id }
      this.#send('response.function_call_arguments.delta', {
        ...call,
        delta: piece.text,
        obfuscation: obfuscation(piece.text),
      })
    } else if (piece.audio === null) {
      this.#partEvent('response.output_text.delta', { delta: piece.text, obfuscation: obfuscation(piece.text) })
    } else {
      if (piece.text !== '')
        this.#partEvent('response.output_audio_transcript.delta', {
          delta: piece.text,
          obfuscation: obfuscation(piece.text),
        })
      this.#partEvent('response.output_audio.delta', { delta: piece.audio.toString('base64') })
    }
    this.#remember()
    const most = this.plan.maxOutputTokens
    if (most !== 'inf' && totalOf(this.#outputTokens()) >= most)
      this.end({ status: 'incomplete', reason: 'max_output_tokens' })
  }

  /** Keeps the item what has been said so far: it can be truncated while it is being spoken. */
  #remember(): void {
    const item = this.#item
    item.tokens = this.#outputTokens()
    if (item.call !== null) {
      item.call.arguments = this.#text
    } else if (this.plan.modality === 'audio') {
      item.content = [{ type: 'output_audio', transcript: this.#text }]
      item.spokenMs = this.#spokenMs
    } else {
      item.content = [{ type: 'output_text', text: this.#text }]
    }
  }

  #finishItem(status: 'completed' | 'incomplete'): void {
    const item = this.#item
    const text = this.#text
    item.status = status
    if (item.call !== null) {
      const call = { item_id: item.id, call_id: item.call.id }
      this.#send('response.function_call_arguments.done', { ...call, name: item.call.name, arguments: text })
    } else {
      if (this.plan.modality === 'audio') {
        this.#partEvent('response.output_audio.done', {})
        this.#partEvent('response.output_audio_transcript.done', { transcript: text })
      } else {
        this.#partEvent('response.output_text.done', { text })
      }
      this.#partEvent('response.content_part.done', { part: this.#part(text) })
    }
    this.#send('response.output_item.done', { item: shownItem(item) })
    if (this.plan.conversationId !== null) this.#itemEvent('conversation.item.done')
  }

  #itemEvent(type: string): void {
    const item = this.#item
    this.#ears.send({ type, previous_item_id: this.#ears.before(item), item: shownItem(item) })
  }

  #part(text: string): Record<string, unknown> {
    return this.plan.modality === 'audio' ? { type: 'audio', transcript: text } : { type: 'text', text }
  }

  #send(type: string, fields: Record<string, unknown>): void {
    this.#ears.send({ type, response_id: this.id, output_index: 0, ...fields })
  }

  #partEvent(type: string, fields: Record<string, unknown>): void {
    this.#send(type, { item_id: this.#item.id, content_index: 0, ...fields })
  }

  #shown(status: string, usage: Usage | null, output: unknown[], ending?: Ending): Record<string, unknown> {
    const { plan } = this
    const { status: _, ...details } = ending ?? { status }
    const detailed = ending !== undefined && ending.status !== 'completed'
    return {
      object: 'realtime.response',
      id: this.id,
      status,
      status_details: detailed ? { type: status, ...details } : null,
      output,
      conversation_id: plan.conversationId,
      output_modalities: [plan.modality],
      max_output_tokens: plan.maxOutputTokens,
      audio: { output: { format: plan.format, voice: plan.voice } },
      usage,
      metadata: plan.metadata,
    }
  }
}
