// What takes its time: dials that hang, a session's wall, a key revoked in an endless reply. All at once, to wait but once.
import type { SimSession } from '../../sim/record.ts'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { startBroker, type Broker } from '../support/broker.ts'
import { Caller, liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'

/** One whose sessions are short, and one whose replies never end. */
let broker: Broker
let lasting: Broker
beforeAll(async () => {
  broker = await startBroker({ wallMs: 3_000 })
  lasting = await startBroker({ fault: 'endless' })
})
afterAll(() => Promise.all([broker.close(), lasting.close()]))

describe.concurrent('deadlines', () => {
  test('[C7] ten dials hang at a cap of ten: each caller is told after 10 s, every line is free at once', async ({
    expect,
  }) => {
    const tenant = await broker.tenant({ caps: { lines: 10 }, overflow: 'event' })
    const hanging = { query: { sim_fault: 'hang' } }
    const since = performance.now()
    const callers = Array.from({ length: 10 }, () => new Caller(broker.wsUrl, tenant.key, hanging))
    await Promise.all(callers.map((caller) => caller.opened()))
    expect(await broker.live(tenant)).toBe(10)
    const early = new Caller(broker.wsUrl, tenant.key)
    expect(await early.error()).toMatchObject({ code: 'concurrent_calls_exceeded' })
    const errors = await Promise.all(callers.map((caller) => caller.error(13_000)))
    const tookMs = performance.now() - since
    expect(tookMs).toBeGreaterThan(9_900)
    expect(tookMs).toBeLessThan(12_000)
    expect(errors).toMatchObject(Array.from({ length: 10 }, () => ({ type: 'server_error', code: 'upstream_timeout' })))
    await eventually(
      () => broker.live(tenant),
      (count) => count === 0,
      1_000,
    )
    const next = await liveCaller(broker.wsUrl, tenant.key)
    const closes = await Promise.all(callers.map((caller) => caller.closing()))
    expect(closes).toEqual(Array.from({ length: 10 }, () => ({ code: 1013, reason: 'server_error.upstream_timeout' })))
    await next.hangUp()
    const records = await broker.records(tenant)
    // Newest first.
    expect(records.map(({ record }) => record?.outcome.why)).toEqual([
      'hung_up',
      ...Array.from({ length: 10 }, () => 'upstream_silent'),
    ])
  })

  test('[C7] the provider’s longest session: session_expired and 1001 pass', async ({ expect }) => {
    const tenant = await broker.tenant()
    const caller = await liveCaller(broker.wsUrl, tenant.key)
    expect(await caller.error()).toMatchObject({ code: 'session_expired' })
    const reason = 'Your session hit the maximum duration of 60 minutes.'
    expect(await caller.closing()).toEqual({ code: 1001, reason })
    expect(caller.of('error')).toHaveLength(1)
    expect((await broker.record(tenant)).outcome).toMatchObject({ by: 'upstream', code: 1001, reason })
  })

  test('[K3] a key revoked in a reply that does not end: the call is over within 5 s all the same', async ({
    expect,
  }) => {
    const tenant = await lasting.tenant()
    const caller = await liveCaller(lasting.wsUrl, tenant.key)
    caller.send({ type: 'response.create' })
    await caller.next('response.output_audio.delta')
    await lasting.admin('DELETE', `/tenants/${tenant.id}/keys/${tenant.keyId}`)
    expect(await caller.closing(5_000)).toEqual({ code: 1008, reason: 'authentication_error.revoked_api_key' })
    const { outcome } = await lasting.record(tenant)
    expect(outcome).toMatchObject({ by: 'broker', why: 'key_withdrawn', inReply: true })
  })

  test('[C8] a caller that reads nothing for 5 s: its provider is closed, and it hears why when it reads again', async ({
    expect,
  }) => {
    const tenant = await lasting.tenant()
    const huge = 'huge,size=24000000,events=2'
    const caller = await liveCaller(lasting.wsUrl, tenant.key, { query: { sim_fault: huge, tag: tenant.id } })
    const session = lasting.sim.sessions.find(({ query }) => query['tag'] === tenant.id) as SimSession
    caller.ws.pause()
    const since = performance.now()
    const asking = setInterval(() => caller.send({ type: 'response.create' }), 400)
    try {
      expect(await session.ended(10_000)).toMatchObject({ by: 'client' })
    } finally {
      clearInterval(asking)
    }
    expect(performance.now() - since).toBeGreaterThan(5_000)
    await eventually(
      () => lasting.live(tenant),
      (count) => count === 0,
      1_000,
    )
    expect((await lasting.record(tenant)).outcome).toMatchObject({ by: 'caller', why: 'caller_slow', code: 1013 })
    caller.ws.resume()
    expect(await caller.error()).toMatchObject({ code: 'caller_too_slow' })
    expect(await caller.closing()).toEqual({ code: 1013, reason: 'server_error.caller_too_slow' })
  })

  test('[C7] a provider that ignores our close keeps no line', async ({ expect }) => {
    const tenant = await broker.tenant()
    const caller = await liveCaller(broker.wsUrl, tenant.key, { query: { sim_fault: 'ignore-close', tag: tenant.id } })
    await caller.hangUp()
    await eventually(
      () => broker.live(tenant),
      (count) => count === 0,
      1_000,
    )
    expect((await broker.record(tenant)).outcome).toMatchObject({ by: 'caller', why: 'hung_up', code: 1000 })
    const session = broker.sim.sessions.find(({ query }) => query['tag'] === tenant.id)
    await session?.ended(2_000) // closed, or terminated after 1 s
  })
})
