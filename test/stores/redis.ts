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

export class Redis {
  readonly port: number
  readonly #folder: string
  #server: ChildProcess
  #socket: Socket
  #rest: Buffer = Buffer.alloc(0)
  #waiting: { resolve(reply: unknown): void; reject(error: Error): void }[] = []
  #heard: ((message: string) => void) | undefined

  constructor(port: number, folder: string, server: ChildProcess, socket: Socket) {
    this.port = port
    this.#folder = folder
    this.#server = server
    this.#socket = this.#listen(socket)
  }

  /** Kills it as kill -9 does, and starts it again on what it had on disk. */
  async restart(): Promise<void> {
    await this.#kill()
    this.#server = await serve(this.port, this.#folder)
    this.#socket = this.#listen(await dial(this.port))
  }

  /** The next message on a channel; this connection does nothing else after. */
  async hear(channel: string): Promise<Promise<string>> {
    const message = new Promise<string>((resolve) => (this.#heard = resolve))
    await this.send('SSUBSCRIBE', channel)
    return message
  }

  /** Another connection to the same server. */
  async beside(): Promise<Redis> {
    return new Redis(this.port, this.#folder, this.#server, await dial(this.port))
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

  /** Loads a library of this source, and gives the way to call its functions. */
  async load(source: string): Promise<Fcall> {
    const name = `trunkline_${createHash('sha256').update(source).digest('hex').slice(0, 16)}`
    await this.send('FUNCTION', 'LOAD', 'REPLACE', `#!lua name=${name}\nlocal LIBRARY = '${name}_' ${source}`)
    return (called, key, ...args) => this.send('FCALL', `${name}_${called}`, '1', key, ...args)
  }

  async end(): Promise<void> {
    await this.#kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #kill(): Promise<void> {
    this.#socket.destroy()
    const gone = new Promise((resolve) => this.#server.once('exit', resolve))
    this.#server.kill('SIGKILL')
    await gone
  }

  #listen(socket: Socket): Socket {
    this.#rest = Buffer.alloc(0)
    this.#waiting = []
    socket.on('data', (bytes) => this.#read(bytes))
    socket.on('error', () => undefined)
    return socket
  }

  #read(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes])
    for (let read = reply(this.#rest, 0); read !== undefined; read = reply(this.#rest, 0)) {
      this.#rest = this.#rest.subarray(read.end)
      const { value } = read
      if (Array.isArray(value) && value[0] === 'smessage') {
        this.#heard?.(String(value[2]))
        continue
      }
      const one = this.#waiting.shift()
      if (value instanceof Error) one?.reject(value)
      else one?.resolve(value)
    }
  }
}

export async function startRedis(): Promise<Redis> {
  if (spawnSync('redis-server', ['--version']).status !== 0)
    throw new Error('There is no redis-server here: apt-get install redis-server')
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-redis-'))
  return new Redis(port, folder, await serve(port, folder), await dial(port))
}

/** What is acknowledged is on disk. */
async function serve(port: number, folder: string): Promise<ChildProcess> {
  const durable = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'no']
  const own = ['--bind', '127.0.0.1', '--dir', folder, '--port', String(port)]
  const server = spawn('redis-server', [...durable, ...own], { stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => server.kill('SIGKILL'))
  await new Promise<void>((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)))
    server.stdout.on('data', (text) => String(text).includes('Ready to accept connections') && resolve())
  })
  return server
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
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
  return source()
    .replace('local now = time()', "local now = tonumber(redis.call('GET', prefix .. 'clock'))")
    .replace('ask, time())', "ask, tonumber(redis.call('GET', prefix .. 'clock')))")
}
