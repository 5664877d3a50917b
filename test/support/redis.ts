// Real Redis servers for tests: one, with a replica, or a cluster; each can be killed, frozen, wiped or have its clock moved. Knows no
// broker. A guard process ends all of them and their folder as soon as this process is gone, however it went.
import { type ChildProcess, type ChildProcessByStdio, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { type Socket, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { MovedClock } from './moved-clock.ts'

export interface RedisOptions {
  /** A free one otherwise. */
  port?: number
  /** Of the default user. */
  password?: string
  /** PEM files; the port then speaks TLS alone. */
  tls?: { cert: string; key: string }
  /** What is written is on disk before it is acknowledged. Without it nothing outlives the process. */
  durable?: boolean
  /** A clock that `jump` moves (libfaketime). */
  movableClock?: boolean
  /** More of `redis.conf`: `{ maxmemory: '3mb' }`. */
  config?: Readonly<Record<string, string>>
}

export interface RedisServer {
  readonly port: number
  /** With the password, as a broker is given it. */
  readonly url: string
  /** What redis-cli prints; its errors too. Fails after two seconds without an answer. */
  cli(...words: string[]): Promise<string>
  /** As kill -9. */
  kill(): Promise<void>
  /** As SIGTERM: an orderly end. */
  stop(): Promise<void>
  /** Connections stay, nothing is answered. */
  freeze(): void
  resume(): void
  /** Ends it if it runs, and starts it again at the same port, with what it had on disk, and with more of `redis.conf`. */
  restart(config?: Readonly<Record<string, string>>): Promise<void>
  /** The same with an empty disk. */
  wipe(): Promise<void>
  /** Makes a replica a master. */
  promote(): Promise<void>
  /** Moves the wall clock to this many seconds beside the true one. */
  jump(seconds: number): void
  /** Kills it and forgets its folder. */
  end(): Promise<void>
}

const run = promisify(execFile)
const cliMs = 2_000
const attempts = 5
const host = '127.0.0.1'

let folder: string | undefined

export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  let failure: unknown
  for (let attempt = 0; attempt < attempts; attempt++) {
    const server = new Server(options.port ?? (await freePort()), options)
    try {
      await server.start()
      return server
    } catch (error) {
      failure = error
      await server.end()
      if (!/in use/.test(String(error))) break
    }
  }
  throw failure
}

/** Answers once it has all that its master has. The master, or what stands before it. */
export async function startReplica(
  master: Pick<RedisServer, 'port'>,
  options: RedisOptions = {},
): Promise<RedisServer> {
  const { password } = options
  const replica = await startRedis({
    ...options,
    config: {
      replicaof: `${host} ${master.port}`,
      ...(password !== undefined && { masterauth: JSON.stringify(password) }),
      ...options.config,
    },
  })
  await until(async () => /master_link_status:up/.test(await replica.cli('info', 'replication')))
  return replica
}

export class Server implements RedisServer {
  readonly #dir = mkdtempSync(join(root(), 'server-'))
  readonly port: number
  readonly #options: RedisOptions
  #child: ChildProcess | undefined

  constructor(port: number, options: RedisOptions) {
    this.port = port
    this.#options = options
  }

  get url(): string {
    const { password, tls } = this.#options
    const user = password === undefined ? '' : `:${encodeURIComponent(password)}@`
    return `${tls === undefined ? 'redis' : 'rediss'}://${user}${host}:${this.port}`
  }

  /** A file of the server's folder, written before it starts. */
  write(name: string, text: string): void {
    writeFileSync(join(this.#dir, name), text)
  }

  async start(more: Readonly<Record<string, string>> = {}): Promise<void> {
    const { movableClock, password, tls, durable, config } = this.#options
    const settings: Record<string, string> = {
      bind: host,
      dir: this.#dir,
      save: '""',
      'repl-diskless-sync-delay': '0',
      ...(tls === undefined
        ? { port: `${this.port}` }
        : {
            port: '0',
            'tls-port': `${this.port}`,
            'tls-cert-file': tls.cert,
            'tls-key-file': tls.key,
            'tls-auth-clients': 'no',
          }),
      ...(password !== undefined && { requirepass: JSON.stringify(password) }),
      ...(durable === true && { appendonly: 'yes', appendfsync: 'always' }),
      ...config,
      ...more,
    }
    const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}`)
    this.write('redis.conf', `${lines.join('\n')}\n`)
    if (movableClock === true) this.jump(0)
    const child = spawn('redis-server', [join(this.#dir, 'redis.conf')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: movableClock === true ? { ...process.env, ...this.#clock.env } : process.env,
    })
    this.#child = child
    await this.#ready(child)
  }

  async #ready(child: ChildProcessByStdio<null, Readable, Readable>): Promise<void> {
    let said = ''
    await new Promise<void>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'ENOENT' ? new Error('redis-server was not found: apt-get install redis-server') : error),
      )
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${said.slice(-500)}`)))
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          said = (said + text).slice(-2_000)
          if (said.includes('Ready to accept connections')) resolve()
        })
      }
    })
    this.write('pid', `${child.pid}`)
    // Its pipes stay empty, and this process does not wait for them.
    for (const stream of [child.stdout, child.stderr]) unref(stream.removeAllListeners('data').resume())
    child.unref()
  }

  get #clock(): MovedClock {
    return new MovedClock(join(this.#dir, 'clock'))
  }

  async cli(...words: string[]): Promise<string> {
    const { password, tls } = this.#options
    const how = tls === undefined ? [] : ['--tls', '--insecure']
    const env = password === undefined ? process.env : { ...process.env, REDISCLI_AUTH: password }
    const { stdout } = await run('redis-cli', ['-h', host, '-p', `${this.port}`, ...how, ...words], {
      env,
      timeout: cliMs,
    })
    return stdout.trimEnd()
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  kill(): Promise<void> {
    return this.#finish('SIGKILL')
  }

  stop(): Promise<void> {
    return this.#finish('SIGTERM')
  }

  async #finish(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.ref()
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
    // What libfaketime leaves behind.
    for (const name of ['faketime_shm', 'sem.faketime_sem']) rmSync(`/dev/shm/${name}_${child.pid}`, { force: true })
  }

  async restart(config?: Readonly<Record<string, string>>): Promise<void> {
    await this.kill()
    await this.start(config)
  }

  async wipe(): Promise<void> {
    await this.kill()
    for (const name of readdirSync(this.#dir)) {
      if (name !== 'nodes.conf') rmSync(join(this.#dir, name), { recursive: true })
    }
    await this.start()
  }

  async promote(): Promise<void> {
    await this.cli('replicaof', 'no', 'one')
  }

  jump(seconds: number): void {
    if (this.#options.movableClock !== true) throw new Error('this server was started without movableClock')
    this.#clock.move(seconds)
  }

  async end(): Promise<void> {
    await this.kill()
    rmSync(this.#dir, { recursive: true, force: true })
  }
}

/** Below the ports that the system gives to clients: nobody takes it while its server is down. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const probe = createServer()
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false))
      probe.listen(port, host, () => probe.close(() => resolve(true)))
    })
    if (free) return port
  }
}

export async function until(ask: () => Promise<boolean>, withinMs = 10_000): Promise<void> {
  const end = Date.now() + withinMs
  while (!(await ask())) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** In memory where the system has such a folder: a server that syncs each write is then no slower than the tests' patience. */
function root(): string {
  if (folder !== undefined) return folder
  folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'trunkline-redis-'))
  const guard = spawn(
    'sh',
    [
      '-c',
      'cat; for pid in "$0"/*/pid; do pid=$(cat "$pid"); kill -9 "$pid"; rm -f /dev/shm/*faketime_s*_"$pid"; done; rm -rf "$0"',
      folder,
    ],
    { detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
  )
  guard.unref()
  unref(guard.stdin)
  return folder
}

/** Pipes are sockets; the types do not say so. */
function unref(pipe: unknown): void {
  ;(pipe as Socket).unref()
}
