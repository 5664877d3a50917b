// A thousand callers that vanish at random bytes: nothing of them is left, and each has one record.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recording } from '../../sim/voice.ts'
import { startBroker, type Broker } from '../support/broker.ts'
import { appends, liveCaller } from '../support/caller.ts'
import { dice } from '../support/dice.ts'
import { eventually } from '../support/eventually.ts'
import { textFrame, upgradeRequest, vanish } from '../support/raw-caller.ts'

const callers = 1_000
const atOnce = 20

let broker: Broker
beforeAll(async () => {
  broker = await startBroker({ pace: 10, latencyMs: 5, says: ['Yes.'], replySentences: 1 })
})
afterAll(() => broker.close())

test('[C6] 1,000 callers vanish at random bytes: no line, no upstream and one record each is left', async () => {
  const tenant = await broker.tenant({ caps: { lines: atOnce * 5 } })
  const { roll } = dice('vanishing callers')
  const path = '/v1/realtime?model=gpt-realtime-2.1'
  const handshake = upgradeRequest(broker.port, path, tenant.key)
  const update = { type: 'session.update', session: { type: 'realtime', instructions: 'Be brief.' } }
  const speech = appends(Buffer.concat([recording(1, 'audio/pcm').subarray(0, 48_000), Buffer.alloc(48_000)]))
  const frames = Buffer.concat([
    textFrame(JSON.stringify(update)),
    textFrame(JSON.stringify({ type: 'response.create' })),
    ...speech.map((audio) => textFrame(JSON.stringify({ type: 'input_audio_buffer.append', audio }))),
  ])
  let left = callers
  const received: number[] = []
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      const early = roll(4) === 0
      const sends = early ? roll(handshake.length + 1) : handshake.length + roll(frames.length + 1)
      const wish = { sends, receives: roll(12_000), patienceMs: roll(2) === 0 ? roll(60) : 400, reset: roll(2) === 0 }
      received.push(await vanish({ port: broker.port, handshake, frames, ...wish }))
    }
  }
  const since = performance.now()
  await Promise.all(Array.from({ length: atOnce }, work))
  await broker.quiet(tenant, 1_000)
  const tookMs = Math.round(performance.now() - since)
  const answered = received.filter((bytes) => bytes > 0).length
  const talkedTo = received.filter((bytes) => bytes > 1_000).length
  console.log(`${callers} callers vanished in ${tookMs} ms; ${answered} were answered, ${talkedTo} heard events`)

  const records = await broker.records(tenant)
  expect(records.length).toBeGreaterThan(callers / 2)
  expect(new Set(records.map(({ id }) => id)).size).toBe(records.length)
  expect(new Set(records.map(({ record }) => record?.outcome.by))).toEqual(new Set(['caller']))
  const admitted = () => broker.metric('trunkline_admissions_total', { decision: 'admitted' })
  expect(await eventually(admitted, (count) => count === records.length)).toBe(records.length)
  const ends = () => broker.metric('trunkline_call_ends_total', { by: 'caller' })
  expect(await eventually(ends, (count) => count === records.length)).toBe(records.length)
  expect((await broker.usage(tenant))['calls']).toBe(records.length)
  expect(broker.sim.totals.opened).toBeLessThanOrEqual(records.length)

  const next = await liveCaller(broker.wsUrl, tenant.key)
  expect(await broker.live(tenant)).toBe(1)
  await next.hangUp()
}, 90_000)
