// The main command as a person runs it: up, reachable, stopped with nothing left, up again with the same key.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Dev } from '../../cli/state.ts'
import { startSim } from '../../sim/server.ts'

const root = join(import.meta.dirname, '..', '..')
const patienceMs = 60_000

// A start takes one to three seconds on a quiet machine.
vi.setConfig({ testTimeout: patienceMs, hookTimeout: patienceMs })

let dir: string
const alive: ChildProcess[] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trunkline-start-'))
})

afterEach(async () => {
  for (const child of alive.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGINT')
    await once(child, 'exit')
  }
  await rm(dir, { recursive: true })
})

type Started = { readonly child: ChildProcess; readonly dev: Dev; readonly stderr: Promise<string> }

function launch(args: readonly string[], more: NodeJS.ProcessEnv = {}): ChildProcess {
  const ports = ['--port', '0', '--tls-port', '0', '--sim-port', '0']
  const env = { ...process.env, OPENAI_API_KEY: '', TRUNKLINE_UPSTREAM_URL: '', ...more }
  const command = [join(root, 'cli', 'start.ts'), ...ports, '--state', dir, '--json', ...args]
  const child = spawn(process.execPath, command, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  alive.push(child)
  return child
}

async function start(args: readonly string[] = [], more: NodeJS.ProcessEnv = {}): Promise<Started> {
  const child = launch(args, more)
  if (child.stdout === null || child.stderr === null) throw new Error('no pipes')
  const stderr = text(child.stderr)
  const failed = once(child, 'exit').then(async () => {
    throw new Error(await stderr)
  })
  const line = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), failed])
  failed.catch(() => undefined) // it ends one day, and then that is no failure
  return { child, dev: JSON.parse(String(line[0])) as Dev, stderr }
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal)
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}

/** Every process begun by this one, and by those. */
function descendants(pid: number): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number))
  const found = [pid]
  // The list grows while it is walked: children join behind their parents.
  for (const parent of found) {
    for (const [child, of] of rows) if (of === parent && child !== undefined) found.push(child)
  }
  return found.slice(1)
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function listens(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function me(dev: Dev): Promise<number> {
  const response = await fetch(`${dev.url}/v1/me`, { headers: { authorization: `Bearer ${dev.key}` } })
  await response.body?.cancel()
  return response.status
}

async function demoTenants(dev: Dev): Promise<number> {
  const headers = { authorization: `Bearer ${dev.adminKey}` }
  const response = await fetch(`${dev.url}/admin/v1/tenants`, { headers })
  const { data } = (await response.json()) as { data: { name: string }[] }
  return data.filter((tenant) => tenant.name === 'demo').length
}

/** What a caller hears first, over TLS. */
async function firstEvent(dev: Dev): Promise<unknown> {
  const ca = await readFile(dev.caFile)
  const headers = { authorization: `Bearer ${dev.key}` }
  const url = `${dev.tlsUrl.replace('https', 'wss')}/v1/realtime?model=gpt-realtime`
  const call = new WebSocket(url, { ca, headers, perMessageDeflate: false })
  const [first] = (await once(call, 'message')) as [Buffer]
  call.close()
  await once(call, 'close')
  return JSON.parse(first.toString())
}

test('[CLI] start, stop and start again: the file says how to connect, nothing is left running, the key stays', async () => {
  const first = await start()
  const file = join(dir, 'dev.json')
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(first.dev)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const { url, key } = first.dev
  expect(first.dev).toEqual({
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    tlsUrl: expect.stringMatching(/^https:\/\/localhost:\d+$/),
    caFile: join(dir, 'ca.pem'),
    key: expect.stringMatching(/^tlk_/),
    adminKey: expect.stringMatching(/^tla_[0-9A-Za-z]{32}$/),
    consoleUrl: `${url}/#key=${key}`,
    metricsUrl: `${url}/metrics`,
    upstreamUrl: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+\/v1\/realtime$/),
  })
  expect(await me(first.dev)).toBe(200)

  const pids = descendants(first.child.pid ?? 0)
  expect(pids.length).toBeGreaterThan(1) // the Worker's process and its runtime
  expect(await stop(first.child, 'SIGINT')).toBe(0)
  expect(pids.filter(runs)).toEqual([])
  const { tlsUrl, upstreamUrl } = first.dev
  expect(await Promise.all([url, tlsUrl, upstreamUrl].map(listens))).toEqual([false, false, false])

  const second = await start()
  expect(second.dev.key).toBe(key)
  expect(second.dev.adminKey).toBe(first.dev.adminKey)
  expect(await me(second.dev)).toBe(200)
  expect(await demoTenants(second.dev)).toBe(1)
})

test('[CLI] a call is answered over TLS by the practice upstream', async () => {
  const { dev } = await start()
  expect(await firstEvent(dev)).toMatchObject({ type: 'session.created' })
})

test('[CLI] a named upstream is called with OPENAI_API_KEY, and no practice upstream is started', async () => {
  const sim = await startSim({ port: 0, keys: ['sk-of-ours'] })
  try {
    const { dev } = await start(['--upstream', sim.url], { OPENAI_API_KEY: 'sk-of-ours' })
    expect(dev.upstreamUrl).toBe(sim.url)
    expect(await firstEvent(dev)).toMatchObject({ type: 'session.created' })
    expect(sim.totals.opened).toBe(1)
  } finally {
    await sim.close()
  }
})

test('[CLI] a state folder serves one start at a time', async () => {
  await start()
  const second = launch([])
  if (second.stderr === null) throw new Error('no pipe')
  const [said, [code]] = await Promise.all([text(second.stderr), once(second, 'exit')])
  expect(said).toContain(`${dir} is in use by another start`)
  expect(code).toBe(1)
})

test('[CLI] a runtime that dies is reported, and ends the command with exit code 1 and nothing left', async () => {
  const { child, stderr } = await start()
  const pids = descendants(child.pid ?? 0)
  const exit = once(child, 'exit')
  process.kill(pids.at(-1) ?? 0, 'SIGKILL')
  expect((await exit)[0]).toBe(1)
  expect(await stderr).toContain("The Worker's runtime stopped by itself: signal SIGKILL")
  expect(pids.filter(runs)).toEqual([])
})

test('[CLI] killed outright, the command takes the Worker with it', async () => {
  const { child, dev } = await start()
  const [worker = 0] = descendants(child.pid ?? 0)
  await stop(child, 'SIGKILL')
  await expect.poll(() => runs(worker), { timeout: 10_000 }).toBe(false)
  expect(await listens(dev.url)).toBe(false)
})

test('[CLI] reset forgets keys and tenants, and keeps the certificate', async () => {
  const first = await start()
  const authority = await readFile(first.dev.caFile, 'utf8')
  await stop(first.child, 'SIGTERM')
  const second = await start(['--reset'])
  expect(second.dev.adminKey).not.toBe(first.dev.adminKey)
  expect(await me({ ...second.dev, key: first.dev.key })).toBe(401)
  expect(await demoTenants(second.dev)).toBe(1)
  expect(await readFile(second.dev.caFile, 'utf8')).toBe(authority)
})

test('[CLI] --node runs the Node host as the demo: a call over TLS, the same key at the next start, nothing left running', async () => {
  const first = await start(['--node'])
  expect(await firstEvent(first.dev)).toMatchObject({ type: 'session.created' })
  const pids = descendants(first.child.pid ?? 0)
  expect(pids).toHaveLength(1)
  expect(await stop(first.child, 'SIGINT')).toBe(0)
  expect(pids.filter(runs)).toEqual([])
  const second = await start(['--node'])
  expect(second.dev.key).toBe(first.dev.key)
  const [node = 0] = descendants(second.child.pid ?? 0)
  const exit = once(second.child, 'exit')
  process.kill(node, 'SIGKILL')
  expect((await exit)[0]).toBe(1)
  expect(await second.stderr).toContain('The broker stopped by itself: signal SIGKILL')
})

test('[CLI] killed outright, the command takes the Node host with it', async () => {
  const { child, dev } = await start(['--node'])
  const [node = 0] = descendants(child.pid ?? 0)
  await stop(child, 'SIGKILL')
  await expect.poll(() => runs(node), { timeout: 10_000 }).toBe(false)
  expect(await listens(dev.url)).toBe(false)
})
