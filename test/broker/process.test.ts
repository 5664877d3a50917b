// The Node host as a process: what it will not start with, TLS, how it stops, and what a kill leaves.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { createServer, type AddressInfo } from 'node:net'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { ensureCertificate } from '../../cli/certificate.ts'
import { startNodeBroker } from '../../cli/node-broker.ts'
import { startSim } from '../../sim/server.ts'
import { adminKey, Broker, upstreamKey } from '../support/broker.ts'
import { Caller, liveCaller } from '../support/caller.ts'
import { nodeMain, runNode, startNode } from '../support/node-broker.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 })

let dir: string
let brokers: Broker[] = []
let children: ChildProcess[] = []
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trunkline-node-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(brokers.splice(0).map((broker) => broker.close()))
  await rm(dir, { recursive: true })
})

interface Running {
  child: ChildProcess
  port: number
  tlsPort: number
  exit: Promise<unknown[]>
}

async function start(...args: string[]): Promise<Running> {
  const own = ['--port', '0', '--tls-port', '0', '--store', join(dir, 'store'), ...args]
  const env = { ...process.env, TRUNKLINE_ADMIN_KEY: adminKey }
  const child = spawn(process.execPath, [nodeMain, ...own], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  children.push(child)
  const exit = once(child, 'exit')
  const [line] = (await once(createInterface({ input: child.stderr }), 'line')) as [string]
  const { port, tls_port } = JSON.parse(line) as { port: number; tls_port: number }
  return { child, port, tlsPort: tls_port, exit }
}

test('[CLI] --help says all that may be said, and the exit codes', async () => {
  const { code, stdout } = await runNode(['--help'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^Usage: node broker\/main\.ts \[options\]\n/)
  for (const word of ['--tls-cert', 'TRUNKLINE_UPSTREAM_URL', '--config', 'Exit codes:']) expect(stdout).toContain(word)
})

test('[CLI] a port in use: exit code 2 and the sentence, nothing else', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const { code, stderr } = await runNode(['--port', String(port), '--store', dir])
  other.close()
  expect([code, stderr]).toEqual([
    2,
    `--port: port ${port} on 127.0.0.1 is in use: choose another with --port; 0 picks a free one.\n`,
  ])
})

test('[CLI] wrong words, a certificate that is none, a page that was not built, prices with a hole, a folder in use: exit code 2', async () => {
  await writeFile(join(dir, 'no.pem'), 'nothing')
  const [pem, half, prices] = [join(dir, 'no.pem'), join(dir, 'half'), join(dir, 'prices.json')]
  await writeFile(prices, '{"gpt-next": {}}')
  await mkdir(half)
  await writeFile(join(half, 'index.html'), '<title>a page</title>')
  const running = await start()
  const store = ['--port', '0', '--store', join(dir, 'other')]
  const refused = [
    { args: ['--port', 'x'], says: '--port: "x" is not a port' },
    { args: [...store, '--tls-cert', pem, '--tls-key', pem], says: 'not a certificate and its key in PEM' },
    { args: [...store, '--web', dir], says: `--web: there is no built page in ${dir} (index.html is missing)` },
    { args: [...store, '--web', half], says: `--web: there is no built page in ${half} (_headers is missing)` },
    { args: [...store, '--prices', prices], says: '"gpt-next" has no column: give at least one of text' },
    { args: ['--port', '0', '--store', join(dir, 'store')], says: 'is in use by another broker' },
  ]
  for (const { args, says } of refused) {
    const { code, stderr } = await runNode(args)
    expect([code, stderr]).toEqual([2, expect.stringContaining(says)])
    expect(stderr.split('\n')).toHaveLength(2)
  }
  running.child.kill('SIGTERM')
  expect((await running.exit)[0]).toBe(0)
})

test('[CLI] with a certificate it serves the same over TLS', async () => {
  const certificate = await ensureCertificate(dir)
  await writeFile(join(dir, 'own.crt'), certificate.cert)
  await writeFile(join(dir, 'own.key'), certificate.key)
  const { tlsPort } = await start('--tls-cert', join(dir, 'own.crt'), '--tls-key', join(dir, 'own.key'))
  const ca = await readFile(certificate.caFile)
  const status = await new Promise((resolve, reject) => {
    get(`https://localhost:${tlsPort}/readyz`, { ca }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
  expect(status).toBe(200)
  const call = new WebSocket(`wss://localhost:${tlsPort}/v1/realtime?model=gpt-realtime`, { ca })
  const [, response] = (await once(call, 'unexpected-response')) as [unknown, IncomingMessage]
  expect(response.statusCode).toBe(401)
})

/** A broker that waits for its live calls, and its process. */
async function patient(): Promise<{ broker: Broker; signal: () => void; exited: Promise<string> }> {
  const sim = await startSim({ port: 0, pace: 'burst' })
  const secrets = { TRUNKLINE_ADMIN_KEY: adminKey, OPENAI_API_KEY: upstreamKey }
  const own = { host: '127.0.0.1', port: 0, stateDir: join(dir, 'store'), drainSeconds: 60 }
  const node = await startNodeBroker({ ...own, vars: { TRUNKLINE_UPSTREAM_URL: sim.url }, secrets })
  const close = async () => {
    await node.kill()
    await sim.close()
  }
  const broker = new Broker(node.url, sim, [], {
    close,
    restart: () => Promise.reject(new Error('it has no next life')),
  })
  brokers.push(broker)
  return { broker, signal: () => void process.kill(node.pid, 'SIGTERM'), exited: node.crashed }
}

test('[D1] the first signal: not ready, no new call, who waits is told, live calls go on; when they end the process does, with 0', async () => {
  const { broker, signal, exited } = await patient()
  const tenant = await broker.tenant({ caps: { lines: 1 } })
  const live = await liveCaller(broker.wsUrl, tenant.key)
  const waiting = new Caller(broker.wsUrl, tenant.key)
  await waiting.next('trunkline.queue.joined')
  signal()
  expect(await waiting.error()).toMatchObject({ code: 'draining' })
  const ready = await fetch(`${broker.url}/readyz`)
  expect([ready.status, await ready.text()]).toEqual([503, 'not ready: it is draining\n'])
  expect((await fetch(`${broker.url}/livez`)).status).toBe(200)
  const { status, headers } = await new Caller(broker.wsUrl, tenant.key).refusal()
  expect([status, headers['retry-after']]).toEqual([503, '1'])
  live.send({ type: 'response.create' })
  await live.next('response.done')
  await live.hangUp()
  expect(await exited).toContain('exit code 0')
  expect(await waiting.closing()).toMatchObject({ code: 1013 })
})

test('[D1] the second signal ends it at once', async () => {
  const { broker, signal, exited } = await patient()
  const tenant = await broker.tenant()
  const live = await liveCaller(broker.wsUrl, tenant.key)
  signal()
  await expect.poll(async () => (await fetch(`${broker.url}/readyz`)).status).toBe(503)
  signal()
  expect(await exited).toContain('exit code 143')
  expect(await live.closing()).toMatchObject({ code: 1006 })
})

test('[G9] killed with a live and a waiting call: started again, both are over within 2 s, and a new caller has the line at once', async () => {
  let broker = await startNode()
  const tenant = await broker.tenant({ caps: { lines: 1 } })
  await liveCaller(broker.wsUrl, tenant.key)
  const waiting = new Caller(broker.wsUrl, tenant.key)
  await waiting.next('trunkline.queue.joined')
  broker = await broker.restart()
  brokers.push(broker)
  const next = await liveCaller(broker.wsUrl, tenant.key)
  const lost = { record: { outcome: { by: 'broker', why: 'call_reset', code: 1006 } } }
  expect(await broker.records(tenant)).toMatchObject([{ ended: null }, lost, lost])
  await next.hangUp()
  await broker.quiet(tenant, 2_000)
})
