// One session: client events in, server events out. Knows no socket, no key and no other session.

import { codingOf, type Config, defaultConfig, shownConfig, updated } from './config.ts'
import { Conversation } from './conversation.ts'
import type { Fault, FaultKind } from './faults.ts'
import { freshId } from './ids.ts'
import { type Item, itemFrom, shownItem, spokenTokens } from './item.ts'
import type { Model } from './models.ts'
import type { Settings } from './options.ts'
import type { Quota } from './quota.ts'
import type { ServerEvent } from './response.ts'
import { Responses } from './responses.ts'
import type { ClientEvent, NewReport, Stage } from './stage.ts'
import { type Trouble, trouble } from './trouble.ts'
import { Turns } from './turns.ts'

export interface SessionEars {
  send(event: ServerEvent): void
  close(code: number, reason: string): void
  report(report: NewReport): void
  fault<K extends FaultKind>(kind: K): Extract<Fault, { kind: K }> | undefined
}

export interface SessionSetup {
  readonly kind: Config['kind']
  readonly modelName: string
  readonly model: Model
  readonly settings: Settings
  readonly quota: Quota
  readonly ears: SessionEars
}

type Handler = (event: ClientEvent) => void

export class Session implements Stage {
  readonly id: string = freshId('sess')
  readonly conversationId: string = freshId('conv')
  readonly conversation: Conversation = new Conversation()
  readonly settings: Settings
  readonly quota: Quota
  readonly model: Model
  config: Config
  readonly #ears: SessionEars
  readonly #responses: Responses
  readonly #turns: Turns
  readonly #expiresAt: number
  readonly #handlers: ReadonlyMap<string, Handler>
  #cancelWall: (() => void) | undefined

  constructor(setup: SessionSetup) {
    this.settings = setup.settings
    this.quota = setup.quota
    this.model = setup.model
    this.config = defaultConfig(setup.kind, setup.modelName)
    this.#ears = setup.ears
    this.#responses = new Responses(this)
    this.#turns = new Turns(this, this.#responses)
    this.#expiresAt = Math.floor((setup.settings.clock.now() + setup.settings.wallMs) / 1000)
    this.#handlers = new Map<string, Handler>([
      ['session.update', (event) => this.#update(event)],
      ['input_audio_buffer.append', (event) => this.#turns.append(event)],
      ['input_audio_buffer.commit', (event) => this.#turns.commit(event)],
      ['input_audio_buffer.clear', () => this.#turns.clear()],
      ['conversation.item.create', (event) => this.#createItem(event)],
      ['conversation.item.retrieve', (event) => this.#retrieveItem(event)],
      ['conversation.item.delete', (event) => this.#deleteItem(event)],
      ['conversation.item.truncate', (event) => this.#truncateItem(event)],
      ['response.create', (event) => this.#createResponse(event)],
      ['response.cancel', (event) => this.#responses.cancel(event)],
      ['output_audio_buffer.clear', (event) => this.complain(trouble.webrtcOnly(), event)],
    ])
  }

  open(): void {
    this.#cancelWall = this.settings.clock.after(this.settings.wallMs, () => this.#expire())
    this.send({ type: 'session.created', session: shownConfig(this.config, this.id, this.#expiresAt) })
  }

  receive(event: ClientEvent): void {
    const type = event['type']
    if (typeof type !== 'string') {
      this.complain(trouble.noType(), event)
      return
    }
    const handler = this.#handlers.get(type)
    if (handler === undefined) this.complain(trouble.unknownEvent(type, [...this.#handlers.keys()]), event)
    else handler(event)
  }

  /** The socket is gone. */
  end(): void {
    this.#cancelWall?.()
    this.#responses.abandon()
    this.#turns.abandon()
  }

  send(event: ServerEvent): void {
    this.#ears.send(event)
  }

  complain(what: Trouble, about?: ClientEvent): void {
    const eventId = about?.['event_id']
    this.send({ type: 'error', error: { ...what, event_id: typeof eventId === 'string' ? eventId : null } })
  }

  report(report: NewReport): void {
    this.#ears.report(report)
  }

  fault<K extends FaultKind>(kind: K): Extract<Fault, { kind: K }> | undefined {
    return this.#ears.fault(kind)
  }

  #expire(): void {
    const what = trouble.expired()
    this.complain(what)
    this.#ears.close(1001, what.message)
  }

  #update(event: ClientEvent): void {
    const result = updated(this.config, event['session'], this.#responses.spoken)
    if ('trouble' in result) {
      this.complain(result.trouble, event)
      return
    }
    this.config = result.ok
    this.send({ type: 'session.updated', session: shownConfig(this.config, this.id, this.#expiresAt) })
  }

  #createItem(event: ClientEvent): void {
    const result = itemFrom(event['item'], codingOf(this.config.input.format))
    const what = 'trouble' in result ? result.trouble : this.#place(result.ok, event['previous_item_id'])
    if (what !== undefined) this.complain(what, event)
  }

  #place(item: Item, after: unknown): Trouble | undefined {
    if (this.conversation.find(item.id) !== undefined) return trouble.itemExists(item.id)
    const callId = item.call?.id ?? ''
    if (item.type === 'function_call_output' && !this.conversation.hasCall(callId)) return trouble.noSuchCall(callId)
    const previous = typeof after === 'string' ? after : undefined
    if (!this.conversation.add(item, previous)) return trouble.noPreviousItem(previous ?? '')
    const before = this.conversation.previousOf(item)
    this.send({ type: 'conversation.item.added', previous_item_id: before, item: shownItem(item) })
    this.send({ type: 'conversation.item.done', previous_item_id: before, item: shownItem(item) })
    return undefined
  }

  #named(event: ClientEvent, missing: (id: string) => Trouble): Item | undefined {
    const id = event['item_id']
    const item = typeof id === 'string' ? this.conversation.find(id) : undefined
    if (item === undefined) this.complain(typeof id === 'string' ? missing(id) : trouble.missing('item_id'), event)
    return item
  }

  #retrieveItem(event: ClientEvent): void {
    const item = this.#named(event, (id) => trouble.noSuchItem('retrieving', id))
    if (item !== undefined) this.send({ type: 'conversation.item.retrieved', item: shownItem(item, true) })
  }

  #deleteItem(event: ClientEvent): void {
    const item = this.#named(event, (id) => trouble.noSuchItem('deleting', id))
    if (item === undefined) return
    this.conversation.remove(item)
    this.send({ type: 'conversation.item.deleted', item_id: item.id })
  }

  #truncateItem(event: ClientEvent): void {
    const item = this.#named(event, trouble.noItemToTruncate)
    if (item === undefined) return
    const what = this.#truncate(item, event)
    if (what !== undefined) this.complain(what, event)
  }

  #truncate(item: Item, event: ClientEvent): Trouble | undefined {
    const index = event['content_index']
    const endMs = event['audio_end_ms']
    if (index === undefined) return trouble.missing('content_index')
    if (typeof endMs !== 'number' || !Number.isInteger(endMs) || endMs < 0) return trouble.missing('audio_end_ms')
    if (item.spokenMs === null || index !== 0) return trouble.notTruncatable()
    if (endMs > item.spokenMs) return trouble.alreadyShorter(Math.round(item.spokenMs), endMs)
    item.spokenMs = endMs
    // What was not heard leaves the transcript too: OpenAI deletes it whole.
    item.content = [{ type: 'output_audio', transcript: '' }]
    item.tokens = spokenTokens(endMs, '')
    item.version += 1
    this.send({ type: 'conversation.item.truncated', item_id: item.id, content_index: 0, audio_end_ms: endMs })
    return undefined
  }

  #createResponse(event: ClientEvent): void {
    if (this.config.kind === 'transcription') this.complain(trouble.noResponses(), event)
    else this.#responses.create(event)
  }
}
