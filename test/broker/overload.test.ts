// A process whose files are few: whom it still takes in as its calls come near their bound, and what the bound protects.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startSim, type Sim } from '../../sim/server.ts'
import { Broker, settingsOf, type MadeTenant } from '../support/broker.ts'
import { burst } from '../support/burst.ts'
import { Caller, liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { nodeMain } from '../support/node-broker.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/** 128 are kept for other things, two go to each call. */
const files = 348
const callsMost = 110

const nothing = (): Promise<never> => Promise.reject(new Error('its test ends it'))

let dir: string
let sim: Sim
let child: ChildProcess
let broker: Broker
const log: string[] = []
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trunkline-overload-'))
  sim = await startSim({ port: 0, pace: 'burst' })
  const { vars, secrets } = settingsOf(sim.url)
  const env = { ...process.env, ...vars, ...secrets, TRUNKLINE_TRUSTED_PROXIES: '127.0.0.1' }
  const command = `ulimit -n ${files}; exec "$0" "$@"`
  const words = [nodeMain, '--port', '0', '--store', join(dir, 'store'), '--drain-seconds', '0']
  child = spawn('sh', ['-c', command, process.execPath, ...words], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  if (child.stderr === null) throw new Error('it has no log')
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line))
  const [line] = await eventually(
    async () => log,
    ({ length }) => length > 0,
    20_000,
  )
  const { port } = JSON.parse(line ?? '') as { port: number }
  broker = new Broker(`http://127.0.0.1:${port}`, sim, log, { close: nothing, restart: nothing })
})
afterAll(async () => {
  child.kill('SIGKILL')
  await sim.close()
  await rm(dir, { recursive: true })
})

async function more(count: number, { key }: MadeTenant): Promise<Caller[]> {
  return Promise.all(Array.from({ length: count }, () => liveCaller(broker.wsUrl, key)))
}

const strain = (): Promise<number> => broker.metric('trunkline_process_strain')

test('[H6] near its bound trial callers get 503 before the upgrade, at the bound all; live calls go on, and room made is used', async () => {
  expect(JSON.parse(log[0] ?? '')).toMatchObject({ msg: 'listening', open_files: files, calls_most: callsMost })
  expect(await broker.metric('trunkline_process_calls_most')).toBe(callsMost)
  const [trial, scale] = [await broker.tenant({ plan: 'trial' }), await broker.tenant({ plan: 'scale' })]
  const callers = await more(1, trial) // by now its plan is known
  callers.push(...(await more(104, scale))) // more than 95 of 100

  const { status, headers, body } = await new Caller(broker.wsUrl, trial.key).refusal()
  expect([status, headers['retry-after'], JSON.parse(body).error.code]).toEqual([503, '5', 'overloaded'])
  callers.push(...(await more(callsMost - callers.length, scale)))
  expect((await new Caller(broker.wsUrl, scale.key).refusal()).status).toBe(503)

  // Many more than there are files, at once: they are refused or closed, and nothing breaks.
  const crowd = await burst(
    [broker.wsUrl],
    Array.from({ length: 300 }, (_, i) => ({ key: scale.key, address: `10.2.${i >> 8}.${i & 255}` })),
  )
  await crowd.until(({ upgrades }) => upgrades.every(({ met }) => met !== undefined), 'all are turned away')
  const { 503: refused = 0, gone = 0, ...others } = crowd.tally()
  expect([refused + gone, others]).toEqual([300, {}])
  expect(refused).toBeGreaterThan(0)
  expect(await strain()).toBe(2)
  expect(log.join('\n')).not.toMatch(/EMFILE|fault/)

  for (const caller of callers) {
    caller.send({ type: 'response.create' })
    await caller.next('response.done')
  }
  expect(await broker.live(scale)).toBe(callsMost - 1)

  for (const caller of callers.splice(-30)) await caller.hangUp() // to less than four fifths of 95 of 100
  await eventually(strain, (now) => now === 0)
  callers.push(...(await more(1, trial)))
  for (const caller of callers) caller.vanish()
  await broker.quiet(scale, 5_000)
})
