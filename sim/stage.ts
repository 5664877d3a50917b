// What the parts of one session share: its configuration, its conversation, a way to send. No logic of its own.

import type { Config } from './config.ts'
import type { Conversation } from './conversation.ts'
import type { Fault, FaultKind } from './faults.ts'
import type { Model } from './models.ts'
import type { Settings } from './options.ts'
import type { Quota } from './quota.ts'
import type { ServerEvent } from './response.ts'
import type { Usage } from './tokens.ts'
import type { TranscriptionUsage } from './transcription.ts'
import type { Trouble } from './trouble.ts'

export type ClientEvent = Readonly<Record<string, unknown>>

/** A usage report as it was sent to a client: what a ledger must come to. */
export type UsageReport = {
  readonly sessionId: string
  readonly model: string
  readonly atMs: number
} & (
  | { readonly kind: 'response'; readonly responseId: string; readonly status: string; readonly usage: Usage }
  | { readonly kind: 'transcription'; readonly itemId: string; readonly usage: TranscriptionUsage }
)

export type NewReport =
  | Omit<Extract<UsageReport, { kind: 'response' }>, 'sessionId' | 'model' | 'atMs'>
  | Omit<Extract<UsageReport, { kind: 'transcription' }>, 'sessionId' | 'model' | 'atMs'>

export interface Stage {
  readonly settings: Settings
  readonly quota: Quota
  readonly model: Model
  readonly conversation: Conversation
  readonly conversationId: string
  readonly config: Config
  send(event: ServerEvent): void
  complain(trouble: Trouble, about?: ClientEvent): void
  report(report: NewReport): void
  /** The fault of this kind, if it is on for this session now. */
  fault<K extends FaultKind>(kind: K): Extract<Fault, { kind: K }> | undefined
}
