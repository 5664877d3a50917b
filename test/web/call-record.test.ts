// The life of a call as the page tells it: states, refusals, queue, tokens, latency, transcript.
import { describe, expect, test } from 'vitest'
import { advance, newRecord, type CallRecord, type Happening } from '../../web/call-record.ts'
import { whySentence } from '../../web/sentences.ts'
import type { WireEvent } from '../../web/wire-event.ts'

type Step = Happening | WireEvent

/** Events are received, one every 100 ms from 1,100 on, unless a step says otherwise. */
function after(...steps: Step[]): CallRecord {
  return steps.reduce<CallRecord>((record, step, index) => {
    const at = 1_100 + index * 100
    return advance(record, isHappening(step) ? step : { kind: 'received', event: step, at })
  }, newRecord(1_000))
}

function isHappening(step: Step): step is Happening {
  return 'kind' in step
}

const created = { type: 'session.created', session: { id: 'sess_1' } }
const refusal = {
  type: 'error',
  error: { type: 'rate_limit_error', code: 'queue_full', message: 'All lines are in use.' },
}
const hangUp: Happening = { kind: 'hung-up', at: 9_000 }

function closed(code: number, reason = ''): Happening {
  return { kind: 'closed', code, reason, at: 9_500 }
}

function sent(event: WireEvent, at = 5_000): Happening {
  return { kind: 'sent', event, at }
}

describe('states', () => {
  test('[WEB] a call is dialling until the session is created, then live', () => {
    expect(after().phase).toBe('dialling')
    expect(after(created)).toMatchObject({ phase: 'live', liveAt: 1_100 })
  })

  test('[WEB] an error before the session is a refusal, with message, code and the close that follows', () => {
    const refused = after(refusal)
    expect(refused).toMatchObject({ phase: 'refused', fault: { message: 'All lines are in use.', code: 'queue_full' } })
    expect(refused.endedAt).toBeUndefined()
    expect(after(refusal, closed(1013, 'queue_full'))).toMatchObject({
      phase: 'refused',
      close: { code: 1013 },
      endedAt: 9_500,
    })
  })

  test('[WEB] an error in a live call ends nothing', () => {
    expect(after(created, refusal)).toMatchObject({ phase: 'live', fault: { code: 'queue_full' } })
  })

  test('[WEB] a connection that never opened is refused, and the page admits that it knows no more', () => {
    const record = after(closed(1006))
    expect(record.phase).toBe('refused')
    expect(whySentence(record)).toMatch(/could not be reached/)
  })

  test('[WEB] who ended a live call is told apart', () => {
    expect(whySentence(after(created, closed(1001)))).toBe('The server ended the call.')
    const mine = after(created, hangUp, closed(1000))
    expect(whySentence(mine)).toBe('You hung up.')
    expect(mine.endedAt).toBe(9_000)
  })

  test('[WEB] a session that is created after the hang-up does not bring the call back', () => {
    expect(after(hangUp, created).phase).toBe('ended')
  })
})

describe('queue', () => {
  test('[WEB] a place in the queue is shown with the wait, and both leave when the call is live', () => {
    const joined = { type: 'trunkline.queue.joined', position: 3, eta_ms: 40_000 }
    expect(whySentence(after(joined))).toBe('Place 3 in the queue, about 40 s to wait.')
    const updated = { type: 'trunkline.queue.updated', position: 1, eta_ms: null }
    expect(whySentence(after(joined, updated))).toBe('Place 1 in the queue.')
    expect(after(joined, updated, created)).toMatchObject({ phase: 'live', place: undefined })
  })

  test('[WEB] a caller that was put through sees how long it waited, and still waits while it is only told that it is there', () => {
    const joined = { type: 'trunkline.queue.joined', position: 1, eta_ms: null }
    const waiting = { type: 'trunkline.queue.waiting', position: 1, eta_ms: 5_000, waited_ms: 20_000 }
    expect(whySentence(after(joined, waiting))).toBe('Place 1 in the queue, about 5 s to wait.')
    const admitted = { type: 'trunkline.queue.admitted', waited_ms: 21_400 }
    expect(whySentence(after(joined, waiting, admitted, created))).toBe('Put through after 22 s.')
    expect(after(joined, waiting, admitted, created).notices).toEqual([])
  })

  test('[WEB] events of the broker that the page does not know are kept to be shown', () => {
    const notice = { type: 'trunkline.budget.warned', percent: 80 }
    expect(after(created, notice)).toMatchObject({ phase: 'live', notices: [notice] })
  })
})

describe('books', () => {
  test('[WEB] tokens add up over responses, cached inside input, and a missing report is unknown', () => {
    const usage = { input_tokens: 100, output_tokens: 40, input_token_details: { cached_tokens: 64 } }
    const { tally } = after(created, done(usage), done(usage), done(null))
    expect(tally).toEqual({ input: 200, cached: 128, output: 80, responses: 3, unknown: 1 })
  })

  test('[WEB] latency runs from the end of speech to the first audio, through a function call', () => {
    const stopped = { type: 'input_audio_buffer.speech_stopped' }
    const audio = { type: 'response.output_audio.delta', delta: '' }
    const again = sent({ type: 'response.create' }, 1_350)
    expect(after(created, stopped, again, audio, audio).latencyMs).toBe(200)
  })

  test('[WEB] a typed turn is timed from the request for its answer', () => {
    const audio = { type: 'response.output_audio.delta', delta: '' }
    expect(after(created, sent({ type: 'response.create' }, 1_150), audio).latencyMs).toBe(150)
  })
})

describe('transcript', () => {
  test('[WEB] the caller keeps the place of the turn although its text comes late', () => {
    const { transcript } = after(
      created,
      { type: 'input_audio_buffer.committed', item_id: 'u1' },
      { type: 'response.output_audio_transcript.delta', item_id: 'a1', delta: 'It is ' },
      { type: 'conversation.item.input_audio_transcription.completed', item_id: 'u1', transcript: 'What time is it?' },
      { type: 'response.output_audio_transcript.delta', item_id: 'a1', delta: 'noon.' },
    )
    expect(transcript.map(({ who, text }) => [who, text])).toEqual([
      ['caller', 'What time is it?'],
      ['answer', 'It is noon.'],
    ])
  })

  test('[WEB] a line of the wait is the broker’s, and stands before what the agent says', () => {
    const { transcript } = after(
      { type: 'response.output_audio_transcript.done', item_id: 'item_trunkline_1', transcript: 'Please wait.' },
      created,
      { type: 'response.output_audio_transcript.done', item_id: 'item_1', transcript: 'Good day.' },
    )
    expect(transcript.map(({ who, text }) => [who, text])).toEqual([
      ['broker', 'Please wait.'],
      ['answer', 'Good day.'],
    ])
  })

  test('[WEB] a cut answer is marked, and a function call stands with its result', () => {
    const call = { type: 'response.function_call_arguments.done', item_id: 'f1', call_id: 'c1', name: 'get_time' }
    const output = { type: 'function_call_output', call_id: 'c1', output: '{"time":"12:30"}' }
    const { transcript } = after(
      created,
      { type: 'response.output_text.delta', item_id: 'a1', delta: 'It' },
      sent({ type: 'conversation.item.truncate', item_id: 'a1', content_index: 0, audio_end_ms: 80 }),
      { ...call, arguments: '{"city":"Lisbon"}' },
      sent({ type: 'conversation.item.create', item: output }),
    )
    expect(transcript).toEqual([
      { itemId: 'a1', who: 'answer', text: 'It', cut: true },
      { itemId: 'c1', who: 'tool', text: 'get_time(Lisbon) → 12:30', cut: false },
    ])
  })
})

function done(usage: unknown): WireEvent {
  return { type: 'response.done', response: { id: 'resp_1', status: 'completed', usage } }
}
