// Stock clients that wait for a line, unmodified: they hear it, are put through on the same socket, and talk as if nothing had been.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SimSession } from '../../sim/record.ts'
import { startBroker, type Broker, type MadeTenant } from '../support/broker.ts'
import { liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { at } from '../support/gathering.ts'
import { callSim, configured, expectAudio, expectHeardBy, orderTool, turn, type Talker } from '../support/scenario.ts'
import { secured, type Secured } from '../support/secure.ts'
import { stockClients, type Waiting } from '../support/stock-clients.ts'

let broker: Broker
let front: Secured
beforeAll(async () => {
  broker = await startBroker(callSim)
  front = await secured(broker)
})
afterAll(async () => {
  await front.close()
  await broker.close()
})

const line = readFileSync(new URL('../../web/public/hold/en/joined.pcm', import.meta.url))

function lineOf({ audio }: Talker): Buffer {
  const ours = [...audio].filter(([response]) => response.startsWith('resp_trunkline_'))
  return Buffer.concat(ours.flatMap(([, pieces]) => pieces))
}

function replies({ heard }: Talker): ReturnType<Talker['heard']['of']> {
  return heard.of('response.done').filter((event) => !String(at(event, 'response.id')).startsWith('resp_trunkline_'))
}

test.each(stockClients)(
  '[H1] [R5] $name waits, hears the whole line, is put through, and has its turn',
  async (client) => {
    const tenant = await broker.tenant({ caps: { lines: 1 } })
    const first = await liveCaller(broker.wsUrl, tenant.key)
    const talker = await client.dial(tenant, broker, front)
    const { heard } = talker
    await heard.until(() => heard.of('response.done').length === 1, 'the whole line')
    expect(heard.of('trunkline.queue.joined')).toMatchObject([{ position: 1 }])
    expect(lineOf(talker).equals(line)).toBe(true)
    await putThrough(talker, first.hangUp())
    await hasItsTurn(talker, tenant)
  },
)

test.each(stockClients)('[H1] [R5] $name is put through in mid-line, and has its turn', async (client) => {
  const tenant = await broker.tenant({ caps: { lines: 1 } })
  const first = await liveCaller(broker.wsUrl, tenant.key)
  const talker = await client.dial(tenant, broker, front)
  const { heard } = talker
  await heard.until(() => lineOf(talker).length > 0, 'some of the line')
  talker.say(turn(2)) // nobody hears it
  const sofar = lineOf(talker).length
  await heard.until(() => lineOf(talker).length >= sofar + 24_000, 'half a second more: all of it has come in')
  await putThrough(talker, first.hangUp())
  expect(heard.of('response.done')).toMatchObject([{ response: { status: 'cancelled' } }])
  expect(lineOf(talker).length).toBeLessThan(line.length)
  await hasItsTurn(talker, tenant)
})

async function putThrough({ heard }: Talker, free: Promise<void>): Promise<void> {
  await free
  await heard.until(() => heard.of('session.created').length === 1, 'the session', 1_000)
  await configured(heard)
}

/** The session is the one it asked for while it waited, and only what it says now is heard. */
async function hasItsTurn(talker: Waiting, tenant: MadeTenant): Promise<void> {
  const { heard } = talker
  const session = broker.sim.sessions.at(-1) as SimSession
  expect(at(heard.of('session.updated').at(-1), 'session.tools.0.name')).toBe(orderTool.name)
  talker.say(turn(1))
  const transcript = 'conversation.item.input_audio_transcription.completed'
  await heard.until(() => replies(talker).length === 1 && heard.of(transcript).length === 1, 'the reply')
  expectAudio(talker, replies(talker))
  expectHeardBy(session, turn(1))
  expect(heard.of('session.created')).toHaveLength(1)
  expect(heard.of('error')).toEqual([])
  expect(talker.errors).toEqual([])
  talker.hangUp()
  await talker.ended()
  await broker.quiet(tenant)
  const records = await eventually(
    () => broker.records(tenant),
    (all) => all.every(({ ended }) => ended !== null),
  )
  expect(records.map(({ record }) => record?.outcome.why)).toEqual(['hung_up', 'hung_up'])
  expect(records[0]?.record).toMatchObject({ replies: 1 })
}
