// A real Redis for a test, and a plain way to its functions: one socket, one text a word. Ends with the process that started it.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fcall } from '../../broker/redis/call.ts'
import { source } from '../../broker/redis/source.ts'

type Word = string | Buffer

/** One connection. */
export class Connection {
  readonly #socket: Socket
  #rest: Buffer = Buffer.alloc(0)
  readonly #waiting: { resolve(reply: unknown): void; reject(error: Error): void }[] = []
  #heard: ((message: string) => void) | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes) => this.#read(bytes))
    socket.on('error', () => undefined)
  }

  send(...words: Word[]): Promise<unknown> {
    const parts: Buffer[] = [Buffer.from(`*${words.length}\r\n`)]
    for (const word of words) {
      const bytes = Buffer.from(word)
      parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'))
    }
    this.#socket.write(Buffer.concat(parts))
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Subscribes, and gives the next message; this connection does nothing else after. */
  async hear(channel: string): Promise<() => Promise<string>> {
    const message = new Promise<string>((resolve) => (this.#heard = resolve))
    await this.send('SSUBSCRIBE', channel)
    return () => message
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes])
    for (let read = reply(this.#rest, 0); read !== undefined; read = reply(this.#rest, 0)) {
      this.#rest = this.#rest.subarray(read.end)
      const { value } = read
      if (Array.isArray(value) && value[0] === 'smessage') this.#heard?.(String(value[2]))
      else if (value instanceof Error) this.#waiting.shift()?.reject(value)
      else this.#waiting.shift()?.resolve(value)
    }
  }
}

export async function dial(port: number): Promise<Connection> {
  const socket = connect(port, '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  return new Connection(socket)
}

/** A server of its own, and the first connection to it. */
export class Redis {
  readonly port: number
  readonly #folder: string
  #server: ChildProcess
  #connection: Connection

  constructor(port: number, folder: string, server: ChildProcess, connection: Connection) {
    this.port = port
    this.#folder = folder
    this.#server = server
    this.#connection = connection
  }

  send(...words: Word[]): Promise<unknown> {
    return this.#connection.send(...words)
  }

  /** Loads a library of this source; its name. */
  async library(source: string): Promise<string> {
    const name = `trunkline_${createHash('sha256').update(source).digest('hex').slice(0, 16)}`
    await this.send('FUNCTION', 'LOAD', 'REPLACE', `#!lua name=${name}\nlocal LIBRARY = '${name}_' ${source}`)
    return name
  }

  /** Loads it, and gives the way to call its functions. */
  async load(source: string): Promise<Fcall> {
    const name = await this.library(source)
    return (called, key, ...args) => this.send('FCALL', `${name}_${called}`, '1', key, ...args)
  }

  /** Kills it as kill -9 does, and starts it again on what it had on disk. */
  async restart(): Promise<void> {
    await this.#kill()
    this.#server = await serve(this.port, this.#folder)
    this.#connection = await dial(this.port)
  }

  async end(): Promise<void> {
    await this.#kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #kill(): Promise<void> {
    this.#connection.close()
    const gone = new Promise((resolve) => this.#server.once('exit', resolve))
    this.#server.kill('SIGKILL')
    await gone
  }
}

export async function startRedis(): Promise<Redis> {
  checkInstalled()
  return begun()
}

function checkInstalled(): void {
  if (spawnSync('redis-server', ['--version']).status !== 0)
    throw new Error('There is no redis-server here: apt-get install redis-server')
}

async function begun(...more: string[]): Promise<Redis> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-redis-'))
  return new Redis(port, folder, await serve(port, folder, ...more), await dial(port))
}

/** What is acknowledged is on disk. */
async function serve(port: number, folder: string, ...more: string[]): Promise<ChildProcess> {
  const durable = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'no']
  const own = ['--bind', '127.0.0.1', '--dir', folder, '--port', String(port)]
  const server = spawn('redis-server', [...durable, ...own, ...more], { stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => server.kill('SIGKILL'))
  await new Promise<void>((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)))
    server.stdout.on('data', (text) => String(text).includes('Ready to accept connections') && resolve())
  })
  return server
}

/** Three masters; functions are called where the key's slot is. */
export class Cluster {
  readonly #servers: readonly Redis[]

  constructor(servers: readonly Redis[]) {
    this.#servers = servers
  }

  /** `redis-cli --cluster create` gives each server a third of the slots, in their order. */
  at(key: string): Redis {
    const third = Math.min(2, Math.floor((slotOf(key) * 3) / 16_384 + 1e-4))
    return this.#servers[third] as Redis
  }

  async load(source: string): Promise<Fcall> {
    const calls = new Map<Redis, Fcall>()
    for (const server of this.#servers) calls.set(server, await server.load(source))
    return (name, key, ...args) => (calls.get(this.at(key)) as Fcall)(name, key, ...args)
  }

  async end(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.end()))
  }
}

export async function startCluster(): Promise<Cluster> {
  checkInstalled()
  const servers = await Promise.all([0, 1, 2].map(() => begun('--cluster-enabled', 'yes')))
  const places = servers.map(({ port }) => `127.0.0.1:${port}`)
  const made = spawnSync('redis-cli', ['--cluster', 'create', ...places, '--cluster-yes'], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`no cluster: ${made.stdout} ${made.stderr}`)
  for (const server of servers) {
    while (!String(await server.send('CLUSTER', 'INFO')).includes('cluster_state:ok'))
      await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return new Cluster(servers)
}

/** CRC16 (XModem) of the hash tag, as the Redis Cluster specification has it. */
function slotOf(key: string): number {
  const tag = /\{([^}]+)\}/.exec(key)?.[1] ?? key
  let crc = 0
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = ((crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021) & 0xffff
  }
  return crc % 16_384
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** One reply of RESP2, if all of it is there. */
function reply(from: Buffer, at: number): { value: unknown; end: number } | undefined {
  const line = from.indexOf('\r\n', at)
  if (line < 0) return undefined
  const [kind, text] = [from.toString('utf8', at, at + 1), from.toString('utf8', at + 1, line)]
  const end = line + 2
  if (kind === '+') return { value: text, end }
  if (kind === '-') return { value: new Error(text), end }
  if (kind === ':') return { value: Number(text), end }
  const size = Number(text)
  if (size < 0) return { value: null, end }
  if (kind === '$') {
    if (from.length < end + size + 2) return undefined
    return { value: from.toString('utf8', end, end + size), end: end + size + 2 }
  }
  const list: unknown[] = []
  let next = end
  for (let i = 0; i < size; i++) {
    const one = reply(from, next)
    if (one === undefined) return undefined
    list.push(one.value)
    next = one.end
  }
  return { value: list, end: next }
}

/** The source with a clock that tests set, beside the other keys of each desk and pool. */
export function timedSource(): string {
  return source().replaceAll('local now = read', "local now = tonumber(redis.call('GET', prefix .. 'clock'))")
}
