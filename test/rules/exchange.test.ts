// One call from its admission to its record, with the clock, the sockets and the desk in hand.
import { expect, test } from 'vitest'
import { Exchange } from '../../src/exchange.ts'
import { cancelGraceMs, dialTimeoutMs, firstFrameDelayMs, lagBytes, lagMs, lateCloseMs } from '../../src/limits.ts'
import type { CallTerms } from '../../src/plan.ts'
import { UpstreamFault } from '../../src/ports.ts'
import { HandHost, offer, RecordedSocket, settle, target, terms } from './host.ts'

interface Scene {
  host: HandHost
  caller: RecordedSocket
  exchange: Exchange
}

const append = '{"type":"input_audio_buffer.append","audio":"AAAA"}'
const created = { type: 'session.created', session: { type: 'realtime' } }
const began = (id: string) => ({ type: 'response.created', response: { id } })
const done = (id: string, tokens = 10) => ({
  type: 'response.done',
  response: {
    id,
    usage: {
      input_tokens: tokens,
      input_token_details: { text_tokens: tokens, cached_tokens: 0 },
      output_tokens: 0,
      output_token_details: { text_tokens: 0 },
    },
  },
})

/** A call that was admitted 7 ms after its upgrade, with its caller's socket open. */
function begin(own: Partial<CallTerms> = {}): Scene {
  const host = new HandHost()
  const caller = new RecordedSocket(host.clock)
  const exchange = new Exchange(offer, target, { ...terms, ...own }, host.clock.now() - 7, host)
  exchange.begin(caller, { is: 'granted', terms })
  return { host, caller, exchange }
}

/** A call whose provider has answered, 300 ms after it was dialled. */
async function live(own: Partial<CallTerms> = {}): Promise<Scene & { upstream: RecordedSocket }> {
  const scene = begin(own)
  scene.host.clock.pass(300)
  return { ...scene, upstream: await scene.host.upstream.opens() }
}

test('[C4] dials the address of its upstream, once', () => {
  expect(begin().host.upstream.dialled).toEqual([target.url])
})

test('[C2] what was said early goes upstream in order when the provider answers, and the rest after it', async () => {
  const { host, exchange } = begin()
  const early = ['{"type":"session.update","session":{}}', append, '{"type":"response.create"}']
  for (const frame of early) exchange.fromCaller(frame)
  const upstream = await host.upstream.opens()
  exchange.fromCaller(append)
  expect(upstream.sent).toEqual([...early, append])
})

test('[C4] what the tenant pins goes before all that was said early', async () => {
  const { host, exchange } = begin({ pinned: { instructions: 'Be kind.' } })
  exchange.fromCaller(append)
  const upstream = await host.upstream.opens()
  expect(upstream.events[0]).toEqual({
    type: 'session.update',
    session: { type: 'realtime', instructions: 'Be kind.' },
  })
  expect(upstream.sent[1]).toBe(append)
})

test('[H2] nothing is sent to a caller before it can listen, and nothing of it is lost', async () => {
  const { host, caller } = begin()
  await host.upstream.opens()
  host.upstream.says(created)
  host.upstream.says({ type: 'x' })
  host.clock.pass(firstFrameDelayMs - 1)
  expect(caller.sent).toEqual([])
  host.clock.pass(1)
  expect(caller.types).toEqual(['session.created', 'x'])
  host.upstream.says({ type: 'y' })
  expect(caller.types).toEqual(['session.created', 'x', 'y'])
})

test('[H2] a caller that is closed at once hears why first', async () => {
  const { host, caller, exchange } = begin()
  exchange.wrapUp({ why: 'key_withdrawn' })
  expect([caller.sent, caller.closes]).toEqual([[], []])
  host.clock.pass(firstFrameDelayMs)
  expect(caller.errors).toEqual(['revoked_api_key'])
  expect(caller.closes).toMatchObject([{ code: 1008, reason: 'authentication_error.revoked_api_key' }])
})

test('[C7] a provider that does not answer in time is given up: the caller is told and its line is free at once', async () => {
  const { host, caller } = begin()
  host.clock.pass(dialTimeoutMs - 1)
  expect([caller.sent, host.desks.ends]).toEqual([[], 0])
  host.clock.pass(1)
  expect(caller.errors).toEqual(['upstream_timeout'])
  expect([host.desks.ends, host.upstream.abandoned]).toEqual([1, true])
  expect(caller.closes).toEqual([])
  await settle()
  expect(host.desks.records[0]).toMatchObject({
    outcome: { by: 'upstream', why: 'upstream_silent' },
    connectMs: null,
    liveMs: 0,
  })
})

test.each([
  ['as it says', new UpstreamFault({ why: 'upstream_refused', details: { status: 429 } }), 'upstream_refused'],
  ['as unreachable when it says nothing', new Error('fetch failed'), 'upstream_unreachable'],
])('[C7] a dial that fails is told %s', async (_how, error, code) => {
  const { host, caller } = begin()
  host.clock.pass(firstFrameDelayMs)
  await host.upstream.fails(error)
  expect(caller.errors).toEqual([code])
  expect(host.desks.records).toHaveLength(1)
  host.clock.pass(dialTimeoutMs)
  expect(caller.errors).toHaveLength(1)
})

test('[H5] a caller that may come back is closed 2 s after it was told, not sooner, also when that was at once', async () => {
  const { host, caller } = begin()
  await host.upstream.fails(new Error('refused'))
  const start = host.clock.now()
  host.clock.pass(firstFrameDelayMs)
  expect(caller.errors).toEqual(['upstream_unreachable'])
  host.clock.pass(10_000)
  const [close] = caller.closes
  expect(caller.closes).toHaveLength(1)
  expect(close?.code).toBe(1013)
  expect((close?.at ?? 0) - start - firstFrameDelayMs).toBeGreaterThanOrEqual(lateCloseMs)
})

test('[C6] a caller that leaves while we dial leaves nothing behind: what opens later is closed', async () => {
  const { host, caller, exchange } = begin()
  exchange.fromCaller('{"type":"session.update","session":{}}')
  host.clock.pass(100)
  exchange.callerGone(1001, 'bye')
  expect([host.upstream.abandoned, host.desks.ends]).toEqual([true, 1])
  const upstream = await host.upstream.opens()
  expect(upstream.closes).toHaveLength(1)
  expect(upstream.sent).toEqual([])
  expect(host.desks.ends).toBe(1)
  expect(caller.closes).toMatchObject([{ code: 1001, reason: 'bye' }])
})

test('[C6] a caller that hangs up in the quiet closes its provider at once', async () => {
  const { host, upstream, exchange } = await live()
  exchange.callerGone(1005, '')
  expect(upstream.closes).toMatchObject([{ code: 1000, at: host.clock.now() }])
  expect(upstream.sent).toEqual([])
  expect(host.desks.ends).toBe(1)
})

test('[C6] a caller that hangs up in mid-reply has it broken off, and its provider closed within 250 ms', async () => {
  const { host, upstream, exchange } = await live()
  host.upstream.says(began('r1'))
  exchange.callerGone(1000, '')
  expect(upstream.types).toEqual(['response.cancel'])
  expect([upstream.closes.length, host.desks.ends]).toEqual([0, 0])
  host.clock.pass(cancelGraceMs)
  expect(cancelGraceMs).toBeLessThanOrEqual(250)
  expect([upstream.closes.length, host.desks.ends]).toEqual([1, 1])
})

test('[L1] a reply that is broken off still reports what it has cost, and nobody hears it', async () => {
  const { host, caller, upstream, exchange } = await live()
  host.upstream.says(began('r1'))
  const heard = caller.sent.length
  exchange.callerGone(1000, '')
  host.upstream.says('{"type":"response.output_audio.delta","delta":"AAAA"}')
  host.upstream.says(new Uint8Array([1]))
  host.upstream.says(done('r1', 42))
  await settle()
  expect(upstream.closes).toHaveLength(1)
  expect(caller.sent).toHaveLength(heard)
  expect(host.desks.records[0]).toMatchObject({ tokens: 42, replies: 1, outcome: { why: 'hung_up', inReply: true } })
  expect([...host.desks.taken.keys()]).toEqual(['reply:r1'])
})

test('[L1] of several replies each is broken off by its own id, and each reports: also one that is out of band, or begins only then', async () => {
  const { host, upstream, exchange } = await live()
  host.upstream.says(began('main'))
  host.upstream.says({ type: 'response.created', response: { id: 'beside', conversation_id: null } })
  exchange.callerGone(1000, '')
  host.upstream.says(began('late'))
  expect(upstream.events).toEqual(
    ['main', 'beside', 'late'].map((response_id) => ({ type: 'response.cancel', response_id })),
  )
  for (const [id, tokens] of [
    ['main', 1],
    ['late', 2],
  ] as const)
    host.upstream.says(done(id, tokens))
  expect(upstream.closes).toEqual([])
  host.upstream.says(done('beside', 4))
  await settle()
  expect(upstream.closes).toHaveLength(1)
  expect(host.desks.records).toMatchObject([{ tokens: 7, replies: 3 }])
})

test('[C6] a reply that the provider gave no id is broken off without one', async () => {
  const { host, upstream, exchange } = await live()
  host.upstream.says({ type: 'response.created', response: {} })
  exchange.callerGone(1000, '')
  expect(upstream.sent).toEqual(['{"type":"response.cancel"}'])
})

test('[C9] after the last word nothing of the provider reaches the caller', async () => {
  const { host, caller, exchange } = await live()
  host.upstream.says(began('r1'))
  exchange.cut('upstream', { why: 'upstream_slow', details: { bytes: 1, ms: 1 } })
  host.upstream.says('{"type":"response.output_audio.delta","delta":"AAAA"}')
  host.upstream.says(done('r1'))
  expect(caller.types).toEqual(['response.created', 'error'])
  expect(caller.closes).toEqual([])
})

test('[C6] what a caller says after it was given up goes nowhere', async () => {
  const { host, upstream, exchange, caller } = await live()
  host.upstream.says(began('r1'))
  exchange.cut('caller', { why: 'too_fast' })
  exchange.fromCaller(append)
  host.clock.pass(cancelGraceMs)
  exchange.fromCaller(append)
  exchange.fromCaller('not JSON')
  expect(upstream.types).toEqual(['response.cancel'])
  expect(caller.errors).toEqual(['frames_too_fast'])
})

test.each([
  [1000, 'done', [], 1000, 'done'],
  [1006, '', ['upstream_closed'], 1011, 'server_error.upstream_closed'],
  [1005, '', ['upstream_closed'], 1000, 'server_error.upstream_closed'],
  [4001, 'expired', ['upstream_closed'], 4001, 'expired'],
])(
  '[C7] a provider that goes with %d "%s" has the caller told %j and closed with %d',
  async (code, reason, errors, sent, said) => {
    const { host, caller } = await live()
    host.upstream.closes(code, reason)
    expect(caller.errors).toEqual(errors)
    expect(caller.closes).toMatchObject([{ code: sent, reason: said }])
    expect(host.desks.ends).toBe(1)
  },
)

test("[C7] a provider's own error right before its close explains it; one long ago does not", async () => {
  const error = { type: 'error', error: { type: 'server_error', message: 'session expired' } }
  const { host, caller } = await live()
  host.upstream.says(error)
  host.clock.pass(999)
  host.upstream.closes(1011)
  expect(caller.types).toEqual(['error'])

  const later = await live()
  later.host.upstream.says(error)
  later.host.clock.pass(1_000)
  later.host.upstream.closes(1011)
  expect(later.caller.types).toEqual(['error', 'error'])
})

test("[C5] the organisation's id is not in the close reason that a caller sees", async () => {
  const { host, caller } = await live()
  host.upstream.closes(4029, 'Rate limit reached in organization org-abcdefghijklmnopqrstuvwx on tokens')
  expect(caller.closes[0]?.reason).toContain('Rate limit reached in organization')
  expect(caller.closes[0]?.reason).not.toContain('org-abc')
})

test('[L1] a report that the desk did not take is sent again with the next one, and each is taken once', async () => {
  const { host } = await live()
  host.desks.down = true
  host.upstream.says(done('r1'))
  await settle()
  host.desks.down = false
  host.upstream.says(done('r2'))
  await settle()
  host.upstream.says(done('r3'))
  await settle()
  expect(host.desks.attempts).toEqual([['reply:r1'], ['reply:r1', 'reply:r2'], ['reply:r3']])
  expect([...host.desks.taken.keys()]).toEqual(['reply:r1', 'reply:r2', 'reply:r3'])
  expect(host.faults).toHaveLength(1)
})

test('[L1] a report that comes while another is on its way is sent after it', async () => {
  const { host } = await live()
  host.upstream.says(done('r1'))
  host.upstream.says(done('r2'))
  expect(host.desks.attempts).toEqual([['reply:r1']])
  await settle()
  expect(host.desks.attempts).toEqual([['reply:r1'], ['reply:r2']])
})

test('[L1] replies without an id, and transcriptions, are reports of their own', async () => {
  const { host, exchange } = await live()
  host.upstream.says({
    type: 'session.updated',
    session: { audio: { input: { transcription: { model: 'whisper-1' } } } },
  })
  host.upstream.says({ type: 'session.updated', session: {} })
  host.upstream.says({ type: 'response.done', response: {} })
  host.upstream.says({ type: 'response.done', response: {} })
  const heard = { type: 'conversation.item.input_audio_transcription.completed', item_id: 'i', content_index: 0 }
  host.upstream.says({ ...heard, usage: { type: 'duration', seconds: 10 } })
  await settle()
  await exchange.heartbeat()
  expect(host.desks.taken.size).toBe(3)
  expect(host.desks.taken.get('transcript:i/0')?.amounts).toEqual({ transcribed_ms: 10_000, micro_usd: 1_000 })
})

test('[C1] a desk that is cut off when a call ends is told with the next heartbeat, until it has the record', async () => {
  const { host, exchange } = await live()
  host.upstream.says(done('r1', 5))
  host.desks.down = true
  exchange.callerGone(1000, '')
  await settle()
  await exchange.heartbeat()
  expect([host.desks.ends, host.settledCalls]).toEqual([2, []])
  host.desks.down = false
  host.clock.pass(60_000)
  await exchange.heartbeat()
  await exchange.heartbeat()
  expect([host.desks.ends, host.settledCalls]).toEqual([3, [offer.call]])
  expect(host.desks.records[0]).toMatchObject({ tokens: 5, liveMs: 0, outcome: { why: 'hung_up' } })
  expect(host.faults).toHaveLength(2)
})

test('[G10] a live call goes on while its desk is cut off', async () => {
  const { host, exchange, caller, upstream } = await live()
  host.desks.down = true
  await exchange.heartbeat()
  exchange.fromCaller(append)
  expect([host.faults.length, caller.closes.length, upstream.sent.length]).toEqual([1, 0, 1])
})

test('[K3] a call whose key was revoked learns it with its heartbeat', async () => {
  const { host, exchange, caller } = await live()
  await exchange.heartbeat()
  expect([host.desks.renewed, caller.closes.length]).toEqual([1, 0])
  host.desks.renewal = { is: 'withdrawn', refusal: { why: 'key_withdrawn' } }
  await exchange.heartbeat()
  expect(caller.errors).toEqual(['revoked_api_key'])
  expect(host.desks.ends).toBe(1)
})

test.each(['caller', 'upstream'] as const)(
  '[C8] a %s that reads nothing more is found by the heartbeat',
  async (who) => {
    const { host, exchange, caller, upstream } = await live()
    const slow = who === 'caller' ? caller : upstream
    slow.backlog = lagBytes + 1
    await exchange.heartbeat()
    expect(caller.errors).toEqual([])
    host.clock.pass(lagMs)
    await exchange.heartbeat()
    expect(caller.errors).toEqual([who === 'caller' ? 'caller_too_slow' : 'upstream_too_slow'])
    await settle()
    expect(host.desks.records[0]?.outcome.by).toBe(who)
  },
)

test('[C1] the record says who ended it, what it took and how long', async () => {
  const { host, exchange } = await live()
  host.clock.pass(1_000)
  host.upstream.says('{"type":"input_audio_buffer.speech_stopped"}')
  host.clock.pass(450)
  host.upstream.says('{"type":"response.output_audio.delta","delta":"AAAA"}')
  host.upstream.says(done('r1', 30))
  host.upstream.says(done('r2', 20))
  host.upstream.says('{"type":"input_audio_buffer.speech_stopped"}')
  host.clock.pass(50)
  host.upstream.says('{"type":"response.output_audio.delta","delta":"AAAA"}')
  exchange.callerGone(1001, 'tab closed')
  await settle()
  expect(host.desks.records).toEqual([
    {
      model: 'gpt-realtime-2.1',
      outcome: { by: 'caller', why: 'hung_up', code: 1001, reason: 'tab closed', inReply: false },
      waitedMs: 0,
      liveMs: 1_500,
      tokens: 50,
      microUsd: 200,
      replies: 2,
      firstAudioMs: 450,
      peakContextTokens: 30,
      firstMinuteTokens: 50,
      firstReplyTokens: 30,
      timeMicroUsd: 0,
      tokensPerMinute: 2_000,
      cachedShare: 0,
      heldTokens: 0,
      settledTokens: 0,
      silentMs: null,
      overheadMs: 7,
      connectMs: 300,
    },
  ])
})

test('[P4] its heartbeat tells the desk how much the call is predicted to take, once it is a minute old', async () => {
  const { host, exchange } = await live()
  host.upstream.says(done('r1', 30))
  await exchange.heartbeat()
  host.clock.pass(60_000)
  await exchange.heartbeat()
  expect(host.desks.loads).toEqual([null, 30])
})

test('[P4] a call that is not live yet says nothing of what it takes, and one that never was has shown no first minute', async () => {
  const { host, exchange } = begin()
  await exchange.heartbeat()
  exchange.callerGone(1001, '')
  await settle()
  expect([host.desks.loads, host.desks.records[0]?.firstMinuteTokens]).toEqual([[null], null])
})

test('[L1] a heartbeat with nothing to debit debits nothing', async () => {
  const { host, exchange } = await live()
  await exchange.heartbeat()
  expect([host.desks.renewed, host.desks.attempts]).toEqual([1, []])
})

test('[C1] a dial that was answered, failed or given up leaves no timer behind', async () => {
  const answered = await live({ longestMs: null })
  expect(answered.host.clock.waiting).toBe(0)
  const failed = begin({ longestMs: null })
  failed.host.clock.pass(firstFrameDelayMs)
  await failed.host.upstream.fails(new Error('x'))
  failed.host.clock.pass(lateCloseMs)
  expect(failed.host.clock.waiting).toBe(0)
  const left = begin()
  left.host.clock.pass(firstFrameDelayMs)
  left.exchange.callerGone(1000, '')
  expect(left.host.clock.waiting).toBe(0)
})

test('[C1] a call that is over leaves no timer behind', async () => {
  const { host, exchange } = await live()
  exchange.wrapUp({ why: 'key_withdrawn' })
  host.clock.pass(lateCloseMs)
  expect(host.clock.waiting).toBe(0)
})

test('[R1] errors that we make have ids of their own', async () => {
  const { caller, exchange } = await live()
  exchange.fromCaller('{"type":"session.update","event_id":"mine","session":{"model":"other"}}')
  exchange.fromCaller('nonsense')
  const [first, second] = caller.events as { event_id: string; error: { event_id: string | null } }[]
  expect([first?.error.event_id, second?.error.event_id]).toEqual(['mine', null])
  expect(first?.event_id).not.toBe(second?.event_id)
})
