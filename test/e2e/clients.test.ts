// Whole calls of stock clients against the Worker in workerd: the same call for each of them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SimSession } from '../../sim/record.ts'
import { AgentsTalker } from '../support/agents-talker.ts'
import { startBroker, type Broker, type MadeTenant } from '../support/broker.ts'
import { at } from '../support/gathering.ts'
import { openaiClasses, OpenaiTalker } from '../support/openai-talker.ts'
import { PlainTalker } from '../support/plain-talker.ts'
import {
  callSim,
  configured,
  expectAudio,
  expectBooked,
  expectHeardBy,
  expectTalked,
  talkThrough,
  turn,
  type Talker,
} from '../support/scenario.ts'
import { secured, type Secured } from '../support/secure.ts'

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

type Dial = (tenant: MadeTenant) => Promise<Talker>

const clients: { name: string; dial: Dial; goodbye: number }[] = [
  ...openaiClasses.map((name) => ({
    name: `openai ${name}`,
    dial: async ({ key }: MadeTenant) => new OpenaiTalker(name, front.baseURL, key),
    goodbye: 1000,
  })),
  {
    name: '@openai/agents-realtime',
    dial: async ({ key }) => {
      const talker = new AgentsTalker()
      await talker.connect(broker.wsUrl, key)
      return talker
    },
    goodbye: 1005, // it closes without a code
  },
  {
    name: 'a plain WebSocket, key as a sub-protocol, transcription by the second',
    dial: async ({ key }) => new PlainTalker(broker.wsUrl, key, { keyBy: 'protocol' }, 'gpt-realtime-whisper'),
    goodbye: 1000,
  },
]

function lastSession(): SimSession {
  return broker.sim.sessions.at(-1) as SimSession
}

describe.each(clients)('$name', ({ dial, goodbye }) => {
  test('[R5] two turns, an interruption and a function call, billed as reported, until the caller hangs up', async () => {
    const tenant = await broker.tenant()
    const talker = await dial(tenant)
    await configured(talker.heard)
    const session = lastSession()
    await talkThrough(talker)
    expectTalked(talker)
    expectHeardBy(session, Buffer.concat([turn(1), turn(2), turn(4)]))
    talker.hangUp()
    await talker.ended()
    expect(await session.ended()).toMatchObject({ by: 'client', code: 1000 })
    await expectBooked(broker, tenant, session, { by: 'caller', why: 'hung_up', code: goodbye })
  })

  test('[R5] one turn, and a clean end from the provider’s side', async () => {
    const tenant = await broker.tenant()
    const talker = await dial(tenant)
    await configured(talker.heard)
    const session = lastSession()
    talker.say(turn(1))
    const transcript = 'conversation.item.input_audio_transcription.completed'
    await talker.heard.until(() => [transcript, 'response.done'].every((type) => talker.heard.of(type).length === 1))
    session.fault('close,code=1000,reason=done')
    expect([undefined, 1000]).toContain(await talker.ended())
    expect(talker.heard.of('error')).toEqual([])
    expectAudio(talker, talker.heard.of('response.done'))
    await expectBooked(broker, tenant, session, { by: 'upstream', why: 'finished', code: 1000 })
  })
})

test('[C4] @openai/agents-realtime names the model in its session.update, and that passes', async () => {
  const tenant = await broker.tenant()
  const talker = new AgentsTalker()
  await talker.connect(broker.wsUrl, tenant.key)
  await configured(talker.heard)
  const updates = lastSession().raw.map((frame) => JSON.parse(frame.toString()) as unknown)
  expect(updates.some((event) => at(event, 'session.model') === 'gpt-realtime-2.1')).toBe(true)
  expect(talker.heard.of('error')).toEqual([])
  talker.hangUp()
  await broker.quiet(tenant)
})
