// 100,000 random and hostile frames at the relay: none throws, none smuggles a control event past it, none is changed.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { eventDepth, eventKeys } from '../../src/limits.ts'
import type { Frame } from '../../src/ports.ts'
import { errorEvent, type Refusal } from '../../src/refusal.ts'
import { Relay } from '../../src/relay.ts'
import { printSeed, seed } from '../contract/seed.ts'
import { HandClock, RecordedSocket, terms } from '../rules/host.ts'
import { callerFrame, frameBytes, model, organisation, providerFrame } from './frames.ts'
import { read } from './json-reader.ts'

const perRun = 100

/** A relay between two recording sockets, with time enough between frames for none to be too fast. */
class Stage {
  readonly clock = new HandClock()
  readonly caller = new RecordedSocket(this.clock)
  readonly upstream = new RecordedSocket(this.clock)
  readonly refusals: Refusal[] = []
  readonly cuts: Refusal[] = []
  readonly relay = new Relay(model, { ...terms, frameBytes }, this.clock, {
    noticed: () => undefined,
    firstAudio: () => undefined,
    refused: (refusal) => this.refusals.push(refusal),
    cut: (_by, refusal) => this.cuts.push(refusal),
  })

  constructor() {
    this.relay.attach(this.caller)
    this.relay.listening()
    this.relay.connect(this.upstream)
  }

  fromCaller(frame: Frame): void {
    this.clock.pass(1_000)
    this.relay.fromCaller(frame)
  }
}

/** The models that a reader would take the event for, and its type; undefined where it is no event to that reader. */
function taken(value: unknown): { type: string; asked: unknown } | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const type = own(value, 'type')
  if (typeof type !== 'string') return undefined
  const part = { 'session.update': 'session', 'response.create': 'response' }[type]
  const config = part === undefined ? undefined : own(value, part)
  const asked =
    typeof config === 'object' && config !== null && !Array.isArray(config) ? own(config, 'model') : undefined
  return { type, asked: asked ?? model }
}

function own(value: object, key: string): unknown {
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
}

function parsed(frame: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(frame) }
  } catch {
    return undefined
  }
}

/** Whether the rules let the frame pass, by readers that share no line with the relay. */
function mayPass(frame: Frame): boolean {
  if (typeof frame !== 'string' || frame.length > frameBytes) return false
  const [strict, text] = [parsed(frame), read(frame, 'first')]
  if (strict === undefined || text === undefined || text.twofold || text.depth > eventDepth || text.keys > eventKeys)
    return false
  return taken(strict.value)?.asked === model
}

test(
  '[R2] of 100,000 frames of a caller each passes as it came, in order, or is refused; none is what a reader may not take it for',
  { timeout: 60_000 },
  () => {
    printSeed('relay, from the caller')
    const tally = { sent: 0, forwarded: 0, refused: 0, cut: 0 }
    const whys = new Set<string>()
    fc.assert(
      fc.property(fc.array(callerFrame, { minLength: perRun, maxLength: perRun, size: 'max' }), (frames) => {
        const stage = new Stage()
        const passed: Frame[] = []
        for (const frame of frames) {
          const before = stage.upstream.sent.length
          stage.fromCaller(frame)
          const forwarded = stage.upstream.sent.length > before
          if (forwarded) passed.push(frame)
          // R1: an event that breaks no rule is never refused, whatever its type.
          else if (mayPass(frame))
            throw new Error(`refused for ${stage.refusals.at(-1)?.why}: ${JSON.stringify(frame)}`)
        }
        const { sent } = stage.upstream
        expect(sent.length + stage.refusals.length + stage.cuts.length).toBe(frames.length)
        expect(sent.every((frame, i) => frame === passed[i])).toBe(true)
        for (const frame of sent as string[]) {
          const first = read(frame, 'first')
          const readings = [parsed(frame), first, read(frame, 'last')].filter((reading) => reading !== undefined)
          const seen = readings.map(({ value }) => taken(value))
          if (
            readings.length < 2 ||
            first?.twofold ||
            seen.some((one) => one?.asked !== model || one.type !== seen[0]?.type)
          )
            throw new Error(`smuggled: ${JSON.stringify(frame)} read as ${JSON.stringify(seen)}`)
        }
        for (const refusal of stage.refusals) JSON.stringify(errorEvent(refusal, 'event_1'))
        expect(stage.caller.sent).toEqual([])
        tally.sent += frames.length
        tally.forwarded += sent.length
        tally.refused += stage.refusals.length
        tally.cut += stage.cuts.length
        for (const { why } of [...stage.refusals, ...stage.cuts]) whys.add(why)
      }),
      { seed, numRuns: 100_000 / perRun },
    )
    console.info(`relay: ${JSON.stringify(tally)}`)
    expect(tally.sent).toBe(100_000)
    // The generators reach every way out.
    expect(tally.forwarded).toBeGreaterThan(10_000)
    expect([...whys].toSorted()).toEqual([
      'event_binary',
      'event_deep',
      'event_malformed',
      'event_twofold',
      'frame_too_large',
      'model_fixed',
    ])
  },
)

test(
  '[R1] of 20,000 frames of a provider each reaches the caller as it came, but for our organisation in errors',
  { timeout: 60_000 },
  () => {
    printSeed('relay, from the provider')
    let redacted = 0
    fc.assert(
      fc.property(fc.array(providerFrame, { minLength: perRun, maxLength: perRun, size: 'max' }), (frames) => {
        const stage = new Stage()
        for (const frame of frames) {
          stage.clock.pass(1_000)
          stage.relay.fromUpstream(frame)
        }
        expect(stage.caller.sent.length).toBe(frames.length)
        for (const [i, frame] of frames.entries()) {
          const names = typeof frame === 'string' && frame.includes(organisation)
          const type = names ? taken(parsed(frame)?.value)?.type : undefined
          if (names && (type === 'error' || type === 'response.done')) {
            redacted++
            expect(stage.caller.sent[i]).toBe(frame.replaceAll(organisation, 'org-…'))
          } else if (stage.caller.sent[i] !== frame) throw new Error(`changed: ${JSON.stringify(frame)}`)
        }
        expect([stage.upstream.sent, stage.refusals, stage.cuts]).toEqual([[], [], []])
      }),
      { seed, numRuns: 20_000 / perRun },
    )
    expect(redacted).toBeGreaterThan(100)
  },
)

test('[C5] a flat event of type error is heard and redacted like any other', () => {
  const stage = new Stage()
  stage.relay.fromUpstream(`{"type":"error","message":"in ${organisation}"}`)
  expect(stage.caller.sent).toEqual(['{"type":"error","message":"in org-…"}'])
})

test('[R2] what comes before the provider answers is held to the same rules', () => {
  fc.assert(
    fc.property(fc.array(callerFrame, { maxLength: 40 }), (frames) => {
      const [early, later] = [new Stage(), new Stage()]
      const relay = new Relay(model, { ...terms, frameBytes }, early.clock, {
        noticed: () => undefined,
        firstAudio: () => undefined,
        refused: () => undefined,
        cut: () => undefined,
      })
      for (const frame of frames) {
        early.clock.pass(1_000)
        relay.fromCaller(frame)
        later.fromCaller(frame)
      }
      relay.connect(early.upstream)
      expect(early.upstream.sent).toEqual(later.upstream.sent)
    }),
    { seed, numRuns: 200 },
  )
})
