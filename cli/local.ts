// Everything that `npm start` runs, in order: state, page, certificate, upstream, broker, TLS port, demo tenant.
// Refuses to know signals, screens and exit codes.
import { join } from 'node:path'
import { certifiedName, origin, reachable } from './address.ts'
import { projectRoot, startBroker } from './broker.ts'
import { ensureCertificate } from './certificate.ts'
import { ensureDemoTenant } from './demo.ts'
import { startNodeBroker } from './node-broker.ts'
import type { StartOptions } from './options.ts'
import { requireFreePort } from './ports.ts'
import { type Dev, type State, newAdminKey, openState } from './state.ts'
import { startTlsFront } from './tls-front.ts'
import { type Upstream, chooseUpstream } from './upstream.ts'
import { ensureWebPage } from './web-page.ts'

export type LocalOptions = StartOptions & {
  readonly openaiKey: string | undefined
  /** One sentence about what takes a moment. */
  readonly say: (sentence: string) => void
  readonly log?: (line: string) => void
  readonly signal: AbortSignal
}

export type Local = {
  readonly dev: Dev
  readonly devFile: string
  readonly upstream: Upstream['kind']
  readonly node: boolean
  readonly crashed: Promise<string>
  close(): Promise<void>
}

type Ends = (() => Promise<void> | void)[]

export async function startLocal(options: LocalOptions): Promise<Local> {
  const ends: Ends = []
  try {
    return await startAll(options, ends)
  } catch (error) {
    await closeAll(ends)
    throw error
  }
}

async function startAll(options: LocalOptions, ends: Ends): Promise<Local> {
  const { host, signal } = options
  const choice = chooseUpstream(options.upstream, options.openaiKey)
  await requirePorts(options, choice)
  const state = await openState(options.state, options.reset)
  ends.push(() => state.release())
  const adminKey = state.earlier.adminKey ?? newAdminKey()

  const [certificate] = await Promise.all([
    ensureCertificate(options.state, [certifiedName(host)]),
    prepareWebPage(options),
  ])
  signal.throwIfAborted()
  const upstreamUrl = choice.kind === 'practice' ? await practice(options, ends) : choice.url
  const asked = {
    host,
    port: options.port,
    vars: { TRUNKLINE_UPSTREAM_URL: upstreamUrl },
    secrets: { TRUNKLINE_ADMIN_KEY: adminKey, OPENAI_API_KEY: choice.key },
    signal,
    ...(options.log === undefined ? {} : { log: options.log }),
  }
  const broker = options.node
    ? await startNodeBroker({ ...asked, stateDir: join(state.rowsDir, 'node') })
    : await startBroker({ ...asked, stateDir: state.rowsDir })
  ends.push(() => broker.close())
  const front = await startTlsFront({
    host,
    port: options.tlsPort,
    target: { host: reachable(host), port: broker.port },
    certificate,
  })
  ends.push(() => front.close())
  signal.throwIfAborted()

  const tlsUrl = origin('https', certifiedName(host), front.port)
  const dev = await settle({ url: broker.url, tlsUrl, caFile: certificate.caFile, adminKey, upstreamUrl }, state)
  return {
    dev,
    devFile: state.devFile,
    upstream: choice.kind,
    node: options.node,
    crashed: broker.crashed,
    close: () => closeAll(ends),
  }
}

/** The demo tenant, and the file that says how to reach everything. */
async function settle(known: Omit<Dev, 'key' | 'consoleUrl' | 'metricsUrl'>, state: State): Promise<Dev> {
  const { key } = await ensureDemoTenant({ url: known.url, adminKey: known.adminKey, key: state.earlier.key })
  const { url, tlsUrl, caFile, adminKey, upstreamUrl } = known
  const dev: Dev = {
    url,
    tlsUrl,
    caFile,
    key,
    adminKey,
    consoleUrl: `${url}/#key=${key}`,
    metricsUrl: `${url}/metrics`,
    upstreamUrl,
  }
  await state.keep(dev)
  return dev
}

async function requirePorts(options: LocalOptions, choice: Upstream): Promise<void> {
  const { host } = options
  await requireFreePort({ option: '--port', variable: 'TRUNKLINE_PORT', host, port: options.port })
  await requireFreePort({ option: '--tls-port', variable: 'TRUNKLINE_TLS_PORT', host, port: options.tlsPort })
  if (choice.kind !== 'practice') return
  const simPort = { option: '--sim-port', variable: 'TRUNKLINE_SIM_PORT', host: '127.0.0.1', port: options.simPort }
  await requireFreePort(simPort)
}

async function prepareWebPage(options: LocalOptions): Promise<void> {
  const root = join(projectRoot, 'web')
  const outDir = join(projectRoot, '.cache', 'web')
  const sources = [root, join(projectRoot, 'src')]
  await ensureWebPage({ root, outDir, sources, building: () => options.say('Building the console page …') })
}

/** The practice upstream is for the broker alone, so it stays on this machine whatever --host says. */
async function practice(options: LocalOptions, ends: Ends): Promise<string> {
  const { startSim } = await import('../sim/server.ts')
  const sim = await startSim({ port: options.simPort, host: '127.0.0.1' })
  ends.push(() => sim.close())
  return sim.url
}

/** Last begun, first ended. One that fails to end must not keep the others alive. */
async function closeAll(ends: Ends): Promise<void> {
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
    await Promise.resolve(end()).catch(() => undefined)
  }
}
