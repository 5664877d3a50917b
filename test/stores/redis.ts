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
  readonly #server: ChildProcess
  readonly #folder: string
  readonly #socket: Socket
  #rest: Buffer = Buffer.alloc(0)
  readonly #waiting: { resolve(reply: unknown): void; reject(error: Error): void }[] = []

  constructor(port: number, server: ChildProcess, folder: string, socket: Socket) {
    this.port = port
    this.#server = server
    this.#folder = folder
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

  /** Loads a library of this source, and gives the way to call its functions. */
  async load(source: string): Promise<Fcall> {
    const name = `trunkline_${createHash('sha256').update(source).digest('hex').slice(0, 16)}`
    await this.send('FUNCTION', 'LOAD', 'REPLACE', `#!lua name=${name}\nlocal LIBRARY = '${name}_' ${source}`)
    return (called, key, ...args) => this.send('FCALL', `${name}_${called}`, '1', key, ...args)
  }

  async end(): Promise<void> {
    this.#socket.destroy()
    const gone = new Promise((resolve) => this.#server.once('exit', resolve))
    this.#server.kill('SIGKILL')
    await gone
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #read(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes])
    for (let read = reply(this.#rest, 0); read !== undefined; read = reply(this.#rest, 0)) {
      this.#rest = this.#rest.subarray(read.end)
      const { value } = read
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
  const plain = ['--save', '', '--appendonly', 'no', '--bind', '127.0.0.1', '--dir', folder, '--port', String(port)]
  const server = spawn('redis-server', plain, { stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => server.kill('SIGKILL'))
  await new Promise<void>((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)))
    server.stdout.on('data', (text) => String(text).includes('Ready to accept connections') && resolve())
  })
  const socket = connect(port, '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  return new Redis(port, server, folder, socket)
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
