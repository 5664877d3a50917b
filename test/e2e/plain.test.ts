// Whole calls of a plain WebSocket client against the Worker in workerd.
import { once } from 'node:events'
import WebSocket from 'ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBroker, type Broker } from '../support/broker.ts'

let broker: Broker
beforeAll(async () => {
  broker = await startBroker()
})
afterAll(() => broker.close())

test('[C3] the provider’s own session.created is the first thing a caller hears, once', async () => {
  const tenant = await broker.tenant()
  const ws = new WebSocket(`${broker.wsUrl}/v1/realtime?model=gpt-realtime-2.1`, ['realtime', `openai-insecure-api-key.${tenant.key}`])
  const first = once(ws, 'message')
  await once(ws, 'open')
  expect(ws.protocol).toBe('realtime')
  const event = JSON.parse(String((await first)[0]))
  expect(event.type).toBe('session.created')
  ws.close()
  await once(ws, 'close')
})
