// The relay against a provider of bare frames: byte for byte both ways, and a dial that takes its time.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { BareUpstream, type Frame } from '../support/bare-upstream.ts'
import { startBroker, type Broker, type MadeTenant } from '../support/broker.ts'
import { Caller } from '../support/caller.ts'
import { dice, type Dice } from '../support/dice.ts'
import { soonMs } from '../support/soon.ts'

const upstream = new BareUpstream()
let broker: Broker
let tenant: MadeTenant
let chance: Dice
beforeAll(async () => {
  const url = await upstream.listen()
  broker = await startBroker({}, () => url)
  chance = dice('frames')
})
afterAll(async () => {
  await broker.close()
  upstream.close()
})
beforeEach(async () => {
  tenant = await broker.tenant({ plan: 'scale' })
  upstream.frames.length = 0
  upstream.socket = undefined
  upstream.holds = false
})

async function connected(): Promise<Caller> {
  const caller = new Caller(broker.wsUrl, tenant.key)
  await Promise.all([caller.opened(), upstream.until(() => upstream.socket !== undefined, 'a dial')])
  return caller
}

const letters = ['a', 'ü', '漢', '🐢', '\\"', '\\u0000', '\\\\', ' ', '\u2028', '}', '{', ',', ':']

/** A frame that some reader might alter: odd orders, spaces, numbers, escapes, long audio. */
function oddFrame(i: number): string {
  const { roll } = chance
  const text = Array.from({ length: roll(30) }, () => letters[roll(letters.length)]).join('')
  switch (roll(6)) {
    case 0:
      return `{"type":"input_audio_buffer.append","audio":"${'QUJD'.repeat(roll(2_000))}","n":${i}}`
    case 1:
      return `{"event_id":"${i}", "audio" : "AAAA","type":"input_audio_buffer.append"}`
    case 2:
      return `{"n":${i},"type":"response.output_audio.delta","delta":"${text}"}`
    case 3:
      return `\n{"type":"odd.${i}","deep":[{"a":[1.0,-0,1E5,0.10]},null,true],"text":"${text}"}\t`
    case 4:
      return `{"\\u0074ype":"odd.${i}","text":"${text}"}`
    default:
      return `{"type":"odd.${i}"}`
  }
}

/** Long lists of buffers are slow to compare. */
function shown({ data, binary }: Frame): string {
  return `${binary} ${data.toString('latin1')}`
}

test('[R1] 1,500 odd frames from the caller: none lost, altered, doubled or out of order', async () => {
  const caller = await connected()
  const frames = Array.from({ length: 1_500 }, (_, i) => oddFrame(i))
  for (const frame of frames) caller.ws.send(frame)
  await upstream.until(() => upstream.frames.length >= frames.length, 'all frames')
  expect(upstream.frames.map(({ data }) => data.toString())).toEqual(frames)
  expect(caller.frames).toEqual([])
  await caller.hangUp()
})

test('[R1] 5,000 odd frames from the provider, text and binary: none lost, altered, doubled or out of order', async () => {
  const caller = await connected()
  const { roll } = chance
  const frames = Array.from({ length: 5_000 }, (_, i) =>
    roll(10) === 0
      ? { data: Buffer.from(Array.from({ length: roll(50) }, () => roll(256))), binary: true }
      : { data: Buffer.from(roll(20) === 0 ? 'no {json' : oddFrame(i)), binary: false },
  )
  for (const { data, binary } of frames) upstream.socket?.send(data, { binary })
  await caller.until(() => caller.frames.length >= frames.length, 'all frames')
  expect(caller.frames.map(shown)).toEqual(frames.map(shown))
  await caller.hangUp()
})

test('[C2] what a caller says while the provider takes its time waits for it, audio too, in order', async () => {
  upstream.holds = true
  const dials = upstream.dials
  const caller = new Caller(broker.wsUrl, tenant.key)
  await caller.opened()
  await upstream.until(() => upstream.dials > dials, 'a dial')
  const early = Array.from({ length: 128 }, (_, i) =>
    i % 2 === 0
      ? `{"type":"early.${i}","x":{}}`
      : `{"type":"input_audio_buffer.append","audio":"${'AAAA'.repeat(1_000)}"}`,
  )
  for (const frame of early) caller.ws.send(frame)
  // The broker has taken them in once it has answered what comes behind them.
  caller.ws.send('not an event')
  await caller.error()
  expect(upstream.frames).toEqual([])
  upstream.answer()
  await upstream.until(() => upstream.frames.length > 0, 'the first frame')
  caller.ws.send('{"type":"last"}')
  await upstream.until(() => upstream.frames.length === early.length + 1, 'all frames')
  expect(upstream.frames.map(({ data }) => data.toString())).toEqual([...early, '{"type":"last"}'])
  await caller.hangUp()
})

test.each(['leaves', 'vanishes'])('[C6] a caller that %s while we dial: the dial is given up at once', async (way) => {
  upstream.holds = true
  const dials = upstream.dials
  const caller = new Caller(broker.wsUrl, tenant.key)
  await caller.opened()
  await upstream.until(() => upstream.dials > dials, 'a dial')
  const since = performance.now()
  if (way === 'leaves') caller.ws.close(1000)
  else caller.vanish()
  const dial = upstream.latest
  await upstream.until(() => dial?.readableEnded === true || dial?.destroyed === true, 'the end of the dial')
  expect(performance.now() - since).toBeLessThan(soonMs)
  await broker.quiet(tenant)
  expect((await broker.record(tenant)).outcome).toMatchObject({ by: 'caller', why: 'hung_up' })
})
