// The README's first screen as written: its program is the example's, and the example holds a spoken turn with the `openai` SDK.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const example = join(root, 'examples', 'talk.mjs')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

test('[CLI] the program in the README is the example', () => {
  const [, program] = /```js\n([^]*?)```/.exec(read('README.md')) ?? []
  const [, ...lines] = read('examples/talk.mjs').split('\n')
  expect(program).toBe(lines.join('\n'))
})

test(
  '[R5] the README’s program hears an answer to its spoken question, and what it took',
  { timeout: 60_000 },
  async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'trunkline-readme-'))
    symlinkSync(join(root, 'web'), join(cwd, 'web'))
    const state = join(cwd, '.trunkline')
    const ports = ['--port', '0', '--tls-port', '0', '--sim-port', '0']
    const start = [join(root, 'cli', 'start.ts'), ...ports, '--state', state, '--json']
    const env = { ...process.env, OPENAI_API_KEY: '', TRUNKLINE_UPSTREAM_URL: '' }
    const broker = spawn(process.execPath, start, { cwd: root, env, stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      await once(createInterface({ input: broker.stdout }), 'line') // up
      const trusting = { ...process.env, NODE_EXTRA_CA_CERTS: join(state, 'ca.pem') }
      const { stdout } = await promisify(execFile)(process.execPath, [example], { cwd, env: trusting, timeout: 30_000 })
      expect(stdout).toMatch(/^answer: \S.*\nused: [1-9]\d* tokens\n$/)
    } finally {
      broker.kill('SIGINT')
      await once(broker, 'exit')
      rmSync(cwd, { recursive: true })
    }
  },
)
