// Programs that are no Node: HAProxy and Redis, each in a folder of its own, and gone with this process. Refuses to know what they are for.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pickPort } from '../cli/ports.ts'
import { cache } from './bundle.ts'

export interface Program {
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

const patienceMs = 10_000

export function installed(program: string): boolean {
  return spawnSync(program, ['-v']).error === undefined
}

/** One thread, as a Node process has one for its JavaScript. */
export async function startHaproxy(upstreamPort: number): Promise<Program> {
  const port = await pickPort('127.0.0.1')
  const dir = await freshFolder()
  const file = join(dir, 'haproxy.cfg')
  await writeFile(
    file,
    `global
  nbthread 1
  maxconn 8000
defaults
  mode http
  timeout connect 5s
  timeout client 1m
  timeout server 1m
  timeout tunnel 1h
frontend callers
  bind 127.0.0.1:${port}
  default_backend upstream
backend upstream
  server upstream 127.0.0.1:${upstreamPort}
`,
  )
  return start('haproxy', ['-db', '-q', '-f', file], port, dir)
}

/** `always`: a write is on the disk before it is answered; else nothing is kept. */
export async function startRedis(keep: 'nothing' | 'always'): Promise<Program> {
  const port = await pickPort('127.0.0.1')
  const dir = await freshFolder()
  const aof = keep === 'always' ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--dir', dir, '--save', '', ...aof]
  return start('redis-server', args, port, dir)
}

export async function freshFolder(): Promise<string> {
  await mkdir(cache, { recursive: true })
  return mkdtemp(join(cache, 'host-'))
}

async function start(command: string, args: readonly string[], port: number, dir: string): Promise<Program> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const last = (): boolean => child.kill('SIGKILL')
  process.once('exit', last)
  const exited = once(child, 'exit')
  const until = performance.now() + patienceMs
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > until) throw new Error(`${command} did not start`)
    await wait(20)
  }
  return {
    port,
    pid: child.pid ?? 0,
    stop: async () => {
      process.removeListener('exit', last)
      child.kill('SIGKILL')
      await exited
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.on('connect', () => socket.destroy())
    socket.on('error', () => resolve(false))
  })
}
