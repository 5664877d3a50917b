// The broker's process dies in mid-call and another starts over what it had stored: nothing stays held, nothing is unaccounted for.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBroker, type Broker } from '../support/broker.ts'
import { liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { at } from '../support/gathering.ts'
import { host } from '../support/host.ts'

let broker: Broker
beforeAll(async () => {
  broker = await startBroker()
})
afterAll(() => broker.close())

test('[C1] [G9] three calls are lost with their process: their lines are free, each has one record that says so, debits are kept', async () => {
  const tenant = await broker.tenant({ caps: { lines: 3 } })
  const callers = await Promise.all([1, 2, 3].map(() => liveCaller(broker.wsUrl, tenant.key)))
  let spoken = 0
  for (const caller of callers) {
    caller.send({ type: 'response.create' })
    spoken += at(await caller.next('response.done'), 'response.usage.output_token_details.audio_tokens') as number
  }
  await eventually(
    () => broker.usage(tenant),
    (books) => books['output_audio'] === spoken,
  )
  broker = await broker.restart()
  expect(await Promise.all(callers.map((caller) => caller.closing()))).toMatchObject(
    [1, 2, 3].map(() => ({ code: 1006 })),
  )
  if (host === 'node') await broker.quiet(tenant, 2_000) // G9: a process that starts over knows that they were its own
  else {
    expect(await broker.live(tenant)).toBe(3)
    // The next life of each hears of it with its next heartbeat, well before the lease runs out.
    await broker.quiet(tenant, 14_000)
  }
  const lost = { record: { outcome: { by: 'broker', why: 'call_reset', code: 1006 } } }
  expect(await broker.records(tenant)).toMatchObject([lost, lost, lost])
  expect(await broker.usage(tenant)).toMatchObject({ calls: 3, replies: 3, output_audio: spoken })
  const next = await liveCaller(broker.wsUrl, tenant.key)
  await next.hangUp()
  await broker.quiet(tenant)
})
