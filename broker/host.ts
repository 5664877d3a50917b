// The Node host, put together: store, calls, door, ports; and how it stops. Knows no signal and no exit code.
import manifest from '../package.json' with { type: 'json' }
import { Courier } from '../src/courier.ts'
import type { Attempt } from '../src/http/app.ts'
import { webHmac } from '../src/http/hmac.ts'
import { houseOf } from '../src/http/house.ts'
import { urlProblem } from '../src/http/webhook-post.ts'
import { cancelGraceMs, closeTimeoutMs, drainReplyMs, lateCloseMs, speechTimeoutMs } from '../src/limits.ts'
import { shed } from '../src/shedding.ts'
import type { Series } from '../src/metrics.ts'
import { unpricedOf, unpricedSays } from '../src/price-table.ts'
import { seriesOf, total } from '../src/series.ts'
import type { Word } from '../src/ports.ts'
import { poolsOf } from '../src/upstream.ts'
import { Calls } from './calls.ts'
import { clock } from './clock.ts'
import type { Config } from './config.ts'
import { Door } from './door.ts'
import { Misuse } from './given.ts'
import { Leave } from './leave.ts'
import { missingFrom } from './pages.ts'
import { listen, type Ports } from './server.ts'
import type { Refusal } from '../src/refusal.ts'
import { StoreFault } from './redis/fault.ts'
import { refusalOf } from './redis/refusal.ts'
import { sha256 } from './sha256.ts'
import { Siblings } from './siblings.ts'
import { soundsFrom } from './sounds.ts'
import type { Fault, Log, Store, Tell, Words } from './store.ts'
import { StrainMeter } from './strain-meter.ts'
import { callsMost, connectionsMost, openFilesMost } from './file-limit.ts'
import { makePost } from './webhook-post.ts'
import { isWorker, placeOfWorker } from './workers.ts'
import { openEmbedded } from './stores/embedded.ts'
import { RedisStore } from './stores/redis.ts'

/** What a call that is still live when the time is over gets to hear its reply out, our line and why, and to answer our close. */
const lastWordsMs = drainReplyMs + cancelGraceMs + speechTimeoutMs + lateCloseMs + 2 * closeTimeoutMs

export interface Host extends Pick<Ports, 'port' | 'tlsPort'> {
  /** How many files may be open, and how many calls that is enough for: null where there is no bound. */
  bounds: { openFiles: number | null; callsMost: number | null }
  /** Takes leave, lets live calls end for so long, tells the rest, then is gone (D1). 0: at once, and nobody is told. */
  drain(forMs: number): Promise<void>
}

/** How the host speaks to whoever reads its log. */
export interface Voice {
  fault: Fault
  log: Log
}

/** Throws Misuse or Unusable where a person must mend something first. */
export async function startHost(config: Config, { fault, log }: Voice): Promise<Host> {
  const missing = missingFrom(config.web)
  if (missing !== undefined)
    throw new Misuse([
      `--web: there is no built page in ${config.web} (${missing} is missing): run "npx vite build web" first, or name another folder.`,
    ])
  let stopping = false
  let calls: Calls | undefined
  const words = {
    seated: (call: string) => calls?.seated(call),
    told: (call: string, word: Word) => calls?.told(call, word),
  }
  const may = { private: config.allowPrivateWebhooks }
  if (may.private) log('webhooks may reach private addresses', {})
  const courier = new Courier({ now: () => clock.now(), hmac: webHmac, post: makePost({ may }) })
  const store = openStore(config, { calls: words, courier }, { fault, log })
  calls = new Calls({
    desks: store.desks,
    secrets: config.secrets,
    soundsOf: soundsFrom(config.web, store.homes),
    prices: config.prices,
    fault: (error, call) => fault('call', error, { call_id: call }),
  })
  const live = calls
  const unpriced = unpricedOf(config.prices, config.upstreams)
  if (unpriced.length > 0) log(unpricedSays, { models: unpriced })
  const openFiles = openFilesMost()
  const strain = new StrainMeter({
    calls: () => live.count,
    callsMost: callsMost(openFiles),
    changed: (strain, load) => log('strain', { strain, ...load }),
  })
  const own = {
    version: manifest.version,
    host: 'node',
    operatorKey: config.adminKey,
    upstreams: config.upstreams,
    sha256,
    urlProblem: (url: string) => urlProblem(url, may),
    fault: (error: unknown, instance: string, attempt: Attempt): Refusal | undefined => {
      fault('request', error, { request_id: instance })
      return error instanceof StoreFault ? refusalOf(error, attempt) : undefined
    },
  }
  const leave = new Leave(config.drainGraceSeconds * 1000, () => live.turnWaitingAway({ why: 'process_draining' }))
  const take = (leaves: boolean): void => {
    if (leaves) void leave.begin()
    else if (!stopping) leave.takeBack()
  }
  const figures = () => processSeries(strain, leave, live.count)
  const siblings = isWorker() ? new Siblings(figures, take) : undefined
  const series = async (): Promise<Series[]> => (siblings === undefined ? [figures()] : siblings.figures())
  const setDrain = (on: boolean): void => {
    take(on)
    siblings?.drain(on)
  }
  const self = {
    unready: () => [...(leave.since === undefined ? [] : ['it is draining']), ...store.problems()],
    series,
    drain: {
      read: async () => ({
        state: stopping
          ? ('stopping' as const)
          : leave.since === undefined
            ? ('serving' as const)
            : ('draining' as const),
        since: leave.since,
        calls: total(await series())[seriesOf('trunkline_process_calls', {})] ?? 0,
      }),
      begin: () => setDrain(true),
      takeBack: () => setDrain(false),
    },
  }
  const door = new Door({
    calls,
    upstreams: config.upstreams,
    proxies: config.proxies,
    sheds: (plan) => shed(strain.strain, leave.refuses, plan),
    fault: (error, call) => fault('call', error, { call_id: call }),
  })
  try {
    const ports = await listen(config, houseOf(own, store.homes, self), door, connectionsMost(openFiles))
    strain.forget()
    const drain = async (forMs: number): Promise<void> => {
      stopping = true
      const left = leave.begin().then(() => live.none())
      if (forMs > 0 && !(await within(forMs, left))) {
        live.wrapUpAll({ why: 'process_draining' })
        await within(lastWordsMs, live.none())
      }
      await ports.close()
      await store.close()
    }
    const most = callsMost(openFiles)
    const bounds = { openFiles: openFiles ?? null, callsMost: most === Infinity ? null : most }
    return { port: ports.port, tlsPort: ports.tlsPort, bounds, drain }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** What this process adds to `/metrics`. */
function processSeries({ strain, load, callsMost }: StrainMeter, leave: Leave, calls: number): Series {
  return {
    [seriesOf('trunkline_process_calls', {})]: calls,
    ...(callsMost !== Infinity && { [seriesOf('trunkline_process_calls_most', {})]: callsMost }),
    [seriesOf('trunkline_process_loop_delay_seconds', {})]: load.loopDelayMs / 1000,
    [seriesOf('trunkline_process_memory_ratio', {})]: load.memory,
    [seriesOf('trunkline_process_calls_ratio', {})]: load.calls,
    [seriesOf('trunkline_process_strain', {})]: ['none', 'some', 'full'].indexOf(strain),
    [seriesOf('trunkline_process_draining', {})]: leave.since === undefined ? 0 : 1,
  }
}

function openStore(
  { store, node, upstreams }: Config,
  own: { calls: Words; courier: Courier },
  { fault, log }: Voice,
): Store {
  const pools = poolsOf(upstreams)
  const tell: Tell = (tenant, alert) =>
    log(alert.is === 'suspended' ? 'tenant suspended' : `budget ${alert.level}`, { tenant_id: tenant, ...alert })
  if (store.is === 'folder') return openEmbedded({ dir: store.dir, pools, ...own, fault, tell })
  const place = placeOfWorker()
  const name = place === undefined ? node : `${node}/${place}`
  const say = ({ event, ...more }: Readonly<Record<string, unknown>>): void => log(String(event), more)
  return new RedisStore({ url: store.url, node: name, pools, ...own, fault, tell, log: say })
}

/** Whether it was done in time. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>()
  const timer = setTimeout(() => resolve(false), ms)
  const done = await Promise.race([work.then(() => true), late])
  clearTimeout(timer)
  return done
}
