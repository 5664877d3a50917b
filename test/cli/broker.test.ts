// The Worker's process, tried with small Workers of its own.
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Broker, startBroker } from '../../cli/broker.ts'

const patienceMs = 30_000
const telling = `export default {
  fetch: (request, env) =>
    new URL(request.url).pathname === '/readyz' ? new Response('ready') : Response.json(env),
}`

// A start takes one to three seconds on a quiet machine.
vi.setConfig({ testTimeout: patienceMs, hookTimeout: patienceMs })

let dir: string
let running: Broker | undefined

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trunkline-broker-'))
})

afterEach(async () => {
  await running?.close()
  running = undefined
  await rm(dir, { recursive: true })
})

async function run(script: string, signal?: AbortSignal): Promise<Broker> {
  const config = join(dir, 'wrangler.toml')
  await writeFile(join(dir, 'index.js'), script)
  await writeFile(config, 'name = "trial"\nmain = "index.js"\ncompatibility_date = "2026-11-17"\n')
  running = await startBroker({
    config,
    host: '127.0.0.1',
    port: 0,
    stateDir: join(dir, 'state'),
    vars: { PLACE: 'here' },
    secrets: { SECRET: 'open-sesame-1001' },
    ...(signal === undefined ? {} : { signal }),
  })
  return running
}

test('[CLI] variables and secrets reach the Worker, and a stray .dev.vars or .env changes nothing', async () => {
  await writeFile(join(dir, '.dev.vars'), 'PLACE=elsewhere\nMORE=1\n')
  await writeFile(join(dir, '.env'), 'PLACE=elsewhere\nMORE=1\n')
  const { url } = await run(telling)
  expect(await (await fetch(url)).json()).toEqual({ PLACE: 'here', SECRET: 'open-sesame-1001' })
})

test('[CLI] a secret is on no command line and in no environment', async () => {
  await run(telling)
  const everything = execFileSync('ps', ['axeww'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  expect(everything).toContain('workerd')
  expect(everything).not.toContain('open-sesame-1001')
})

test('[CLI] a Worker that does not build is refused with the compiler’s words', async () => {
  await expect(run('export default {')).rejects.toThrow(/did not start: .*\n?.*index\.js:1:\d+: ERROR/s)
})

test('[CLI] a Worker that throws as it loads is refused with its own words', async () => {
  await expect(run(`${telling}\nthrow new Error('no luck today')`)).rejects.toThrow('no luck today')
})

test('[CLI] a start that is called off ends at once, with the reason it was given', async () => {
  const off = new AbortController()
  const starting = run(telling, off.signal)
  off.abort(new Error('changed my mind'))
  await expect(starting).rejects.toThrow('changed my mind')
})
