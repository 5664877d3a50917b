// What a call tells its desk of its use: when, how often, and what the desk's answer does. The desk in hand.
import { expect, test } from 'vitest'
import { Posting } from '../../src/posting.ts'
import { shippedPrices } from '../../src/price-table.ts'
import type { Progress, Renewal } from '../../src/ports.ts'
import { readUsage } from '../../src/realtime/usage.ts'
import type { Refusal } from '../../src/refusal.ts'
import { Tab } from '../../src/tab.ts'
import { noHold } from '../support/words.ts'
import { HandClock, HandDesks, settle } from './host.ts'

const usage = readUsage({ input_tokens: 10, output_tokens: 2 })
const ref = { call: 'c1', tenant: 'ten_1', key: 'k1', agent: null, caller: null, model: 'm', pool: 'openai' }
const spent: Refusal = { why: 'trial_ended', details: { days: 14 } }
const withdrawn: Renewal = { is: 'withdrawn', refusal: spent }

function scene() {
  const desks = new HandDesks()
  const tab = new Tab({ model: 'm', prices: shippedPrices, billing: 'tokens', fallbackMicroUsd: 1 })
  const ends: unknown[] = []
  const faults: unknown[] = []
  let running: string[] = []
  const posting = new Posting(
    tab,
    { clock: new HandClock(), desks },
    {
      ref,
      running: () => running,
      withdrawn: (refusal, spared) => ends.push([refusal.why, spared]),
      fault: (error) => faults.push(error),
    },
  )
  return { desks, tab, posting, ends, faults, run: (...ids: string[]) => void (running = ids) }
}

function holds({ progress }: { progress: Progress[] }): (number | undefined)[] {
  return progress.map(({ hold }) => hold?.input)
}

test('[L4] a reply that begins is held for at once, and let go with its report', async () => {
  const { posting, desks } = scene()
  expect(posting.noticed({ is: 'began', reply: 'r1', outOfBand: false, most: undefined })).toBe(true)
  posting.tell()
  await settle()
  expect(posting.noticed({ is: 'finished', reply: 'r1', usage, limited: false })).toBe(true)
  posting.tell()
  await settle()
  expect(desks.attempts).toEqual([[], ['reply:r1']])
  expect(holds(desks)).toEqual([800, 0])
  expect(desks.progress.map(({ metered }) => metered)).toEqual([undefined, { live_ms: 0, micro_usd: 0 }]) // with a report
})

test('[L1] what is no usage is no news', () => {
  const { posting, tab } = scene()
  expect(posting.noticed({ is: 'error' })).toBe(false)
  expect(posting.noticed({ is: 'session', transcription: 'whisper-1', hears: {} })).toBe(false)
  expect(tab.replies).toBe(0)
})

test('[L2] a transcription is of the model that the session named last', async () => {
  const { posting, desks } = scene()
  const heard = { is: 'transcribed', item: 'i/0', usage } as const
  posting.noticed(heard)
  posting.noticed({ is: 'session', transcription: 'whisper-1', hears: {} })
  posting.noticed({ is: 'session', transcription: undefined, hears: {} })
  posting.noticed({ ...heard, item: 'i/1' })
  posting.tell()
  await settle()
  expect([...desks.taken.values()].map(({ id, model }) => `${id} ${model}`)).toEqual([
    'transcript:i/0 unknown',
    'transcript:i/1 whisper-1',
  ])
})

test('[L1] [L4] replies without an id are reports of their own, and what was held for them is let go', async () => {
  const { posting, desks, tab } = scene()
  for (let i = 0; i < 3; i++) {
    posting.noticed({ is: 'began', reply: '', outOfBand: false, most: undefined })
    posting.noticed({ is: 'finished', reply: '', usage, limited: false })
  }
  expect(tab.progress(0).hold).toEqual(noHold)
  posting.tell()
  await settle()
  for (let i = 0; i < 2; i++) posting.noticed({ is: 'transcribed', item: '', usage })
  expect(tab.unposted().map(({ id }) => id)).toEqual(['transcript:unnamed-3', 'transcript:unnamed-4'])
  expect([...desks.taken.keys()]).toEqual(['reply:unnamed-0', 'reply:unnamed-1', 'reply:unnamed-2'])
})

test('[L1] what failed is sent again with the next heartbeat, and only then', async () => {
  const { posting, desks, faults } = scene()
  desks.down = true
  posting.noticed({ is: 'finished', reply: 'r1', usage, limited: false })
  posting.tell()
  await settle()
  expect([desks.attempts, faults.length]).toEqual([[['reply:r1']], 1])
  desks.down = false
  await posting.renew()
  expect(desks.attempts).toEqual([['reply:r1'], ['reply:r1']])
  await posting.renew()
  expect([desks.attempts.length, desks.renewed]).toEqual([2, 2]) // nothing is left to be told
})

test('[G10] a heartbeat that cannot reach the desk says so', async () => {
  const { posting, desks } = scene()
  desks.down = true
  await expect(posting.renew()).rejects.toThrow('cut off')
})

test('[L6] who may not go on is told, with the replies that ran when its desk was asked', async () => {
  const { posting, desks, ends, faults, run } = scene()
  await posting.renew()
  expect(desks.attempts).toEqual([])
  for (let i = 0; i < 3; i++) posting.tell()
  await settle()
  expect([desks.attempts, ends, faults]).toEqual([[[], []], [], []]) // what came while it told was told after it
  desks.renewal = withdrawn
  run('r1')
  posting.tell()
  run('r1', 'r2') // began while the desk was asked
  await settle()
  const asked = posting.renew()
  run('r3')
  await asked
  expect(ends).toEqual([
    ['trial_ended', ['r1']],
    ['trial_ended', ['r1', 'r2']],
  ])
})
