// What an operator says of prices, on a running host: what a call is debited, and which models have no price.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { upstreamsOf } from '../../src/upstream.ts'
import { startBroker, type Broker } from '../support/broker.ts'
import { liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { host } from '../support/host.ts'

const each = { input: 7, cached: 7, output: 7 }
const own = JSON.stringify({ 'gpt-realtime-2.1': { text: each, audio: each } })
const [openai] = upstreamsOf(undefined, undefined)
const upstreams = [{ ...openai, models: [...(openai?.models ?? []), 'voice-next'] }]

let broker: Broker
let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trunkline-prices-'))
  const file = join(dir, 'prices.json')
  await writeFile(file, own)
  const vars = { TRUNKLINE_UPSTREAMS: JSON.stringify(upstreams), TRUNKLINE_PRICES: host === 'node' ? file : own }
  broker = await startBroker({}, undefined, host, vars)
})
afterAll(async () => {
  await broker.close()
  await rm(dir, { recursive: true })
})

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
