// One waiting caller, driven by hand: what it is told and hears, when, and in which order it is sent away.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { offered, step } from '../../src/call.ts'
import { hear, nextAt, type Hold, type HoldAction, type HoldEvent } from '../../src/hold.ts'
import {
  etaSamples,
  etaShortMs,
  etaShortStepMs,
  etaStepMs,
  firstLineMs,
  lateCloseMs,
  queueAliveMs,
  queueUpdateMs,
  speechTimeoutMs,
} from '../../src/limits.ts'
import { etaMs, noticeFrame } from '../../src/queue-notice.ts'
import { printSeed, seed } from '../contract/seed.ts'

const begun = 1_000_000

/** Plays a caller's wait against a clock; a line takes two seconds to speak. */
class Wait {
  hold: Hold | undefined
  now = begun
  readonly log: { at: number; action: HoldAction }[] = []
  /** Two lines were spoken at once. */
  overlapped = false
  #spokenAt: number | undefined
  readonly #lineMs: number

  constructor(lineMs = 2_000) {
    this.#lineMs = lineMs
  }

  join(place = 3, etaMs: number | null = 60_000, patienceMs = 120_000, repeatMs: number | null = null): this {
    return this.hear({ is: 'joined', at: this.now, place, etaMs, patienceMs, repeatMs })
  }

  hear(event: HoldEvent): this {
    if (event.is === 'spoken') this.#spokenAt = undefined // to its end, or the caller broke it off
    const { hold, actions } = hear(this.hold, event)
    this.hold = hold
    for (const action of actions) {
      this.log.push({ at: this.now - begun, action })
      if (action.do === 'hush') this.#spokenAt = undefined
      if (action.do !== 'speak') continue
      this.overlapped ||= this.#spokenAt !== undefined
      this.#spokenAt = this.now + this.#lineMs
    }
    return this
  }

  moved(place: number, etaMs: number | null = null): this {
    return this.hear({ is: 'moved', at: this.now, place, etaMs })
  }

  /** Lets time pass as a host would: an alarm at `nextAt`, a report when a line was given. */
  pass(ms: number): this {
    const end = this.now + ms
    for (;;) {
      const tickAt = this.hold === undefined ? undefined : nextAt(this.hold)
      const at = Math.min(tickAt ?? Infinity, this.#spokenAt ?? Infinity)
      if (at > end) break
      this.now = Math.max(this.now, at)
      this.hear({ is: at === this.#spokenAt ? 'spoken' : 'tick', at: this.now })
    }
    this.now = end
    return this
  }

  get said(): string[] {
    return this.log.map(({ at, action }) => `${at} ${name(action)}`)
  }

  get notices(): { at: number; type: string; position?: number; eta_ms?: number | null }[] {
    return this.log.flatMap(({ at, action }) => (action.do === 'tell' ? [{ at, ...action.notice }] : []))
  }
}

function name(action: HoldAction): string {
  if (action.do === 'speak') return `speak ${action.line}`
  if (action.do === 'tell') return action.notice.type.replace('trunkline.queue.', '')
  return action.do === 'refuse' ? `refuse ${action.refusal.why}` : action.do
}

test('[H1] a caller that joins is told its place at once, and hears the first line within a second', () => {
  const wait = new Wait().join(3, 60_000).pass(1_000)
  expect(wait.said).toEqual(['0 joined', `${firstLineMs} speak joined`])
  expect(wait.notices[0]).toEqual({
    at: 0,
    type: 'trunkline.queue.joined',
    position: 3,
    eta_ms: 60_000,
    patience_ms: 120_000,
  })
  expect(firstLineMs).toBeLessThan(1_000)
})

test('[H1] a wait that cannot be estimated is null', () => {
  expect(new Wait().join(3, null).notices[0]).toMatchObject({ eta_ms: null })
})

test('[H1] a notice is an event with its type first and an id', () => {
  const frame = noticeFrame({ type: 'trunkline.queue.admitted', waited_ms: 5 }, 'event_1')
  expect(frame).toBe('{"type":"trunkline.queue.admitted","event_id":"event_1","waited_ms":5}')
})

test('[H3] a better place is told, the newest one, at most every 15 s', () => {
  const wait = new Wait().join(9, null)
  wait.pass(1_000).moved(8).pass(1_000).moved(7).pass(12_000).moved(6).pass(5_000).moved(5).pass(14_000)
  expect(wait.notices.map(({ at, type, position }) => [at, type.slice(16), position])).toEqual([
    [0, 'joined', 9],
    [queueUpdateMs, 'updated', 6],
    [2 * queueUpdateMs, 'updated', 5],
  ])
})

test('[H3] a place that improves after 15 s is told at once', () => {
  const wait = new Wait().join(9, null).pass(17_000).moved(4)
  expect(wait.notices.at(-1)).toMatchObject({ at: 17_000, type: 'trunkline.queue.updated', position: 4 })
})

test('[H3] neither a worse place nor a longer wait is told', () => {
  const wait = new Wait().join(3, 60_000).pass(16_000).moved(5, 90_000).pass(20_000).moved(2, 75_000).pass(40_000)
  expect(wait.notices.length).toBeGreaterThan(3)
  for (const { position, eta_ms } of wait.notices) {
    expect(position).toBeLessThanOrEqual(3)
    expect(eta_ms).toBe(60_000)
  }
})

test('[H3] a wait that becomes known is told, and one that becomes unknown stays', () => {
  const wait = new Wait().join(4, null).pass(16_000).moved(3, 45_000).pass(16_000).moved(2, null)
  expect(wait.notices.map(({ eta_ms }) => eta_ms)).toEqual([null, 45_000, 45_000])
})

test('[H3] something is sent at least every 25 s, also where nothing happens', () => {
  const wait = new Wait().join(3, null, 300_000).pass(200_000)
  expect(wait.notices.length).toBe(1 + 200_000 / queueAliveMs)
  expect(new Set(wait.notices.slice(1).map(({ type }) => type))).toEqual(new Set(['trunkline.queue.waiting']))
  expect(queueAliveMs).toBeLessThan(25_000)
})

test('[H3] the wait is place × mean call / lines, rounded up, in finer steps where it is short', () => {
  expect(etaMs(3, 5, 100_001, 1_000)).toBe(65_000)
  expect(etaMs(3, 5, 100_000, 1_000)).toBe(60_000)
  expect(etaMs(1, 1, etaShortMs + 1, 1_000)).toBe(etaShortMs + etaStepMs)
  expect(etaMs(1, 1, etaShortMs, 1_000)).toBe(etaShortMs)
  expect(etaMs(3, 50, 180_000, 1_000)).toBe(11_000) // 10.8 s
  expect(etaMs(1, 50, 100, 1_000)).toBe(etaShortStepMs)
  expect(etaMs(1, 50, 0, 1_000)).toBe(etaShortStepMs)
})

test('[H3] the wait is null under 10 calls, and under three for each line', () => {
  expect(etaMs(1, 3, 60_000, etaSamples - 1)).toBeNull()
  expect(etaMs(1, 3, 60_000, etaSamples)).toBe(20_000)
  expect(etaMs(1, 4, 60_000, 11)).toBeNull()
  expect(etaMs(1, 4, 60_000, 12)).toBe(15_000)
  expect(etaMs(3, 0, 180_000, 100)).toBeNull()
  expect(etaMs(3, 5, NaN, 100)).toBeNull()
})

test('[H3] a caller that becomes the first hears it, after the line under way', () => {
  const wait = new Wait(4_000).join(2, null).pass(queueUpdateMs - 1_000)
  wait.moved(1).pass(10_000)
  expect(wait.said).toEqual(['0 joined', '400 speak joined', '15000 updated', '15000 speak next'])
  const busy = new Wait(5_000).join(2, null, 120_000, 10_000).pass(17_000) // the first line came again at 15.4 s
  expect(busy.moved(1).pass(10_000).said.slice(2)).toEqual(['15400 speak joined', '17000 updated', '20400 speak next'])
})

test('[H3] a caller that joins as the first is not told twice', () => {
  expect(new Wait().join(1, null).pass(15_000).said).toEqual(['0 joined', '400 speak joined'])
})

test('[H4] the first line comes again as often as the tenant says, or never', () => {
  const lines = (wait: Wait): string[] => wait.said.filter((said) => said.includes('speak'))
  expect(lines(new Wait().join(3, null, 300_000, 60_000).pass(130_000))).toEqual([
    '400 speak joined',
    '62400 speak joined',
    '124400 speak joined',
  ])
  expect(lines(new Wait().join(3, null, 300_000, null).pass(290_000))).toEqual(['400 speak joined'])
})

test('[C3] a caller that is served hears its line broken off, then that it is through, and nothing more', () => {
  const wait = new Wait().join().pass(1_000)
  wait.hear({ is: 'served', at: wait.now }).pass(300_000)
  expect(wait.said).toEqual(['0 joined', '400 speak joined', '1000 hush', '1000 admitted'])
  expect(wait.notices.at(-1)).toMatchObject({ waited_ms: 1_000 })
})

test('[C3] a caller that is served in silence has nothing to be broken off', () => {
  const wait = new Wait().join().pass(10_000)
  expect(wait.hear({ is: 'served', at: wait.now }).said.at(-1)).toBe('10000 admitted')
  expect(wait.said).not.toContain('10000 hush')
})

test('[H5] patience over: the place goes, an apology is spoken to the end, and only then the error', () => {
  const wait = new Wait().join(3, null, 30_000).pass(60_000)
  expect(wait.said.slice(-3)).toEqual(['30000 giveUp', '30000 speak sorry', '32000 refuse queue_timeout'])
  expect(wait.log.at(-1)?.action).toEqual({ do: 'refuse', refusal: { why: 'queue_timeout', details: { seconds: 30 } } })
  expect(nextAt(wait.hold as Hold)).toBeUndefined()
})

test('[H5] the apology breaks off whatever is being spoken, and waits for no other line', () => {
  const wait = new Wait(5_000).join(3, null, 2_000).pass(20_000)
  expect(wait.said).toEqual([
    '0 joined',
    '400 speak joined',
    '2000 giveUp',
    '2000 hush',
    '2000 speak sorry',
    '7000 refuse queue_timeout',
  ])
})

test('[H5] a host may say itself that patience is over', () => {
  const wait = new Wait().join().pass(10_000)
  wait.hear({ is: 'patienceOver', at: wait.now })
  expect(wait.said.slice(-2)).toEqual(['10000 giveUp', '10000 speak sorry'])
})

test('[H5] no patience at all: the apology still waits for the format that the caller asks for', () => {
  expect(new Wait().join(3, null, 0).pass(5_000).said).toEqual([
    '0 joined',
    '0 giveUp',
    '400 speak sorry',
    '2400 refuse queue_timeout',
  ])
})

test('[H5] full: the same with its own line and code', () => {
  const wait = new Wait()
  wait.hear({ is: 'full', at: begun, refusal: { why: 'queue_full', details: { room: 50 } } }).pass(10_000)
  expect(wait.said).toEqual(['400 speak full', '2400 refuse queue_full'])
  expect(wait.log.at(-1)?.action).toMatchObject({ refusal: { details: { room: 50 } } })
})

test('[H5] a line that nobody reports as spoken does not keep the error back for ever', () => {
  const wait = new Wait(Infinity)
  wait.hear({ is: 'full', at: begun, refusal: { why: 'queue_full', details: { room: 50 } } }).pass(60_000)
  expect(wait.said.at(-1)).toBe(`${firstLineMs + speechTimeoutMs} refuse queue_full`)
})

test('[H5] the refusal that ends the wait is told first and closes with 1013 at least 2 s later', () => {
  const wait = new Wait().join(3, null, 1_000).pass(10_000)
  const last = wait.log.at(-1)?.action
  if (last?.do !== 'refuse') throw new Error('not refused')
  const { actions } = step(offered, { is: 'refused', refusal: last.refusal })
  expect(actions.map((action) => action.do)).toEqual(['end', 'tell', 'closeCaller'])
  expect(actions.at(-1)).toEqual({
    do: 'closeCaller',
    code: 1013,
    reason: 'rate_limit_error.queue_timeout',
    late: true,
  })
  expect(lateCloseMs).toBeGreaterThanOrEqual(2_000)
})

test('[G4] a caller that hangs up gives its place up at once, and hears no more', () => {
  const wait = new Wait().join().pass(1_000)
  wait.hear({ is: 'hungUp', at: wait.now }).pass(300_000)
  expect(wait.said.slice(2)).toEqual(['1000 giveUp'])
})

test('[G4] a caller that hangs up while it is sent away is not told anything more', () => {
  const wait = new Wait().join(3, null, 1_000).pass(1_500)
  expect(wait.hear({ is: 'hungUp', at: wait.now }).pass(60_000).said.at(-1)).toBe('1000 speak sorry')
})

test('[K3] a caller whose key is revoked is refused without a line', () => {
  const wait = new Wait().join().pass(1_000)
  wait.hear({ is: 'turnedAway', at: wait.now, refusal: { why: 'key_withdrawn' } }).pass(60_000)
  expect(wait.said.slice(2)).toEqual(['1000 giveUp', '1000 hush', '1000 refuse key_withdrawn'])
})

test('[H7] a wait is plain data: a host may sleep between any two events', () => {
  const awake = new Wait().join(4, 50_000, 90_000, 30_000)
  const asleep = new Wait().join(4, 50_000, 90_000, 30_000)
  for (const place of [4, 3, 2, 1]) {
    for (const wait of [awake, asleep]) wait.moved(place, place * 10_000).pass(20_000)
    asleep.hold = JSON.parse(JSON.stringify(asleep.hold)) as Hold
  }
  expect(asleep.log).toEqual(awake.log)
})

const happening = fc.oneof(
  fc.record({
    is: fc.constant('moved' as const),
    place: fc.integer({ min: 1, max: 9 }),
    etaMs: fc.option(fc.nat(200_000)),
  }),
  fc.record({ is: fc.constantFrom('served', 'hungUp', 'patienceOver', 'spoken', 'tick') }),
)

test('[H3] whatever happens: places and waits never rise, updates keep their distance, keep-alives come, one end', () => {
  printSeed('waits')
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(30_000), happening), { maxLength: 30 }),
      fc.nat(15_000),
      fc.option(fc.integer({ min: 15_000, max: 90_000 })),
      (events, lineMs, repeatMs) => {
        const wait = new Wait(lineMs).join(9, null, 240_000, repeatMs)
        for (const [ms, event] of events) {
          wait.pass(ms)
          // Most ends make for short plays: they come in one of four.
          if (event.is === 'moved' || event.is === 'spoken' || event.is === 'tick' || ms % 4 === 0)
            wait.hear({ ...event, at: wait.now })
        }
        wait.pass(400_000)
        const { log, notices } = wait
        expect(wait.hold?.state).toBe('over')
        expect(log.filter(({ action }) => ended(action))).toHaveLength(1)
        const [told, updates] = [notices.slice(0, -1), notices.filter(({ type }) => type.endsWith('updated'))]
        for (const [i, notice] of told.entries()) {
          const later = notices[i + 1]
          if (later?.position === undefined) continue
          expect(later.position).toBeLessThanOrEqual(notice.position ?? 0)
          expect(later.at - notice.at).toBeLessThanOrEqual(25_000)
          if (typeof notice.eta_ms === 'number') expect(later.eta_ms).toBeLessThanOrEqual(notice.eta_ms)
        }
        for (const [i, { at }] of updates.entries())
          expect(at - (updates[i - 1]?.at ?? 0)).toBeGreaterThanOrEqual(queueUpdateMs)
        // Never two lines at once: each is given, or broken off, before the next.
        expect(wait.overlapped).toBe(false)
      },
    ),
    { seed, numRuns: 1_000 },
  )
})

function ended(action: HoldAction): boolean {
  return action.do === 'giveUp' || (action.do === 'tell' && action.notice.type === 'trunkline.queue.admitted')
}

test('[H3] a wait that gets shorter is told, and how long the caller has waited', () => {
  const wait = new Wait().join(4, 60_000).pass(16_000).moved(3, 40_000).pass(1_000)
  expect(wait.notices.at(-1)).toEqual({
    at: 16_000,
    type: 'trunkline.queue.updated',
    position: 3,
    eta_ms: 40_000,
    waited_ms: 16_000,
  })
})

test('[H3] only a caller that comes to the first place hears that it is next', () => {
  const wait = new Wait().join(3).pass(16_000).moved(2).pass(16_000)
  expect(wait.said.filter((said) => said.includes('speak'))).toEqual([`${firstLineMs} speak joined`])
  expect(wait.moved(1).pass(1).said.at(-1)).toBe('32000 speak next')
})

test('[H5] a caller that hears why it is sent away hears it to the end, and nothing ends before it began', () => {
  const wait = new Wait().hear({ is: 'full', at: begun, refusal: { why: 'queue_full', details: { room: 5 } } })
  wait.hear({ is: 'spoken', at: begun }) // an old one
  expect(wait.said).toEqual([])
  wait.pass(firstLineMs).hear({ is: 'tick', at: begun + firstLineMs + 1 })
  expect(wait.said).toEqual([`${firstLineMs} speak full`])
  expect(wait.pass(2_000).said.at(-1)).toBe(`${firstLineMs + 2_000} refuse queue_full`)
})

test('[H5] one that is turned away while it hears why is told the new reason, at once', () => {
  const wait = new Wait()
    .hear({ is: 'full', at: begun, refusal: { why: 'queue_full', details: { room: 5 } } })
    .pass(firstLineMs)
  wait.hear({ is: 'turnedAway', at: wait.now, refusal: { why: 'key_withdrawn' } })
  expect(wait.said.slice(1)).toEqual([`${firstLineMs} hush`, `${firstLineMs} refuse key_withdrawn`])
})

test('[H5] when it is over nothing more is heard, and where nothing began nothing is', () => {
  const wait = new Wait().join().hear({ is: 'hungUp', at: begun })
  const { hold } = wait
  wait.now += 5_000
  wait.hear({ is: 'turnedAway', at: wait.now, refusal: { why: 'key_withdrawn' } }).hear({ is: 'spoken', at: wait.now })
  expect([wait.hold, wait.said.at(-1)]).toEqual([hold, '0 giveUp'])
  expect(hear(undefined, { is: 'tick', at: 7 })).toMatchObject({ hold: { state: 'over', joinedAt: 7 }, actions: [] })
})
