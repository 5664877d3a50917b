// The responses of one session: starting, refusing for the quota, cancelling, and the bill of each.

import { codingOf, promptTokens, shownVoice } from './config.ts'
import { promptSegments, segmentsOf } from './conversation.ts'
import type { Item } from './item.ts'
import { parsed } from './parse.ts'
import { rateLimitTrouble } from './quota.ts'
import { ownInput, type Request, request } from './request.ts'
import { replyTo } from './reply.ts'
import { type Ending, type Plan, Response } from './response.ts'
import type { ClientEvent, Stage } from './stage.ts'
import { type Segment, sharedPrefix, sumOf, totalOf, type Usage } from './tokens.ts'
import { type Trouble, trouble } from './trouble.ts'

export class Responses {
  readonly #stage: Stage
  readonly #live = new Set<Response>()
  #main: Response | undefined
  /** Input of the last response: what the provider's prompt cache is warm for. */
  #former: readonly Segment[] = []
  #turns = 0
  #audioTurns = 0
  #failed = 0
  /** Called after each response with how long its sound still plays at the caller. */
  onDone: (playingMs: number) => void = () => undefined

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get spoken(): boolean {
    return this.#stage.conversation.items().some((item) => (item.spokenMs ?? 0) > 0)
  }

  get active(): boolean {
    return this.#main !== undefined
  }

  create(event: ClientEvent): void {
    const result = parsed(request, event['response'] ?? {}, 'response')
    if ('trouble' in result) this.#stage.complain(result.trouble, event)
    else this.#create(result.ok, event)
  }

  /** The answer to an audio turn that nobody asked for: the detector's own. */
  createForTurn(heard: string | undefined): void {
    this.#audioTurns += 1
    const every = this.#stage.settings.callToolEveryTurns
    this.#create(request.parse({}), undefined, heard, every > 0 && this.#audioTurns % every === 0)
  }

  cancel(event: ClientEvent): void {
    const id = event['response_id']
    const target = id === undefined ? this.#main : [...this.#live].find((response) => response.id === id)
    if (target === undefined) this.#stage.complain(trouble.nothingToCancel(), event)
    else target.end({ status: 'cancelled', reason: 'client_cancelled' })
  }

  interrupt(): void {
    this.#main?.end({ status: 'cancelled', reason: 'turn_detected' })
  }

  abandon(): void {
    for (const response of this.#live) response.abandon()
    this.#live.clear()
  }

  #create(asked: Request, event: ClientEvent | undefined, heard?: string, callDue = false): void {
    const inBand = asked.conversation === 'auto'
    if (inBand && this.#main !== undefined) {
      this.#stage.complain(trouble.activeResponse(this.#main.id), event)
      return
    }
    const own = ownInput(asked, this.#stage)
    if ('trouble' in own) {
      this.#stage.complain(own.trouble, event)
      return
    }
    const planned = this.#plan(asked, own.items, heard, callDue)
    const held = totalOf(sumOf(planned.plan.input)) + this.#hold(planned.plan)
    this.#run(planned.plan, planned.failure ?? this.#refusal(held), held)
  }

  #run(plan: Plan, failure: Trouble | undefined, held: number): void {
    const { settings, conversation } = this.#stage
    const pacing = {
      clock: settings.clock,
      speed: settings.speed,
      latencyMs: settings.latencyMs,
      deltaMs: settings.deltaMs,
    }
    const response = new Response(plan, pacing, {
      send: (sent) => this.#stage.send(sent),
      join: (item) => conversation.add(item),
      before: (item) => conversation.previousOf(item),
      mayFinish: () => this.#stage.fault('endless') === undefined,
      done: (done, ending, usage) => this.#done(done, ending, usage, failure === undefined ? held : 0),
    })
    this.#live.add(response)
    if (plan.conversationId !== null) this.#main = response
    response.announce()
    if (failure !== undefined) {
      response.end({ status: 'failed', error: failure })
      return
    }
    this.#former = plan.input
    this.#turns += 1
    if (settings.rateLimits === 'created') this.#showLimits()
    response.start()
  }

  #done(response: Response, ending: Ending, usage: Usage, held: number): void {
    this.#live.delete(response)
    if (this.#main === response) this.#main = undefined
    this.#stage.report({ kind: 'response', responseId: response.id, status: ending.status, usage })
    if (ending.status === 'failed') return
    const { quota, settings } = this.#stage
    quota.settle(held, usage.total_tokens)
    if (settings.rateLimits === 'done') this.#showLimits()
    if (response.plan.conversationId !== null) this.onDone(response.playingMs())
  }

  #plan(
    asked: Request,
    own: readonly Item[] | undefined,
    heard: string | undefined,
    callDue: boolean,
  ): { plan: Plan; failure: Trouble | undefined } {
    const { config, conversation, conversationId, model, settings } = this.#stage
    const list = asked.tools ?? config.tools
    const instructions = asked.instructions ?? config.instructions
    const weights = promptTokens(instructions, list)
    const fits = conversation.fit(config.truncation, model, weights.instructions + weights.tools)
    const context = own === undefined ? conversation.segments() : segmentsOf(own)
    const input = [...promptSegments(instructions, JSON.stringify(list), weights), ...context]
    const modality = asked.output_modalities?.[0] ?? config.modality
    const format = asked.audio?.output?.format ?? config.output.format
    const reply = replyTo({
      tools: list,
      toolChoice: asked.tool_choice ?? config.toolChoice,
      modality,
      instructions: asked.instructions,
      items: own ?? conversation.items(),
      heard,
      turn: this.#turns,
      sentences: settings.replySentences,
      says: settings.says,
      callDue,
    })
    const plan: Plan = {
      reply,
      modality,
      coding: codingOf(format),
      format,
      voice: shownVoice(asked.audio?.output?.voice ?? config.output.voice),
      maxOutputTokens: asked.max_output_tokens ?? config.maxOutputTokens,
      metadata: asked.metadata ?? null,
      conversationId: asked.conversation === 'none' ? null : conversationId,
      input,
      cached: sharedPrefix(input, this.#former),
    }
    return { plan, failure: fits ? undefined : CONTEXT_FULL }
  }

  #showLimits(): void {
    const limits = this.#stage.quota.shown()
    if (limits.length > 0) this.#stage.send({ type: 'rate_limits.updated', rate_limits: limits })
  }

  #hold(plan: Plan): number {
    return plan.maxOutputTokens === 'inf' ? this.#stage.settings.holdTokens : plan.maxOutputTokens
  }

  /** The quota's refusal, or that of a fault that stands in for it. */
  #refusal(held: number): Trouble | undefined {
    const { config, quota, settings } = this.#stage
    const fault = this.#stage.fault('fail')
    if (fault === undefined || this.#failed >= (fault.responses ?? Number.POSITIVE_INFINITY)) {
      return quota.reserve(config.model, held)
    }
    this.#failed += 1
    if (fault.code !== 'rate_limit_exceeded') {
      return {
        type: 'server_error',
        code: fault.code,
        message: 'The server had an error while processing your request.',
        param: null,
      }
    }
    const limit = settings.tokensPerMinute ?? 40_000
    return rateLimitTrouble({
      model: config.model,
      organization: quota.organization,
      kind: 'tokens',
      limit,
      used: limit - held + (fault.wait * limit) / 60_000,
      requested: held,
      waitMs: fault.wait,
    })
  }
}

const CONTEXT_FULL: Trouble = {
  type: 'invalid_request_error',
  code: 'context_length_exceeded',
  message: 'The conversation exceeds the context window of the model and truncation is disabled.',
  param: null,
}
