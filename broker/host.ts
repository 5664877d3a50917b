// The Node host, put together: store, calls, door, ports; and how it stops. Knows no signal and no exit code.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import manifest from '../package.json' with { type: 'json' }
import { houseOf } from '../src/http/house.ts'
import { closeTimeoutMs, lateCloseMs } from '../src/limits.ts'
import { shed } from '../src/shedding.ts'
import { modelsOf, poolsOf } from '../src/upstream.ts'
import { Calls } from './calls.ts'
import type { Config } from './config.ts'
import { Door } from './door.ts'
import { Misuse } from './given.ts'
import { listen, type Ports } from './server.ts'
import { soundsFrom } from './sounds.ts'
import type { Fault, Store } from './store.ts'
import { openEmbedded } from './stores/embedded.ts'

/** What a call that is still live when the time is over gets to hear why, and to answer our close. */
const lastWordsMs = lateCloseMs + 2 * closeTimeoutMs

export interface Host extends Pick<Ports, 'port' | 'tlsPort'> {
  /** Takes no new call, lets live ones end for so long, tells the rest, then is gone (D1). 0: at once, and nobody is told. */
  drain(forMs: number): Promise<void>
}

/** Throws Misuse or Unusable where a person must mend something first. */
export async function startHost(config: Config, fault: Fault): Promise<Host> {
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
  const store: Store = openEmbedded({ dir: config.store, pools: poolsOf(config.upstreams), calls: words, fault })
  calls = new Calls({
    desks: store.desks,
    secrets: config.secrets,
    soundsOf: soundsFrom(config.web, store.homes),
    fault: (error, call) => fault('call', error, { call_id: call }),
  })
  const own = {
    version: manifest.version,
    host: 'node',
    operatorKey: config.adminKey,
    models: modelsOf(config.upstreams),
    fault: (error: unknown, instance: string) => fault('request', error, { request_id: instance }),
  }
  const unready = (): string[] => [...(draining ? ['it is shutting down'] : []), ...store.problems()]
  const door = new Door({
    calls,
    upstreams: config.upstreams,
    proxies: config.proxies,
    closed: () => shed('none', draining, undefined),
    fault: (error, call) => fault('call', error, { call_id: call }),
  })
  const live = calls
  try {
    const ports = await listen(config, houseOf(own, store.homes, unready), door)
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

/** Whether it was done in time. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>()
  const timer = setTimeout(() => resolve(false), ms)
  const done = await Promise.race([work.then(() => true), late])
  clearTimeout(timer)
  return done
}
