// What the start command refuses to begin with, asked of the real process.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseOptions } from '../../cli/options.ts'

const start = join(import.meta.dirname, '..', '..', 'cli', 'start.ts')

type Outcome = { readonly code: number | string; readonly stdout: string; readonly stderr: string }

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, OPENAI_API_KEY: '', ...env }, timeout: 20_000 }
    execFile(process.execPath, [start, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr })
    })
  })
}

function parsed(...args: string[]): unknown {
  const result = parseOptions(args, '/project')
  return 'options' in result ? result.options : result
}

test.each([
  { args: ['--port', 'eighty'], says: /'eighty' is invalid\. Give a whole number from 0 to 65535/ },
  { args: ['--tls-port', '65536'], says: /'65536' is invalid\. Give a whole number/ },
  { args: ['--port', '8443'], says: /must differ; 8443 is given twice/ },
  { args: ['--upstream', 'https://example.com'], says: /Give a URL that begins with ws:\/\/ or wss:\/\// },
  { args: ['--upstream', 'wss://me:secret@example.com'], says: /without a user or password/ },
  { args: ['--host', 'not a host'], says: /Give an address of this machine/ },
  { args: ['--prot', '8787'], says: /unknown option '--prot'/ },
  { args: ['extra'], says: /too many arguments/ },
])('[CLI] $args is answered with a sentence and exit code 2', async ({ args, says }) => {
  const outcome = await run(args)
  expect(outcome.stderr).toMatch(says)
  expect(outcome.stdout).toBe('')
  expect(outcome.code).toBe(2)
})

test('[CLI] a wrong variable is named in the sentence', async () => {
  const outcome = await run([], { TRUNKLINE_PORT: '99999' })
  expect(outcome.stderr).toMatch(/value '99999' from env 'TRUNKLINE_PORT' is invalid/)
  expect(outcome.code).toBe(2)
})

test('[CLI] help says how it is called, is on stdout and exits 0', async () => {
  const outcome = await run(['--help'])
  expect(outcome.stdout).toMatch(/^Usage: npm start -- \[options\]\n/)
  expect(outcome.stdout).toContain('--upstream <url>')
  expect(outcome.code).toBe(0)
})

test('[CLI] a port in use is named with the option that moves it, exit code 1', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const dir = await mkdtemp(join(tmpdir(), 'trunkline-options-'))
  try {
    const { port } = holder.address() as AddressInfo
    const outcome = await run(['--port', '0', '--tls-port', String(port), '--sim-port', '0', '--state', dir])
    expect(outcome.stderr).toContain(`Port ${port} on 127.0.0.1 is in use: choose another with --tls-port`)
    expect(outcome.code).toBe(1)
  } finally {
    holder.close()
    await rm(dir, { recursive: true })
  }
})

test('[CLI] an upstream named by its host alone is its Realtime endpoint', () => {
  expect(parsed('--upstream', 'wss://voice.example')).toMatchObject({ upstream: 'wss://voice.example/v1/realtime' })
  expect(parsed('--upstream', 'ws://[::1]:9000/v1/')).toMatchObject({ upstream: 'ws://[::1]:9000/v1/realtime' })
  expect(parsed('--upstream', 'wss://voice.example/openai/realtime?x=1')).toMatchObject({
    upstream: 'wss://voice.example/openai/realtime?x=1',
  })
  expect(parsed('--upstream', 'wss://voice.example/{model}/realtime')).toMatchObject({
    upstream: 'wss://voice.example/{model}/realtime',
  })
})
