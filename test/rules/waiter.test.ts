// One waiting caller: its words, its lines in time and in its format, its wishes. The machine below is in hold.test.ts.
import { beforeEach, expect, test } from 'vitest'
import { firstLineMs, queueAliveMs, queueUpdateMs, speechLeadMs, speechTimeoutMs } from '../../src/limits.ts'
import { shippedLines } from '../../src/lines.ts'
import type { CallTerms } from '../../src/plan.ts'
import type { Sounds } from '../../src/ports.ts'
import type { Refusal } from '../../src/refusal.ts'
import { idsOf } from '../../src/realtime/own-item.ts'
import { recorded, type Recording } from '../../src/sound.ts'
import { Waiter } from '../../src/waiter.ts'
import { faultsOf, type Event } from '../sim/client.ts'
import { at } from '../support/gathering.ts'
import { HandClock, HandSounds, settle, terms } from './host.ts'

/** A sound of the test's host. */
const lineMs = 1_000

class Stage {
  readonly clock = new HandClock()
  readonly sounds = new HandSounds()
  readonly said: (Event & { at: number })[] = []
  readonly refusals: { refusal: Refusal; at: number }[] = []
  readonly faults: unknown[] = []
  readonly start = this.clock.now()
  givenUp = 0
  readonly waiter: Waiter
  #cancelTick: (() => void) | undefined

  constructor(own: Partial<CallTerms> = {}, sounds?: Sounds) {
    this.waiter = new Waiter(idsOf('call_0193a1b2c3d4'), { ...terms, ...own }, this.clock, sounds ?? this.sounds, {
      say: (frame) => this.said.push({ ...(JSON.parse(frame) as Event), at: this.clock.now() - this.start }),
      giveUp: () => this.givenUp++,
      refuse: (refusal) => this.refusals.push({ refusal, at: this.clock.now() - this.start }),
      guard: (work) => work(),
      fault: (error) => this.faults.push(error),
      changed: () => this.#look(),
    })
  }

  /** Ticks when it wants to be ticked. */
  #look(): void {
    this.#cancelTick?.()
    const { nextAt } = this.waiter
    if (nextAt === undefined) return
    this.#cancelTick = this.clock.after(nextAt - this.clock.now(), () => this.waiter.tick())
  }

  /** Time with its promises, step by step. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms
    while (this.clock.now() < end) {
      this.clock.pass(Math.min(100, end - this.clock.now()))
      await settle()
    }
  }

  get types(): string[] {
    return this.said.map(({ type }) => type.replace('response.', ''))
  }

  of(type: string): (Event & { at: number })[] {
    return this.said.filter((event) => event.type === type)
  }

  /** The lines that were begun, by name. */
  get lines(): unknown[] {
    return this.of('response.created').map((event) => (event['response'] as { metadata: Event }).metadata['trunkline'])
  }

  get ends(): unknown[] {
    return this.of('response.done').map(({ response }) => {
      const { status, status_details } = response as { status: string; status_details: { reason: string } | null }
      return status_details === null ? status : `${status} ${status_details.reason}`
    })
  }
}

let stage: Stage
beforeEach(() => void (stage = new Stage()))

const ulaw = { audio: { output: { format: { type: 'audio/pcmu' } } } }
const update = (session: object): string => JSON.stringify({ type: 'session.update', session })
const cancel = '{"type":"response.cancel"}'

test('[H1] a caller hears its place at once, and the line once it could have named its format', async () => {
  stage.waiter.joined(2, 45_000)
  expect(stage.said).toMatchObject([
    { type: 'trunkline.queue.joined', position: 3, eta_ms: 45_000, patience_ms: 60_000, at: 0 },
  ])
  await stage.pass(firstLineMs - 1)
  expect(stage.said).toHaveLength(1)
  await stage.pass(1)
  expect(stage.lines).toEqual(['joined'])
  expect(stage.of('response.created')[0]?.at).toBe(firstLineMs)
  expect(stage.sounds.loaded).toEqual([`audio/pcm /hold/${shippedLines['en']?.joined.files['audio/pcm'] ?? '?'}`])
})

test('[H1] what is said is complete and valid, whole and in time', async () => {
  stage.waiter.joined(0, null)
  await stage.pass(5_000)
  const [, ...reply] = stage.said
  expect(reply.map(({ at: _at, ...event }) => event).flatMap(faultsOf)).toEqual([])
  const deltas = stage.of('response.output_audio.delta')
  expect(deltas).toHaveLength(5)
  // 200 ms each, said no more than the lead before they are heard.
  const begun = deltas[0]?.at ?? 0
  expect(deltas.map(({ at }) => at - begun)).toEqual([0, 0, 0, 200, 400])
  expect((stage.of('response.done')[0]?.at ?? 0) - begun).toBe(lineMs - speechLeadMs)
  expect(stage.ends).toEqual(['completed'])
  expect(stage.faults).toEqual([])
})

test('[H1] the line comes in the format that the session names, or else in the tenant’s', async () => {
  stage.waiter.joined(0, null)
  expect(stage.waiter.keep(update(ulaw), 'session.update')).toEqual({ is: 'kept' })
  await stage.pass(1_000)
  expect(stage.sounds.loaded).toEqual([expect.stringMatching(/^audio\/pcmu /)])
  expect(JSON.stringify(stage.of('response.created')[0])).toContain('"format":{"type":"audio/pcmu"}')

  const unsaid = new Stage({ hold: { ...terms.hold, format: 'audio/pcma' } })
  unsaid.waiter.joined(0, null)
  await unsaid.pass(1_000)
  expect(unsaid.sounds.loaded).toEqual([expect.stringMatching(/^audio\/pcma /)])

  const pinned = new Stage({ pinned: ulaw })
  pinned.waiter.joined(0, null)
  await pinned.pass(1_000)
  expect(pinned.sounds.loaded).toEqual([expect.stringMatching(/^audio\/pcmu /)])
})

test('[H1] a session that wants text reads the line, and no sound is fetched', async () => {
  stage.waiter.joined(0, null)
  stage.waiter.keep(update({ output_modalities: ['text'] }), 'session.update')
  await stage.pass(firstLineMs)
  expect(stage.of('response.output_text.done')).toMatchObject([
    { text: shippedLines['en']?.joined.text, at: firstLineMs },
  ])
  expect(stage.ends).toEqual(['completed'])
  expect(stage.sounds.loaded).toEqual([])
  expect(
    stage.said
      .slice(1)
      .map(({ at: _at, ...event }) => event)
      .flatMap(faultsOf),
  ).toEqual([])
})

test('[H4] the tenant’s own line is heard in its own language, and again after its pause', async () => {
  const lines = { joined: { 'de-AT': { text: 'Bitte warten.', audio: 'aud_1' } } }
  const own = new Stage({ hold: { ...terms.hold, language: 'de-AT', lines, repeatSeconds: 15 } })
  own.waiter.joined(0, null)
  await own.pass(firstLineMs + lineMs)
  expect(own.sounds.loaded).toEqual(['audio/pcm aud_1'])
  expect(own.of('response.output_audio_transcript.done')).toMatchObject([{ transcript: 'Bitte warten.' }])
  const ended = own.of('response.done')[0]?.at ?? 0
  await own.pass(16_000)
  expect(own.lines).toEqual(['joined', 'joined'])
  expect(own.of('response.created')[1]?.at).toBe(ended + 15_000)
})

test('[H4] a line that is to be heard once is heard once', async () => {
  stage.waiter.joined(0, null)
  await stage.pass(59_000)
  expect(stage.lines).toEqual(['joined'])
})

test('[H3] a better place is told, a worse one is not, and something is said in time', async () => {
  stage.waiter.joined(4, 60_000)
  await stage.pass(5_000)
  stage.waiter.tick({ place: 2, etaMs: 30_000 })
  stage.waiter.tick({ place: 3, etaMs: 90_000 })
  await stage.pass(queueUpdateMs - 5_000)
  expect(stage.of('trunkline.queue.updated')).toMatchObject([{ position: 4, eta_ms: 60_000, at: queueUpdateMs }])
  await stage.pass(queueAliveMs)
  expect(stage.of('trunkline.queue.waiting')).toMatchObject([{ position: 4, at: queueUpdateMs + queueAliveMs }])
})

test('[H1] a caller that is put through in the middle of a line hears it end, and its wishes come in order', async () => {
  stage.waiter.joined(0, null)
  const item = '{"type":"conversation.item.create","item":{"type":"message"}}'
  stage.waiter.keep(update({ instructions: 'a' }), 'session.update')
  stage.waiter.keep(item, 'conversation.item.create')
  stage.waiter.keep(update({ voice: 'b' }), 'session.update')
  stage.waiter.keep('{"type":"response.create"}', 'response.create')
  expect(stage.waiter.keep('{"type":"input_audio_buffer.commit"}', 'input_audio_buffer.commit')).toEqual({
    is: 'dropped',
  })
  await stage.pass(firstLineMs + 200)
  expect(stage.waiter.served()).toEqual([update({ instructions: 'a', voice: 'b' }), item, '{"type":"response.create"}'])
  expect(stage.ends).toEqual(['cancelled turn_detected'])
  expect(stage.said.at(-1)).toMatchObject({ type: 'trunkline.queue.admitted', waited_ms: firstLineMs + 200 })
  const { length } = stage.said
  await stage.pass(100_000)
  expect(stage.said).toHaveLength(length)
  expect([stage.givenUp, stage.refusals, stage.clock.waiting]).toEqual([0, [], 0])
  expect(stage.waiter.served()).toEqual([])
})

test('[H1] a sound that comes after its line was broken off is not said', async () => {
  stage.waiter.joined(0, null)
  stage.clock.pass(firstLineMs)
  expect(stage.sounds.loaded).toHaveLength(1)
  stage.waiter.served()
  await stage.pass(2_000)
  expect(stage.types).toEqual(['trunkline.queue.joined', 'trunkline.queue.admitted'])
})

test('[H5] patience over: the place goes at once, then the apology, then the refusal', async () => {
  stage.waiter.joined(0, null)
  await stage.pass(59_999)
  expect([stage.givenUp, stage.refusals]).toEqual([0, []])
  await stage.pass(1)
  expect([stage.givenUp, stage.refusals]).toEqual([1, []])
  expect(stage.lines).toEqual(['joined', 'sorry'])
  await stage.pass(lineMs)
  expect(stage.refusals).toEqual([
    { refusal: { why: 'queue_timeout', details: { seconds: 60 } }, at: 60_000 + lineMs - speechLeadMs },
  ])
  expect(stage.ends).toEqual(['completed', 'completed'])
  await stage.pass(100_000)
  expect([stage.givenUp, stage.refusals.length, stage.clock.waiting]).toEqual([1, 1, 0])
})

test('[H5] patience that ends in the middle of a line breaks it off for the apology', async () => {
  const short = new Stage({ patienceMs: 700 })
  short.waiter.joined(0, null)
  await short.pass(800)
  expect(short.ends).toEqual(['cancelled turn_detected'])
  await short.pass(2_000)
  expect([short.lines, short.ends]).toEqual([
    ['joined', 'sorry'],
    ['cancelled turn_detected', 'completed'],
  ])
})

test('[H5] a caller for whom there is no room hears that, and then the refusal', async () => {
  stage.waiter.full({ why: 'queue_full', details: { room: 5 } })
  await stage.pass(firstLineMs)
  expect([stage.lines, stage.refusals]).toEqual([['full'], []])
  await stage.pass(lineMs)
  expect(stage.refusals).toMatchObject([{ refusal: { why: 'queue_full', details: { room: 5 } } }])
  expect(stage.givenUp).toBe(0)
})

test('[H5] one that is turned away is told at once, in the middle of a line too', async () => {
  stage.waiter.joined(0, null)
  await stage.pass(firstLineMs + 100)
  stage.waiter.turnedAway({ why: 'key_revoked' })
  expect([stage.givenUp, stage.refusals]).toMatchObject([1, [{ refusal: { why: 'key_revoked' } }]])
  expect(stage.ends).toEqual(['cancelled turn_detected'])
  await stage.pass(2_000)
  expect(stage.clock.waiting).toBe(0)
})

test('[G4] what its desk answers when it asks again is what it goes by', async () => {
  stage.waiter.joined(4, null)
  await stage.pass(queueUpdateMs)
  stage.waiter.told({ is: 'queued', terms, place: 1, short: 'lines', etaMs: null })
  expect([stage.of('trunkline.queue.updated').length, stage.refusals]).toEqual([1, []])
  stage.waiter.told({ is: 'refused', refusal: { why: 'key_revoked' } })
  expect(stage.refusals).toMatchObject([{ refusal: { why: 'key_revoked' } }])

  const full = new Stage()
  full.waiter.joined(4, null)
  full.waiter.told({ is: 'full', terms, refusal: { why: 'queue_full', details: { room: 3 } } })
  expect(full.refusals).toMatchObject([{ refusal: { why: 'queue_full', details: { room: 3 } } }])
})

test('[H2] a caller may break a line off, with or without its name, and none after it is lost', async () => {
  stage.waiter.joined(0, null)
  await stage.pass(firstLineMs)
  const response = stage.of('response.created')[0]?.['response'] as { id: string }
  const { id } = response
  expect(stage.waiter.keep(JSON.stringify({ type: 'response.cancel', response_id: id }), 'response.cancel')).toEqual({
    is: 'cancelled',
  })
  expect(stage.ends).toEqual(['cancelled client_cancelled'])
  const { length } = stage.said
  stage.waiter.keep(JSON.stringify({ type: 'response.cancel', response_id: id }), 'response.cancel')
  await stage.pass(5_000)
  expect(stage.said).toHaveLength(length)
  await stage.pass(56_000)
  expect(stage.lines).toEqual(['joined', 'sorry'])
  stage.waiter.keep(cancel, 'response.cancel')
  expect(stage.refusals).toMatchObject([{ refusal: { why: 'queue_timeout' } }])
})

test.each(['a line that is over', 'no line that ever was'])(
  '[H2] a cancel of %s, while the sound of the next is on its way, takes nothing from that',
  async (of) => {
    const own = new Stage({ hold: { ...terms.hold, repeatSeconds: 15 } })
    own.waiter.joined(0, null)
    await own.pass(firstLineMs + lineMs)
    const id = at(own.of('response.created')[0], 'response.id')
    const done = own.of('response.done')[0]?.at ?? 0
    own.clock.pass(done + 15_000 - (firstLineMs + lineMs))
    expect(own.sounds.loaded).toHaveLength(2)
    const response_id = of === 'a line that is over' ? id : 'resp_trunkline_x'
    const keeping = own.waiter.keep(JSON.stringify({ type: 'response.cancel', response_id }), 'response.cancel')
    expect(keeping).toEqual({ is: 'dropped' })
    await own.pass(2_000)
    expect([own.lines, own.ends]).toEqual([
      ['joined', 'joined'],
      ['completed', 'completed'],
    ])
    expect(own.waiter.served()).toEqual([])
  },
)

test('[H2] a cancel of the line before, in the middle of the next, takes nothing from that', async () => {
  const short = new Stage({ patienceMs: 3_000 })
  short.waiter.joined(0, null)
  await short.pass(3_100)
  const id = at(short.of('response.created')[0], 'response.id')
  short.waiter.keep(JSON.stringify({ type: 'response.cancel', response_id: id }), 'response.cancel')
  await short.pass(2_000)
  expect([short.lines, short.ends]).toEqual([
    ['joined', 'sorry'],
    ['completed', 'completed'],
  ])
})

test('[H2] what is asked about a line of ours is answered', async () => {
  stage.waiter.joined(0, null)
  await stage.pass(3_000)
  const item_id = stage.waiter.items.last
  stage.waiter.keep(JSON.stringify({ type: 'conversation.item.retrieve', item_id }), 'conversation.item.retrieve')
  expect(stage.said.at(-1)).toMatchObject({ type: 'conversation.item.retrieved', item: { id: item_id } })
})

test('[H2] a second line follows the first in the conversation', async () => {
  stage.waiter.joined(0, null)
  await stage.pass(65_000)
  const [first, second] = stage.of('conversation.item.added')
  const said = first?.['item'] as { id: string }
  expect([first?.['previous_item_id'], second?.['previous_item_id']]).toEqual([null, said.id])
})

test('[H1] a sound that cannot be had is reported, and the wait goes on', async () => {
  stage.sounds.missing = true
  stage.waiter.joined(0, null)
  await stage.pass(1_000)
  expect([stage.faults.length, stage.types]).toEqual([1, ['trunkline.queue.joined']])
  await stage.pass(60_000)
  expect([stage.givenUp, stage.refusals.length, stage.faults.length]).toEqual([1, 1, 2])
})

const theirs = { joined: { en: { text: 'Please wait.', audio: 'aud_1' } } }
const ours = shippedLines['en']?.joined

/** Every upload is lost; our own sounds are there. */
function withoutUploads(): { asked: string[]; sounds: Sounds } {
  const [asked, there]: [string[], HandSounds] = [[], new HandSounds()]
  const sounds: Sounds = {
    load: async (source, format) => {
      asked.push(source.is)
      if (source.is === 'uploaded') throw new Error('lost')
      return there.load(source, format)
    },
  }
  return { asked, sounds }
}

test('[H4] an upload that cannot be had gives way to our line, words and sound, and is reported', async () => {
  const { asked, sounds } = withoutUploads()
  const own = new Stage({ hold: { ...terms.hold, lines: theirs } }, sounds)
  own.waiter.joined(0, null)
  await own.pass(firstLineMs + lineMs)
  expect(asked).toEqual(['uploaded', 'shipped'])
  expect(own.of('response.output_audio_transcript.done')).toMatchObject([{ transcript: ours?.text }])
  expect([own.lines, own.ends]).toEqual([['joined'], ['completed']])
  expect(own.faults.map(String)).toEqual(['Error: lost'])
})

test('[H4] an upload that fails after its caller was put through is not made up for', async () => {
  const { asked, sounds } = withoutUploads()
  const own = new Stage({ hold: { ...terms.hold, lines: theirs } }, sounds)
  own.waiter.joined(0, null)
  own.clock.pass(firstLineMs)
  own.waiter.served()
  await own.pass(2_000)
  expect([asked, own.types]).toEqual([['uploaded'], ['trunkline.queue.joined', 'trunkline.queue.admitted']])
  expect(own.faults).toHaveLength(1)
})

test('[H5] a patience of nothing: the apology comes at once, and no line before it', async () => {
  const hasty = new Stage({ patienceMs: 0 })
  hasty.waiter.joined(0, null)
  await hasty.pass(firstLineMs)
  expect([hasty.givenUp, hasty.lines]).toEqual([1, ['sorry']])
  await hasty.pass(lineMs)
  expect(hasty.refusals).toMatchObject([{ refusal: { why: 'queue_timeout', details: { seconds: 0 } } }])
})

test('[G4] a caller that hangs up hears nothing more and leaves no timer', async () => {
  stage.waiter.joined(0, null)
  await stage.pass(firstLineMs + 100)
  const { length } = stage.said
  stage.waiter.hungUp()
  expect([stage.givenUp, stage.clock.waiting]).toEqual([1, 0])
  await stage.pass(100_000)
  expect([stage.said.length, stage.refusals]).toEqual([length, []])
})

test('[H2] a line that the caller breaks off comes again after its pause, and is said no further', async () => {
  const own = new Stage({ hold: { ...terms.hold, repeatSeconds: 15 } })
  own.waiter.joined(0, null)
  await own.pass(firstLineMs + 100)
  own.waiter.keep(cancel, 'response.cancel')
  expect(own.clock.waiting).toBe(1)
  const deltas = own.of('response.output_audio.delta').length
  await own.pass(14_999)
  expect([own.lines, own.of('response.output_audio.delta').length]).toEqual([['joined'], deltas])
  await own.pass(1)
  expect(own.lines).toEqual(['joined', 'joined'])
  await own.pass(2_000)
  expect(own.ends).toEqual(['cancelled client_cancelled', 'completed'])
})

test('[H1] a caller may say what it likes in the middle of a line: the line goes on', async () => {
  stage.waiter.joined(0, null)
  await stage.pass(firstLineMs + 100)
  stage.waiter.keep('{"type":"response.create"}', 'response.create')
  stage.waiter.keep(update({ instructions: 'a' }), 'session.update')
  await stage.pass(2_000)
  expect(stage.ends).toEqual(['completed'])
})

test.each(['comes', 'fails'])('[H1] a sound that %s after its line came round again changes nothing', async (how) => {
  const second = recorded('audio/pcm', new Uint8Array(48_000))
  const loads: { come: (recording: Recording) => void; fail: (error: unknown) => void }[] = []
  const load = async (): Promise<Recording> => new Promise((come, fail) => loads.push({ come, fail }))
  const slow = new Stage({ hold: { ...terms.hold, repeatSeconds: 15 } }, { load })
  slow.waiter.joined(0, null)
  await slow.pass(firstLineMs + speechTimeoutMs + 15_000)
  expect([loads.length, slow.lines]).toEqual([2, []])
  if (how === 'comes') loads[0]?.come(second)
  else loads[0]?.fail(new Error('late'))
  await settle()
  expect(slow.lines).toEqual([])
  loads[1]?.come(second)
  await slow.pass(2_000)
  expect([slow.lines, slow.ends]).toEqual([['joined'], ['completed']])
})
