// The built package as somebody has it who has nothing else: a folder with nothing of this project around it, and the calls that it carries.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSim } from '../../sim/server.ts'
import { Broker, settingsOf } from '../support/broker.ts'
import { Caller, liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { startRedis } from '../support/redis.ts'

const project = join(import.meta.dirname, '..', '..')
const patience = { timeout: 60_000 }

let home: string
let main: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'trunkline-built-'))
  main = join(home, 'package', 'main.js')
  const build = spawnSync(process.execPath, [join(project, 'tools', 'package.ts'), '--out', join(home, 'package')])
  if (build.status !== 0) throw new Error(String(build.stderr))
}, patience.timeout)
afterAll(() => rm(home, { recursive: true }))

interface Started {
  child: ChildProcess
  port: number
  lines: string[]
}

/** In a folder of its own, with no variable of ours but these. */
async function start(env: Record<string, string>): Promise<Started> {
  const cwd = await mkdtemp(join(home, 'empty-'))
  const args = [main, '--port', '0']
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
  const lines: string[] = []
  const port = await new Promise<number>((resolve, reject) => {
    const reader = createInterface({ input: child.stderr })
    reader.on('line', (line) => {
      lines.push(line)
      const listening = /"msg":"listening","port":(\d+)/.exec(line)
      if (listening !== null) resolve(Number(listening[1]))
    })
    reader.once('close', () => reject(new Error(lines.join('\n'))))
  })
  return { child, port, lines }
}

/** Page, line of a waiting caller, talk, and books: whatever is found in a file of the package. */
async function carryCalls(broker: Broker): Promise<void> {
  const page = await fetch(broker.url)
  expect(await page.text()).toContain('<title>')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")

  const tenant = await broker.tenant({ caps: { lines: 1 } })
  const talking = await liveCaller(broker.wsUrl, tenant.key)
  const waiting = new Caller(broker.wsUrl, tenant.key)
  await waiting.next('trunkline.queue.joined')
  await waiting.next('response.output_audio.delta')
  talking.send({ type: 'response.create' })
  await talking.next('response.done')
  await talking.hangUp()
  await waiting.next('session.created')
  await waiting.hangUp()
  await broker.quiet(tenant)
  expect(await broker.usage(tenant)).toMatchObject({ calls: 2 })
}

async function untilStopped(env: Record<string, string>): Promise<unknown[]> {
  const sim = await startSim({ port: 0, pace: 'burst' })
  const { vars, secrets } = settingsOf(sim.url)
  const { child, port, lines } = await start({ ...vars, ...secrets, ...env })
  const exited = once(child, 'exit')
  const close = async (): Promise<void> => {
    child.kill('SIGTERM')
    await exited
    await sim.close()
  }
  const broker = new Broker(`http://127.0.0.1:${port}`, sim, lines, { close, restart: () => Promise.reject() })
  try {
    await eventually(
      () => fetch(`${broker.url}/readyz`),
      ({ ok }) => ok,
      10_000,
    )
    await carryCalls(broker)
  } finally {
    await broker.close()
  }
  return exited
}

test('[DEPLOY] the built package carries calls over a folder, and ends with 0 when told to', patience, async () => {
  expect(await untilStopped({})).toEqual([0, null])
})

test('[DEPLOY] the built package carries calls over Redis, as two processes', patience, async () => {
  const redis = await startRedis()
  try {
    expect(await untilStopped({ TRUNKLINE_STORE: redis.url, TRUNKLINE_WORKERS: '2' })).toEqual([0, null])
  } finally {
    await redis.stop()
  }
})

test('[DEPLOY] an older Node is told which one is needed, and the exit code is that of wrong usage', () => {
  const older = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'22.14.0'}})`
  const { status, stderr } = spawnSync(process.execPath, ['--import', older, main], { encoding: 'utf8' })
  expect(stderr).toBe('Trunkline needs Node 22.15 or newer, and this is 22.14.0: install a newer one.\n')
  expect(status).toBe(2)
})

test('[DEPLOY] the built package names itself in its help', () => {
  const { status, stdout } = spawnSync(process.execPath, [main, '--help'], { encoding: 'utf8' })
  expect(stdout).toMatch(/^Usage: node main\.js \[options\]\n/)
  expect(status).toBe(0)
})

test('[DEPLOY] the built package says what it is, and under which licences', async () => {
  const built = join(home, 'package')
  const { version } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as { version: string }
  const own: unknown = JSON.parse(await readFile(join(built, 'package.json'), 'utf8'))
  expect(own).toMatchObject({ name: 'trunkline-broker', type: 'module', version })
  const licences =
    (await readFile(join(built, 'LICENCES.md'), 'utf8')) + (await readFile(join(built, 'web', 'LICENCES.md'), 'utf8'))
  for (const name of ['ws', 'hono', 'zod', 'preact']) expect(licences).toMatch(new RegExp(`^## ${name} `, 'm'))
  expect(await readFile(join(built, 'LICENSE'), 'utf8')).toContain('MIT')
})
