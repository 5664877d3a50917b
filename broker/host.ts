// The Node host, put together: store, calls, door, ports; and how it stops. Knows no signal and no exit code.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import manifest from '../package.json' with { type: 'json' }
import { houseOf } from '../src/http/house.ts'
import { closeTimeoutMs, lateCloseMs } from '../src/limits.ts'
import { shed } from '../src/shedding.ts'
import type { Series } from '../src/metrics.ts'
import { seriesOf } from '../src/series.ts'
import { modelsOf, poolsOf } from '../src/upstream.ts'
import { Calls } from './calls.ts'
import type { Config } from './config.ts'
import { Door } from './door.ts'
import { Misuse } from './given.ts'
import { listen, type Ports } from './server.ts'
import type { Refusal } from '../src/refusal.ts'
import { StoreFault } from './redis/fault.ts'
import { soundsFrom } from './sounds.ts'
import type { Fault, Log, Store, Words } from './store.ts'
import { StrainMeter } from './strain-meter.ts'
import { callsMost, openFilesMost } from './file-limit.ts'
import { isWorker, placeOfWorker, Siblings } from './workers.ts'
import { openEmbedded } from './stores/embedded.ts'
import { RedisStore } from './stores/redis.ts'

/** What a call that is still live when the time is over gets to hear why, and to answer our close. */
const lastWordsMs = lateCloseMs + 2 * closeTimeoutMs

export interface Host extends Pick<Ports, 'port' | 'tlsPort'> {
  /** Takes no new call, lets live ones end for so long, tells the rest, then is gone (D1). 0: at once, and nobody is told. */
  drain(forMs: number): Promise<void>
}

/** How the host speaks to whoever reads its log. */
export interface Voice {
  fault: Fault
  log: Log
}

/** Throws Misuse or Unusable where a person must mend something first. */
export async function startHost(config: Config, { fault, log }: Voice): Promise<Host> {
  if (!existsSync(join(config.web, 'index.html')))
    throw new Misuse([
      `--web: there is no built page in ${config.web}: run "npx vite build web" first, or name another folder.`,
    ])
  let draining = false
  let calls: Calls | undefined
  const words = {
    seated: (call: string) => calls?.seated(call),
    wrapUp: (call: string, refusal: Parameters<Calls['wrapUp']>[1]) => calls?.wrapUp(call, refusal),
  }
  const store = openStore(config, words, { fault, log })
  calls = new Calls({
    desks: store.desks,
    secrets: config.secrets,
    soundsOf: soundsFrom(config.web, store.homes),
    fault: (error, call) => fault('call', error, { call_id: call }),
  })
  const strain = new StrainMeter({
    calls: () => live.count,
    callsMost: callsMost(openFilesMost()),
    changed: (strain, load) => log('strain', { strain, ...load }),
  })
  const own = {
    version: manifest.version,
    host: 'node',
    operatorKey: config.adminKey,
    models: modelsOf(config.upstreams),
    fault: (error: unknown, instance: string): Refusal | undefined => {
      fault('request', error, { request_id: instance })
      return error instanceof StoreFault ? { why: 'store_unreachable' } : undefined
    },
  }
  const figures = () => processSeries(strain, draining, live.count)
  const siblings = isWorker() ? new Siblings(figures) : undefined
  const self = {
    unready: () => [...(draining ? ['it is shutting down'] : []), ...store.problems()],
    series: async () => (siblings === undefined ? [figures()] : siblings.figures()),
  }
  const door = new Door({
    calls,
    upstreams: config.upstreams,
    proxies: config.proxies,
    sheds: (plan) => shed(strain.strain, draining, plan),
    fault: (error, call) => fault('call', error, { call_id: call }),
  })
  const live = calls
  try {
    const ports = await listen(config, houseOf(own, store.homes, self), door)
    const drain = async (forMs: number): Promise<void> => {
      draining = true
      live.turnWaitingAway({ why: 'process_draining' })
      if (forMs > 0 && !(await within(forMs, live.none()))) {
        live.wrapUpAll({ why: 'process_draining' })
        await within(lastWordsMs, live.none())
      }
      await ports.close()
      await store.close()
    }
    return { port: ports.port, tlsPort: ports.tlsPort, drain }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** What this process adds to `/metrics`. */
function processSeries({ strain, load }: StrainMeter, draining: boolean, calls: number): Series {
  return {
    [seriesOf('trunkline_process_calls', {})]: calls,
    [seriesOf('trunkline_process_loop_delay_seconds', {})]: load.loopDelayMs / 1000,
    [seriesOf('trunkline_process_memory_ratio', {})]: load.memory,
    [seriesOf('trunkline_process_calls_ratio', {})]: load.calls,
    [seriesOf('trunkline_process_strain', {})]: ['none', 'some', 'full'].indexOf(strain),
    [seriesOf('trunkline_process_draining', {})]: draining ? 1 : 0,
  }
}

function openStore({ store, node, upstreams }: Config, calls: Words, { fault, log }: Voice): Store {
  const pools = poolsOf(upstreams)
  if (store.is === 'folder') return openEmbedded({ dir: store.dir, pools, calls, fault })
  const place = placeOfWorker()
  const writer = { node: place === undefined ? node : `${node}/${place}`, epoch: Date.now() }
  const say = ({ event, ...more }: Readonly<Record<string, unknown>>): void => log(String(event), more)
  return new RedisStore({ url: store.url, writer, pools, calls, fault, log: say })
}

/** Whether it was done in time. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>()
  const timer = setTimeout(() => resolve(false), ms)
  const done = await Promise.race([work.then(() => true), late])
  clearTimeout(timer)
  return done
}
