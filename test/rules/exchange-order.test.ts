// Everything that can happen to one call, in random order: it ends once, is recorded once, and owes nobody anything.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Exchange } from '../../src/exchange.ts'
import { lateCloseMs } from '../../src/limits.ts'
import { UpstreamFault } from '../../src/ports.ts'
import { printSeed, seed } from '../contract/seed.ts'
import { HandHost, offer, RecordedSocket, settle, target, terms } from './host.ts'

type Happening =
  | 'upstream opens'
  | 'upstream fails'
  | 'upstream closes'
  | 'upstream errs'
  | 'reply begins'
  | 'reply ends'
  | 'caller speaks'
  | 'caller sends nonsense'
  | 'caller sends too much'
  | 'caller leaves'
  | 'wrap up'
  | 'drain'
  | 'its turn comes'
  | 'it moves up'
  | 'a line is free'
  | 'heartbeat'
  | 'desk goes'
  | 'desk comes'
  | 'key is revoked'
  | 'a moment'
  | 'a while'

const happening = fc.oneof(
  ...(
    [
      ['upstream opens', 4],
      ['upstream fails', 1],
      ['upstream closes', 1],
      ['upstream errs', 1],
      ['reply begins', 4],
      ['reply ends', 4],
      ['caller speaks', 3],
      ['caller sends nonsense', 1],
      ['caller sends too much', 1],
      ['caller leaves', 1],
      ['wrap up', 1],
      ['drain', 1],
      ['its turn comes', 3],
      ['it moves up', 1],
      ['a line is free', 1],
      ['heartbeat', 3],
      ['desk goes', 2],
      ['desk comes', 2],
      ['key is revoked', 1],
      ['a moment', 4],
      ['a while', 1],
    ] as const
  ).map(([name, weight]) => ({ weight, arbitrary: fc.constant<Happening>(name) })),
)

type Begins = 'granted' | 'queued' | 'full'
const begins = fc.constantFrom<Begins>('granted', 'granted', 'queued', 'queued', 'full')

/** Plays one sequence; what a peer did that is gone, it cannot do again. */
class Play {
  readonly host = new HandHost()
  readonly caller = new RecordedSocket(this.host.clock)
  readonly exchange = new Exchange(offer, target, terms, this.host.clock.now(), this.host)
  readonly pending: Promise<void>[] = []
  dial: 'open' | 'failed' | 'closed' | undefined
  callerThere = true
  replies: string[] = []
  reported: string[] = []
  begun = 0

  constructor(begins: Begins) {
    const admissions = {
      granted: { is: 'granted', terms },
      queued: { is: 'queued', terms, place: 3, short: 'lines', etaMs: null },
      full: { is: 'full', terms, refusal: { why: 'queue_full', details: { room: 5 } } },
    } as const
    this.host.desks.answer = admissions.queued
    this.exchange.begin(this.caller, admissions[begins])
  }

  get #dialled(): boolean {
    return this.host.upstream.dialled.length > 0
  }

  async play(happening: Happening): Promise<void> {
    const { host, exchange } = this
    const speaks = this.dial === 'open' && host.upstream.socket?.closes.length === 0
    if (happening === 'upstream opens' && this.#dialled && this.dial === undefined) {
      this.dial = 'open'
      await host.upstream.opens()
    } else if (happening === 'upstream fails' && this.#dialled && this.dial === undefined) {
      this.dial = 'failed'
      await host.upstream.fails(new UpstreamFault({ why: 'upstream_refused', details: { status: 500 } }))
    } else if (happening === 'upstream closes' && this.dial === 'open') {
      this.dial = 'closed'
      host.upstream.closes(1006)
    } else if (happening === 'upstream errs' && speaks) host.upstream.says({ type: 'error', error: { code: 'x' } })
    else if (happening === 'reply begins' && speaks) {
      const id = `r${this.begun++}`
      this.replies.push(id)
      host.upstream.says({ type: 'response.created', response: { id } })
    } else if (happening === 'reply ends' && speaks) this.#endReply()
    else if (happening === 'caller leaves' && this.callerThere) {
      this.callerThere = false
      exchange.callerGone(1001, '')
    } else if (this.callerThere && happening.startsWith('caller ')) exchange.fromCaller(said[happening] ?? '')
    else if (happening === 'wrap up') exchange.wrapUp({ why: 'call_too_long', details: { minutes: 1 } })
    else if (happening === 'drain') exchange.wrapUp({ why: 'process_draining' }, this.replies.slice(1))
    else if (happening === 'its turn comes') exchange.seated()
    else if (happening === 'it moves up')
      host.desks.answer = { is: 'queued', terms, place: 0, short: 'lines', etaMs: 5_000 }
    else if (happening === 'a line is free') host.desks.answer = { is: 'granted', terms }
    else if (happening === 'heartbeat') this.pending.push(exchange.heartbeat())
    else if (happening === 'desk goes') host.desks.down = true
    else if (happening === 'desk comes') host.desks.down = false
    else if (happening === 'key is revoked') {
      host.desks.renewal = { is: 'withdrawn', refusal: { why: 'key_withdrawn' } }
      host.desks.answer = { is: 'refused', refusal: { why: 'key_revoked' } }
    }
    if (happening === 'a moment') host.clock.pass(50)
    else if (happening === 'a while') host.clock.pass(11_000)
    if (happening !== 'heartbeat') await settle()
  }

  /** The caller goes, if nothing else has ended the call; the desk is there; the heart goes on beating. */
  async finish(): Promise<void> {
    await this.play('caller leaves')
    this.host.clock.pass(60_000)
    this.host.desks.down = false
    await this.exchange.heartbeat()
    await Promise.all(this.pending)
    this.host.clock.pass(lateCloseMs)
    await settle()
  }

  #endReply(): void {
    const id = this.replies.shift()
    if (id === undefined) return
    const usage = {
      input_tokens: 3,
      input_token_details: { text_tokens: 3 },
      output_tokens: 0,
      output_token_details: { text_tokens: 0 },
    }
    if (!this.exchange.ended) this.reported.push(`reply:${id}`)
    this.host.upstream.says({ type: 'response.done', response: { id, usage } })
  }
}

const said: Partial<Record<Happening, string>> = {
  'caller speaks': '{"type":"input_audio_buffer.append","audio":"AAAA"}',
  'caller sends nonsense': '{"type":"x","type":"y"}',
  'caller sends too much': 'x'.repeat(terms.frameBytes + 1),
}

test('[C1] whatever happens in whatever order: one end, one record, every report once, no socket and no timer left', async () => {
  printSeed('orders of events')
  await fc.assert(
    fc.asyncProperty(begins, fc.array(happening, { minLength: 3, maxLength: 40 }), async (begins, sequence) => {
      const play = new Play(begins)
      for (const one of sequence) await play.play(one)
      await play.finish()
      const { host, caller, exchange } = play
      expect(exchange.ended).toBe(true)
      expect(host.desks.records).toHaveLength(1)
      expect(host.settledCalls.length).toBeGreaterThanOrEqual(1)
      // L1: what the provider reported, and nothing else, was debited once and stands in the record.
      expect([...host.desks.taken.keys()].toSorted()).toEqual(play.reported.toSorted())
      expect(host.desks.records[0]).toMatchObject({ replies: play.reported.length, tokens: 3 * play.reported.length })
      // C6, C7: both sockets are closed, and the caller once.
      expect(caller.closes).toHaveLength(1)
      if (host.upstream.socket !== undefined) expect(host.upstream.socket.closes.length).toBeGreaterThanOrEqual(1)
      else if (play.dial === undefined) expect(host.upstream.abandoned).toBe(host.upstream.dialled.length > 0)
      expect(host.upstream.dialled.length).toBeLessThanOrEqual(begins === 'full' ? 0 : 1)
      // G4: a place is given up once at most; what was told of it never gets worse (H3).
      expect(host.desks.left).toBeLessThanOrEqual(begins === 'queued' ? 1 : 0)
      const places = caller.events.flatMap(({ position }) => (typeof position === 'number' ? [position] : []))
      expect(places).toEqual(places.toSorted((a, b) => b - a))
      expect(host.clock.waiting).toBe(0)
      // C6, C9: a provider is told to stop at most once, and of each reply at most once.
      const cancels = host.upstream.socket?.events.filter(({ type }) => type === 'response.cancel') ?? []
      const cancelled = cancels.map(({ response_id }) => response_id)
      expect(new Set(cancelled).size).toBe(cancelled.length)
      // Nothing is heard after a close that the caller could not have asked for.
      const { why, code } = host.desks.records[0]?.outcome ?? {}
      const left = caller.closes[0]?.code === 1001 && code !== 1001 // in the line, before it was told
      if (why !== 'hung_up' && why !== 'finished' && why !== 'upstream_closed' && !left)
        expect(caller.errors.length).toBeGreaterThanOrEqual(1)
      // C9: a line of a live call is its last word but for the reason, and is said once.
      const last = caller.types.lastIndexOf('response.done')
      const goodbyes = caller.sent.filter((frame) => String(frame).includes('"trunkline":"goodbye"'))
      expect(goodbyes.length).toBeLessThanOrEqual(2) // as it begins, and as it ends
      if (goodbyes.length === 2) expect(caller.types.slice(last + 1).filter((type) => type !== 'error')).toEqual([])
    }),
    { seed, numRuns: 1_500 },
  )
})
