// Who is at the door: what an upgrade request says about key, organisation and model, and whether it is let in.

import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { urlOf } from './http-refusal.ts'
import { type Model, modelNamed } from './models.ts'
import type { Settings } from './options.ts'
import { type Refusal, refusals } from './trouble.ts'

const KEY_PROTOCOL = 'openai-insecure-api-key.'

export interface Caller {
  readonly key: string
  readonly keyFrom: 'header' | 'subprotocol'
  readonly organization: string
  readonly headers: IncomingHttpHeaders
  readonly query: URLSearchParams
  readonly kind: 'realtime' | 'transcription'
  readonly modelName: string
  readonly model: Model
  readonly refusal: Refusal | undefined
}

export function protocolsOf(request: IncomingMessage): string[] {
  return (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
}

function keyOf(request: IncomingMessage): Pick<Caller, 'key' | 'keyFrom'> | undefined {
  const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return { key: bearer, keyFrom: 'header' }
  const offered = protocolsOf(request).find((name) => name.startsWith(KEY_PROTOCOL))
  return offered === undefined ? undefined : { key: offered.slice(KEY_PROTOCOL.length), keyFrom: 'subprotocol' }
}

function organizationOf(request: IncomingMessage, key: string): string {
  const offered = protocolsOf(request).find((name) => name.startsWith('openai-organization.'))
  const named = request.headers['openai-organization'] ?? offered?.slice('openai-organization.'.length)
  if (typeof named === 'string' && named !== '') return named
  return `org-${createHash('sha256').update(key).digest('hex').slice(0, 24)}`
}

const UNKNOWN_MODEL: Model = { contextTokens: 0, outputTokens: 0 }

function beta(request: IncomingMessage): boolean {
  return request.headers['openai-beta'] !== undefined || protocolsOf(request).includes('openai-beta.realtime-v1')
}

/** Undefined: no credentials at all, which is the one case that OpenAI answers by HTTP. */
export function callerOf(
  request: IncomingMessage,
  settings: Settings,
  minted: (key: string) => boolean,
): Caller | undefined {
  const credentials = keyOf(request)
  if (credentials === undefined) return undefined
  const query = urlOf(request).searchParams
  const intent = query.get('intent')
  const modelName = query.get('model') ?? ''
  const found = modelNamed(modelName, settings.models)
  const allowed = settings.keys === undefined || settings.keys.includes(credentials.key) || minted(credentials.key)
  const expired =
    credentials.key.startsWith('ek_') && !minted(credentials.key) && settings.keys?.includes(credentials.key) !== true

  let refusal: Refusal | undefined
  if (beta(request)) refusal = refusals.beta_api_shape_disabled
  else if (!allowed || expired) refusal = refusals.invalid_api_key
  else if (intent !== null && intent !== 'transcription') refusal = refusals.invalid_intent
  else if (intent === null && modelName === '') refusal = refusals.missing_model
  else if (intent === null && found === 'retired') refusal = refusals.model_not_found
  else if (intent === null && found === 'unknown') refusal = refusals.invalid_model
  return {
    ...credentials,
    organization: organizationOf(request, credentials.key),
    headers: request.headers,
    query,
    kind: intent === 'transcription' ? 'transcription' : 'realtime',
    modelName,
    model: typeof found === 'string' ? UNKNOWN_MODEL : found,
    refusal,
  }
}
