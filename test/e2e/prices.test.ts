// What an operator says of prices, on a running host: what a call is debited, and which models have no price.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { upstreamsOf } from '../../src/upstream.ts'
import type { Broker } from '../support/broker.ts'
import { liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { pricedBroker } from '../support/priced-broker.ts'

const each = { input: 7, cached: 7, output: 7 }
const [openai] = upstreamsOf(undefined, undefined)
const upstreams = [{ ...openai, models: [...(openai?.models ?? []), 'voice-next'] }]

let broker: Broker
beforeAll(async () => {
  const prices = { 'gpt-realtime-2.1': { text: each, audio: each } }
  broker = await pricedBroker(prices, { TRUNKLINE_UPSTREAMS: JSON.stringify(upstreams) })
})
afterAll(() => broker.close())

test("[L3] a call is debited at the operator's prices", async () => {
  const tenant = await broker.tenant()
  const caller = await liveCaller(broker.wsUrl, tenant.key)
  caller.send({ type: 'response.create' })
  await caller.next('response.done')
  await caller.hangUp()
  const { tokens, microUsd } = await broker.record(tenant)
  expect(tokens).toBeGreaterThan(0)
  expect(microUsd).toBe(7 * tokens)
})

async function named(): Promise<string[]> {
  return broker.log.filter((line) => line.includes('models without a price'))
}

test('[L3] a model that is served and has no price is named at the start', async () => {
  const models = JSON.stringify([{ model: 'voice-next', upstream: 'openai', lacks: ['text', 'audio'] }])
  const [line] = await eventually(named, (lines) => lines.length > 0)
  expect(line).toContain(`"models":${models}`)
})
