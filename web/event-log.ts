// The log of one call: what went over the wire, with runs of audio and text pieces folded into one line. Draws nothing.
import { pcmMs } from './pcm.ts'
import { pickText, type WireEvent } from './wire-event.ts'

/** Lines kept; a long call forgets its oldest. */
const mostLines = 300
/** Longest text shown in full inside an event; beyond it there is only base64. */
const longestText = 2_000

export interface LogLine {
  readonly id: number
  readonly at: number
  readonly direction: 'in' | 'out'
  readonly type: string
  readonly count: number
  /** Milliseconds of audio in this line, for audio events. */
  readonly audioMs: number
  /** The last event of the run, with audio shortened. */
  readonly event: WireEvent
}

export interface EventLog {
  readonly lines: readonly LogLine[]
  readonly total: number
}

export const emptyLog: EventLog = { lines: [], total: 0 }

export function logOf(before: EventLog, direction: LogLine['direction'], event: WireEvent, at: number): EventLog {
  const total = before.total + 1
  const audioMs = audioMsOf(event)
  const run = isPiece(event.type) ? findRun(before.lines, direction, event.type) : undefined
  if (run !== undefined) {
    const grown = { ...run, count: run.count + 1, audioMs: run.audioMs + audioMs, event: shortened(event) }
    return { total, lines: before.lines.map((line) => (line === run ? grown : line)) }
  }
  const line = { id: total, at, direction, type: event.type, count: 1, audioMs, event: shortened(event) }
  return { total, lines: [...before.lines, line].slice(-mostLines) }
}

/** Pieces of both directions interleave, so a run is sought through the trailing pieces, up to the last other event. */
function findRun(lines: readonly LogLine[], direction: string, type: string): LogLine | undefined {
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const line = lines[index]
    if (line === undefined || !isPiece(line.type)) return undefined
    if (line.type === type && line.direction === direction) return line
  }
  return undefined
}

function isPiece(type: string): boolean {
  return type === 'input_audio_buffer.append' || type.endsWith('.delta')
}

function audioMsOf(event: WireEvent): number {
  if (event.type === 'input_audio_buffer.append') return pcmMs(pickText(event, 'audio') ?? '')
  if (event.type === 'response.output_audio.delta') return pcmMs(pickText(event, 'delta') ?? '')
  return 0
}

function shortened(event: WireEvent): WireEvent {
  const audio = event.type === 'input_audio_buffer.append' ? 'audio' : 'delta'
  const isAudio = audio === 'audio' || event.type === 'response.output_audio.delta'
  const entries = Object.entries(event).map(([key, value]) => {
    const tooLong = typeof value === 'string' && (value.length > longestText || (isAudio && key === audio))
    return [key, tooLong ? `${value.slice(0, 16)}… (${value.length} characters)` : value] as const
  })
  return { ...Object.fromEntries(entries), type: event.type }
}
