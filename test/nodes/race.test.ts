// The race: four processes on one Redis, 500 upgrades at once, again and again. Long:
// TRUNKLINE_ROUNDS=200 npx vitest run --project nodes test/nodes/race.test.ts
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Broker, MadeTenant, TenantBody } from '../support/broker.ts'
import { burst, type Burst, type Comer, type Upgrade } from '../support/burst.ts'
import { Caller, liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet, type FleetNode } from '../support/fleet.ts'
import { startRedis, type RedisServer } from '../support/redis.ts'

const rounds = Number(process.env['TRUNKLINE_ROUNDS'] ?? 5)
const upgrades = 500
const lines = 50
/** Of the growth plan: how many may wait. */
const room = 100

let redis: RedisServer
let nodes: Fleet
let all: Burst | undefined
beforeAll(async () => {
  redis = await startRedis()
  nodes = await startFleet({ nodes: ['a', 'b', 'c', 'd'], store: redis.url, sim: { echoBytes: undefined } })
})
afterAll(async () => {
  await nodes.end()
  await redis.end()
})
afterEach(async () => {
  all?.vanish()
  await eventually(
    async () => nodes.sim.totals.live,
    (live) => live === 0,
    patienceMs,
  )
})

const wsUrls = (): string[] => nodes.nodes.map(({ broker }) => broker.wsUrl)
const first = (): Broker => (nodes.nodes[0] as FleetNode).broker

/** A tenant with enough keys that none of them is braked. */
async function tenantWithKeys(settings: TenantBody): Promise<{ tenant: MadeTenant; keys: string[] }> {
  const tenant = await first().tenant(settings)
  const keys = [tenant.key]
  while (keys.length < 10) {
    const { body } = await first().admin('POST', `/tenants/${tenant.id}/keys`, { name: `key ${keys.length}` })
    keys.push(body['key'] as string)
  }
  return { tenant, keys }
}

function comers(keys: readonly string[]): Comer[] {
  return Array.from({ length: upgrades }, (_, i) => ({
    key: keys[i % keys.length] as string,
    address: `10.0.${i >> 8}.${i & 255}`,
  }))
}

/** The most live calls that its store has told of, asked again and again until it is told to stop. */
function watch(ask: () => Promise<number>): () => Promise<number> {
  const seen = { most: 0, over: false }
  const watching = (async () => {
    while (!seen.over) seen.most = Math.max(seen.most, await ask().catch(() => 0))
  })()
  return async () => {
    seen.over = true
    await watching
    return seen.most
  }
}

const decided = ({ upgrades: all }: Burst): boolean => all.every(({ met }) => met !== undefined)
/** Where the machine is too slow for a process, or for Redis, it says so, and who is told that comes again. */
const shed = ({ why }: Upgrade): boolean => why === '503' || why === 'temporarily_unavailable'
/** What Redis has decided and could not say in time is a line that nobody has, for the time of a lease. */
const patienceMs = 40_000

/** 500 upgrades at once, and those that were shed again, until each is decided by its desk; `calm`: nobody was shed. */
async function race(keys: readonly string[]): Promise<{ all: Burst; calm: boolean }> {
  const made = await burst(wsUrls(), comers(keys))
  all = made
  await made.until(decided, 'all are decided')
  const calm = !made.upgrades.some(shed)
  for (let tries = 0; made.upgrades.some(shed) && tries < 10; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 1_000)) // as they are told to
    await made.again(shed)
    await made.until(decided, 'those who were shed are decided')
  }
  return { all: made, calm }
}
const liveOf = ({ upgrades: all }: Burst): number => all.filter(({ live }) => live).length

function tell(round: number, calm: number, spread: readonly number[], handed: readonly number[]): void {
  const [sent, on] = [spread, handed].map((ms) => Math.round(Math.max(...ms)))
  process.stdout.write(
    `${round + 1} rounds, ${calm} without anybody shed: sent within ${sent} ms, ${lines / 2} lines handed on within ${on} ms\n`,
  )
}

async function emptied(tenants: readonly MadeTenant[]): Promise<void> {
  all?.vanish()
  for (const tenant of tenants)
    await eventually(
      () =>
        first()
          .lines(tenant)
          .catch(() => undefined),
      (here) => here?.live === 0 && here.waiting === 0,
      patienceMs,
    )
  await eventually(
    async () => nodes.sim.totals.live,
    (live) => live === 0,
    patienceMs,
  )
}

test(
  `[G11] ${upgrades} upgrades at once over 4 processes at cap ${lines}, ${rounds} times: never one too many, none too few`,
  async () => {
    const { tenant, keys } = await tenantWithKeys({ plan: 'growth', caps: { lines } })
    const [spread, handed]: [number[], number[]] = [[], []]
    let calmRounds = 0
    for (let round = 0; round < rounds; round++) {
      const holds = round % 2 === 0
      await first().admin('PATCH', `/tenants/${tenant.id}`, { overflow: holds ? 'hold' : 'upgrade' })
      nodes.sim.totals.mostLive = 0
      const stop = watch(() => first().live(tenant))
      const { all, calm } = await race(keys)
      spread.push(all.tookMs)
      await all.until((now) => liveOf(now) === lines, `${lines} are live`, patienceMs)
      const { live = 0, waits = 0, ...refused } = all.tally()
      // A place that Redis gave and could not tell of in time is taken back a moment later: until then one fewer may wait.
      if (calm) {
        calmRounds++
        expect([live + waits, refused]).toEqual(
          holds ? [lines + room, { queue_full: upgrades - lines - room }] : [lines, { 429: upgrades - lines }],
        )
      }
      // Where somebody was shed, and came again, the close of a session may still be on its way to the provider: not so in the store.
      if (calm) expect(nodes.sim.totals.mostLive).toBe(lines)
      if (live + waits >= lines * 1.5) {
        // Those who wait have the lines of half of those who talk, wherever they are.
        const talking = all.upgrades.filter((one) => one.live)
        talking.slice(0, lines / 2).forEach((one) => one.hangUp())
        const hungUp = performance.now()
        await all.until((now) => liveOf(now) === lines, 'those who waited have their lines', patienceMs)
        handed.push(performance.now() - hungUp)
      }
      // Of a line that is handed on the old session's close may still be on its way to the provider when the new one comes: not so in the store.
      await eventually(
        async () => nodes.sim.totals.live,
        (live) => live === lines,
        patienceMs,
      )
      await emptied([tenant])
      expect(await stop()).toBe(lines)
      if (round % 20 === 19 || round === rounds - 1) tell(round, calmRounds, spread, handed)
    }
  },
  20_000 + rounds * 10_000,
)

test(
  `[G11] [P1] the same under one quota of ${lines} sessions for three tenants, ${rounds} times`,
  async () => {
    const thresholds = { trial: 1, starter: 1, growth: 1, scale: 1 }
    const ceiling = { tokensPerMinute: null, sessions: lines }
    expect((await first().admin('PATCH', '/pools/openai', { ceiling, thresholds })).status).toBe(200)
    const three = await Promise.all([1, 2, 3].map(() => tenantWithKeys({ plan: 'growth', overflow: 'hold' })))
    const tenants = three.map(({ tenant }) => tenant)
    const keys = Array.from({ length: 30 }, (_, i) => three[i % 3]?.keys[i % 10] as string)
    for (let round = 0; round < rounds; round++) {
      nodes.sim.totals.mostLive = 0
      const stop = watch(async () => {
        const live = await Promise.all(tenants.map((tenant) => first().live(tenant)))
        return live.reduce((sum, one) => sum + one)
      })
      const { all, calm } = await race(keys)
      await all.until((now) => liveOf(now) === lines, `${lines} are live`, patienceMs)
      if (calm) expect(nodes.sim.totals.mostLive).toBe(lines)
      all.upgrades
        .filter(({ live }) => live)
        .slice(0, lines / 2)
        .forEach((one) => one.hangUp())
      await all.until((now) => liveOf(now) === lines, 'what came back is used', patienceMs)
      await eventually(
        async () => nodes.sim.totals.live,
        (live) => live === lines,
        patienceMs,
      )
      await emptied(tenants)
      expect(await stop()).toBeLessThanOrEqual(lines)
    }
    await first().admin('PATCH', '/pools/openai', { ceiling: null, thresholds: {} })
  },
  20_000 + rounds * 10_000,
)

test('[G6] a caller queued on one node has the line that frees on another within 1 s', async () => {
  const [a, b] = nodes.nodes.map(({ broker }) => broker.wsUrl) as [string, string]
  const tenant = await first().tenant({ caps: { lines: 1 } })
  const talks = await liveCaller(b, tenant.key)
  const waits = new Caller(a, tenant.key)
  await waits.next('trunkline.queue.joined')
  await talks.hangUp()
  await waits.next('session.created', 1_000)
  await waits.hangUp()
  await first().quiet(tenant)
})
