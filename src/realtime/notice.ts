// What the broker needs to know of a provider's event, and nothing more. Knows no call.
import { readUsage, type Usage } from './usage.ts'

export type Notice =
  /** `hears`: of the session, what says how it is heard. */
  | { is: 'session'; transcription: string | undefined; hears: Json }
  /** `outOfBand`: beside the conversation. `most`: output tokens that it may have. */
  | { is: 'began'; reply: string; outOfBand: boolean; most: number | undefined }
  | { is: 'finished'; reply: string; usage: Usage | undefined; limited: boolean }
  | { is: 'transcribed'; item: string; usage: Usage | undefined }
  | { is: 'error' }

/** An item joined the conversation. */
export interface Joined {
  is: 'joined'
  item: string
}

type Json = Record<string, unknown>

const readers: Record<string, (event: Json) => Notice | Joined> = {
  'session.created': session,
  'session.updated': session,
  'response.created': (event) => {
    const most = at(event, 'response', 'max_output_tokens') // or "inf"
    return {
      is: 'began',
      reply: text(at(event, 'response', 'id')),
      outOfBand: at(event, 'response', 'conversation_id') === null,
      most: typeof most === 'number' && Number.isInteger(most) && most >= 1 ? most : undefined,
    }
  },
  'response.done': (event) => ({
    is: 'finished',
    reply: text(at(event, 'response', 'id')),
    usage: readUsage(at(event, 'response', 'usage')),
    limited: at(event, 'response', 'status_details', 'error', 'code') === 'rate_limit_exceeded',
  }),
  'conversation.item.input_audio_transcription.completed': (event) => {
    const [item, part] = [text(event['item_id']), event['content_index']]
    return {
      is: 'transcribed',
      item: item && `${item}/${typeof part === 'number' ? part : 0}`,
      usage: readUsage(event['usage']),
    }
  },
  'conversation.item.added': (event) => ({ is: 'joined', item: text(at(event, 'item', 'id')) }),
  error: () => ({ is: 'error' }),
}

/** Whether an event of this type is to be read. */
export function isNoticed(type: string): boolean {
  return Object.hasOwn(readers, type)
}

/** Reads a provider's control event; undefined for one that concerns only the caller, and for text that is no event. */
export function readNotice(frame: string): Notice | Joined | undefined {
  let event: unknown
  try {
    event = JSON.parse(frame)
  } catch {
    return undefined
  }
  const type = at(event, 'type')
  return typeof type === 'string' && isNoticed(type) ? readers[type]?.(event as Json) : undefined
}

/** The provider names our organisation in some texts; a caller never sees it (C5). */
export function withoutOrganisation(frame: string): string {
  if (!frame.includes('org-')) return frame
  return /"type"\s*:\s*"(error|response\.done)"/.test(frame) ? redacted(frame) : frame
}

/** Ids are "org-" and some 24 letters and digits; words like "org-wide", which a reply may say, are shorter. */
export function redacted(text: string): string {
  return text.replaceAll(/\borg-[A-Za-z0-9]{12,}/g, 'org-…')
}

function session(event: Json): Notice {
  const model = at(event, 'session', 'audio', 'input', 'transcription', 'model')
  return {
    is: 'session',
    transcription: typeof model === 'string' ? model : undefined,
    hears: {
      output_modalities: at(event, 'session', 'output_modalities'),
      audio: { output: { format: at(event, 'session', 'audio', 'output', 'format') } },
    },
  }
}

function at(value: unknown, ...path: string[]): unknown {
  let here = value
  for (const name of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = (here as Json)[name]
  }
  return here
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
