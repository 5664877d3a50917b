// Every sentence that the page says about a call, a microphone or a number. Knows no call itself, draws nothing.
import type { CallRecord, Phase } from './call-record.ts'

export const phaseNames: Record<Phase, string> = {
  dialling: 'Dialling',
  waiting: 'Waiting',
  live: 'Live',
  refused: 'Refused',
  ended: 'Ended',
}

const closeMeanings: Record<number, string> = {
  1000: 'normal end',
  1001: 'the server is going away, or the longest call was reached',
  1005: 'no code given',
  1006: 'the connection broke or never opened',
  1008: 'not allowed',
  1009: 'too much sent',
  1011: 'fault on the server',
  1012: 'the server restarts',
  1013: 'no line free now, try later',
  3000: 'key not accepted',
  4000: 'request not accepted',
  4004: 'model not found',
}

export function closeSentence(code: number, reason: string): string {
  const meaning = closeMeanings[code]
  const parts = [`Close code ${code}`, meaning === undefined ? '' : ` (${meaning})`, reason === '' ? '' : `: ${reason}`]
  return parts.join('')
}

/** Why the call is where it is; empty while the state's name says enough. */
export function whySentence(record: CallRecord): string {
  switch (record.phase) {
    case 'waiting':
      return placeSentence(record.place?.position, record.place?.etaMs)
    case 'live':
      return record.waitedMs === undefined ? '' : `Put through after ${duration(record.waitedMs)}.`
    case 'ended':
      return record.hungUp ? 'You hung up.' : 'The server ended the call.'
    case 'refused':
      return neverOpened(record) ? 'The server could not be reached, or it turned the connection down.' : ''
    default:
      return ''
  }
}

/** A browser hides the status and body of a refused upgrade: nothing came but code 1006. */
export function neverOpened(record: CallRecord): boolean {
  return record.fault === undefined && record.close?.code === 1006
}

function placeSentence(position: number | undefined, etaMs: number | undefined): string {
  const place = position === undefined ? 'In the queue' : `Place ${position} in the queue`
  return etaMs === undefined ? `${place}.` : `${place}, about ${duration(etaMs)} to wait.`
}

/** A call's clock: 0:07, 12:30, 1:02:03. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const tail = String(seconds % 60).padStart(2, '0')
  return hours === 0 ? `${minutes}:${tail}` : `${hours}:${String(minutes).padStart(2, '0')}:${tail}`
}

export function duration(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000))
  if (seconds < 90) return `${seconds} s`
  if (seconds < 5_400) return `${Math.ceil(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.ceil(seconds / 3_600)} hours`
  return `${Math.ceil(seconds / 86_400)} days`
}

export function amount(value: number): string {
  return value.toLocaleString('en-US')
}

/** Small sums keep their digits: a spoken answer costs tenths of a cent. */
export function dollars(microUsd: number): string {
  const value = microUsd / 1_000_000
  return `$${value.toFixed(value !== 0 && Math.abs(value) < 1 ? 4 : 2)}`
}

/** By the names that browsers give their errors (W3C Media Capture, getUserMedia). */
export function microphoneSentence(errorName: string): string {
  switch (errorName) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'The browser does not let this page use the microphone. Allow it in the site settings, or call with the recording.'
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'This device has no microphone. Connect one, or call with the recording.'
    case 'NotReadableError':
    case 'AbortError':
      return 'The microphone is in use by another program. Close that, or call with the recording.'
    case 'InsecureContext':
      return 'Browsers give the microphone to pages on https or localhost only. Open the page there, or call with the recording.'
    default:
      return `The microphone did not start (${errorName}). Try again, or call with the recording.`
  }
}
