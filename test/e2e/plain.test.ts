// The shortest whole call of a plain WebSocket client against the Worker in workerd.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBroker, type Broker } from '../support/broker.ts'
import { Caller } from '../support/caller.ts'

let broker: Broker
beforeAll(async () => {
  broker = await startBroker()
})
afterAll(() => broker.close())

test('[C3] the provider’s own session.created is the first thing a caller hears, once', async () => {
  const tenant = await broker.tenant()
  const caller = new Caller(broker.wsUrl, tenant.key, { keyBy: 'protocol' })
  const event = await caller.next('session.created')
  expect(caller.types).toEqual(['session.created'])
  expect(event['session']).toMatchObject({ id: broker.sim.sessions[0]?.id, model: 'gpt-realtime-2.1' })
  await caller.hangUp()
  await broker.quiet(tenant)
  expect(await broker.record(tenant)).toMatchObject({
    outcome: { by: 'caller', why: 'hung_up', code: 1000 },
    replies: 0,
  })
})
