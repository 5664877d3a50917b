// One line of ours, spoken: when its sound comes, comes late or not at all, and when it is broken off. Through a wait: waiter.test.ts.
import { beforeEach, expect, test } from 'vitest'
import { speechLeadMs, speechTimeoutMs } from '../../src/limits.ts'
import { shippedLines } from '../../src/lines.ts'
import { idsOf, type OwnItem } from '../../src/realtime/own-item.ts'
import type { Hearing } from '../../src/realtime/session-format.ts'
import { recorded, type Recording } from '../../src/sound.ts'
import { Speaker } from '../../src/speaker.ts'
import { faultsOf, type Event } from '../sim/client.ts'
import { at } from '../support/gathering.ts'
import { HandClock, settle, terms } from './host.ts'

const pcm: Hearing = { as: 'audio', format: 'audio/pcm' }
const second = recorded('audio/pcm', new Uint8Array(48_000))

interface Load {
  come(recording: Recording): void
  fail(error: unknown): void
}

/** Sounds come when the test says so. */
class Stage {
  readonly clock = new HandClock()
  readonly loads: Load[] = []
  readonly asked: string[] = []
  readonly said: Event[] = []
  readonly faults: unknown[] = []
  readonly items: OwnItem[] = []
  spoken = 0
  readonly speaker: Speaker

  constructor(hold: Partial<typeof terms.hold> = {}) {
    const conversation = { last: 'item_of_theirs', add: (item: OwnItem) => this.items.push(item) }
    const sounds = {
      load: async (source: { is: string }) => {
        this.asked.push(source.is)
        return new Promise<Recording>((come, fail) => this.loads.push({ come, fail }))
      },
    }
    this.speaker = new Speaker(idsOf('call_1'), conversation, { ...terms.hold, ...hold }, this.clock, sounds, {
      say: (frame) => this.said.push(JSON.parse(frame) as Event),
      spoken: () => this.spoken++,
      guard: (work) => work(),
      fault: (error) => this.faults.push(error),
    })
  }

  /** The sound that was asked for so manieth comes. */
  async comes(index = 0): Promise<void> {
    this.loads[index]?.come(second)
    await settle()
  }

  get ends(): unknown[] {
    return this.said.filter(({ type }) => type === 'response.done').map((event) => at(event, 'response.status'))
  }
}

let stage: Stage
beforeEach(() => {
  stage = new Stage()
})

test('[H2] a line is said whole, in time, after the last item, and then it is spoken', async () => {
  stage.speaker.speak('goodbye', pcm)
  await settle()
  expect(stage.said).toEqual([])
  await stage.comes()
  stage.clock.pass(1_000 - speechLeadMs - 1)
  expect([stage.ends, stage.spoken]).toEqual([[], 0])
  stage.clock.pass(1)
  expect([stage.ends, stage.spoken, stage.clock.waiting]).toEqual([['completed'], 1, 0])
  expect(stage.said.flatMap(faultsOf)).toEqual([])
  expect(stage.items).toMatchObject([{ after: 'item_of_theirs', text: shippedLines['en']?.goodbye.text }])
})

test('[H1] a text is said at once, and no sound is fetched', () => {
  stage.speaker.speak('goodbye', { as: 'text' })
  expect([stage.ends, stage.spoken, stage.asked]).toEqual([['completed'], 1, []])
})

test.each(['broker', 'caller'] as const)(
  '[H2] a line that the %s breaks off ends as cancelled, and is never spoken',
  async (by) => {
    stage.speaker.speak('goodbye', pcm)
    await stage.comes()
    stage.speaker.hush(by)
    stage.clock.pass(5_000)
    expect([stage.ends, stage.spoken, stage.clock.waiting]).toEqual([['cancelled'], 0, 0])
    const { length } = stage.said
    stage.speaker.hush(by)
    expect(stage.said).toHaveLength(length)
  },
)

test('[C6] to a caller that has gone nothing more is said', async () => {
  stage.speaker.speak('goodbye', pcm)
  await stage.comes()
  const { length } = stage.said
  stage.speaker.stop()
  stage.clock.pass(5_000)
  expect([stage.said.length, stage.spoken, stage.clock.waiting]).toEqual([length, 0, 0])
})

test.each(['hush', 'stop', 'speak'] as const)('[H1] a sound that comes after a %s is not said', async (how) => {
  stage.speaker.speak('goodbye', pcm)
  if (how === 'hush') stage.speaker.hush('broker')
  else if (how === 'stop') stage.speaker.stop()
  else stage.speaker.speak('sorry', pcm)
  await stage.comes()
  expect([stage.said, stage.items]).toEqual([[], []])
})

test('[H1] a sound that comes later than anybody waits for it is not said', async () => {
  stage.speaker.speak('goodbye', pcm)
  stage.clock.pass(speechTimeoutMs - 1)
  await stage.comes()
  expect(stage.items).toHaveLength(1)

  const late = new Stage()
  late.speaker.speak('goodbye', pcm)
  late.clock.pass(speechTimeoutMs)
  await late.comes()
  expect([late.said, late.spoken]).toEqual([[], 0])
})

test('[H4] an upload that cannot be had gives way to our line; where that cannot be had either, the line is over', async () => {
  const own = new Stage({ lines: { goodbye: { en: { text: 'Bye.', audio: 'aud_1' } } } })
  own.speaker.speak('goodbye', pcm)
  own.loads[0]?.fail(new Error('lost'))
  await settle()
  expect([own.asked, own.spoken]).toEqual([['uploaded', 'shipped'], 0])
  own.loads[1]?.fail(new Error('lost too'))
  await settle()
  expect([own.asked.length, own.spoken, own.said]).toEqual([2, 1, []])
  expect(own.faults.map(String)).toEqual(['Error: lost', 'Error: lost too'])
})

test('[H4] one that fails after the line was broken off is reported, and nothing follows', async () => {
  stage.speaker.speak('goodbye', pcm)
  stage.speaker.stop()
  stage.loads[0]?.fail(new Error('lost'))
  await settle()
  expect([stage.faults.length, stage.spoken, stage.asked.length]).toEqual([1, 0, 1])
})
