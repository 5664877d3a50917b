// The command line of the practice upstream.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { startSim } from '../../sim/server.ts'
import { Client } from './client.ts'

const main = fileURLToPath(new URL('../../sim/main.ts', import.meta.url))
const running: ChildProcess[] = []

interface Run {
  readonly child: ChildProcess
  readonly output: () => string
  readonly exit: Promise<number | null>
}

function run(args: string[], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, ...env } })
  running.push(child)
  let text = ''
  const take = (chunk: Buffer): void => {
    text += chunk.toString('utf8')
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const exit = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : null))
  return { child, output: () => text, exit }
}

async function up(args: string[], env?: Record<string, string>): Promise<Run & { url: string }> {
  const started = run(args, env)
  while (!started.output().includes('Ctrl-C'))
    await Promise.race([once(started.child.stdout ?? started.child, 'data'), started.exit])
  return { ...started, url: /ws:\/\/\S+\/v1\/realtime/.exec(started.output())?.[0] ?? '' }
}

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

it('[SIM] says where it is and how to point a client at it, serves, and stops cleanly', async () => {
  const sim = await up(['--port', '0', '--pace', 'burst', '--wall', '60', '--tpm', 'none'])
  expect(sim.output()).toContain('base URL http://127.0.0.1:')
  const client = new Client(sim.url)
  await client.next('session.created')
  await client.ask({ type: 'response.create' }, 'response.done')
  sim.child.kill('SIGTERM')
  expect(await sim.exit).toBe(0)
  await client.until(() => client.closed !== undefined)
})

it.each([
  [['--pace', 'fast'], /"realtime", "burst"/],
  [['--port', '70000'], /from 0 to 65535/],
  [['--tpm', 'lots'], /whole number/],
  [['--fault', 'explode'], /drop, freeze/],
  [['--speed'], /unknown option/],
])('[SIM] leaves with 2 on %j and says what would be right', async (args, message) => {
  const wrong = run(args)
  expect(await wrong.exit).toBe(2)
  expect(wrong.output()).toMatch(message)
})

it('[SIM] says so when the port is in use', async () => {
  const other = await startSim()
  const late = run([], { TRUNKLINE_SIM_PORT: String(other.port) })
  expect(await late.exit).toBe(1)
  expect(late.output()).toContain(`Port ${other.port} is in use.`)
  await other.close()
})

it('[SIM] shows its options', async () => {
  const help = run(['--help'])
  expect(await help.exit).toBe(0)
  expect(help.output()).toContain('--wall <seconds>')
})
