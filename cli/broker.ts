// The Worker on this machine: starts it in a process group of its own, says where it listens, and leaves nothing behind.
// Refuses to know tenants, keys and certificates.
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { origin, reachable } from './address.ts'
import type { Order, Report, stopOrder } from './broker-process.ts'
import { pickPort } from './ports.ts'

export type BrokerOptions = {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** Where Durable Objects keep their rows. */
  readonly stateDir: string
  readonly vars: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
  /** The wrangler.toml; by default the one of this project. */
  readonly config?: string
  /** Each line that wrangler or the Worker writes; without it only warnings and errors are kept, for bad news. */
  readonly log?: (line: string) => void
  /** Ends the start, and everything begun by it. */
  readonly signal?: AbortSignal
}

export type Broker = {
  readonly url: string
  readonly port: number
  /** Settles when the runtime dies by itself, with what is known about it. */
  readonly crashed: Promise<string>
  close(): Promise<void>
}

export const projectRoot: string = fileURLToPath(new URL('..', import.meta.url))

const stopPatienceMs = 5_000
export const readyPatienceMs = 15_000
const readyPauseMs = 50
const keptLines = 20

export async function startBroker(options: BrokerOptions): Promise<Broker> {
  // Miniflare given port 0 on an address that is not loopback reports a second, inner socket instead of it.
  const port = options.port === 0 ? await pickPort(options.host) : options.port
  const url = origin('http', reachable(options.host), port)
  options.signal?.throwIfAborted()
  // A group of its own: the terminal's Ctrl-C goes to us alone, and the whole group can be ended at once.
  const child = fork(fileURLToPath(new URL('broker-process.ts', import.meta.url)), [], {
    cwd: projectRoot,
    detached: true,
    env: quietEnvironment(),
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const last = (): void => endGroup(child)
  process.once('exit', last) // whatever ends this process ends the group
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      process.removeListener('exit', last)
      endGroup(child)
      resolve()
    })
    child.once('error', () => child.pid ?? resolve()) // never begun, so it cannot exit
  })
  const close = (): Promise<void> => stop(child, exited)
  const abort = (): void => void close()
  options.signal?.addEventListener('abort', abort, { once: true })

  const tail: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (raw) => {
      const line = stripVTControlCharacters(raw) // esbuild colours its errors whatever it is told
      options.log?.(line)
      tail.push(line)
      if (tail.length > keptLines) tail.shift()
    })
  }

  const reports = listen(child, tail)
  const { host, stateDir, vars, secrets } = options
  const config = options.config ?? join(projectRoot, 'wrangler.toml')
  const verbose = options.log !== undefined
  child.send({ config, host, port, stateDir, vars, secrets, verbose } satisfies Order)
  try {
    await reports.ready
    await answers(url, AbortSignal.any([reports.gone, AbortSignal.timeout(readyPatienceMs)]))
    tail.length = 0 // from here on it shall tell about a crash, not about the start
    return { url, port, crashed: reports.crashed, close }
  } catch (error) {
    await close()
    options.signal?.throwIfAborted()
    throw new Error([error instanceof Error ? error.message : String(error), ...tail].join('\n'), { cause: error })
  } finally {
    options.signal?.removeEventListener('abort', abort)
  }
}

type Reports = { readonly ready: Promise<void>; readonly crashed: Promise<string>; readonly gone: AbortSignal }

function listen(child: ChildProcess, tail: readonly string[]): Reports {
  const ready = Promise.withResolvers<void>()
  const crashed = Promise.withResolvers<string>()
  const gone = new AbortController()
  const end = (why: string): void => {
    ready.reject(new Error(`The Worker did not start: ${why}`))
    gone.abort(new Error(`The Worker stopped while it started: ${why}`))
    crashed.resolve([`The Worker's runtime stopped by itself: ${why}`, ...tail].join('\n'))
  }
  child.on('message', (report: Report) => {
    if (report.kind === 'ready') ready.resolve()
    else end(report.why)
  })
  child.once('error', (error) => end(error.message))
  child.once('exit', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`))
  ready.promise.catch(() => undefined) // awaited later, or not at all after an abort
  return { ready: ready.promise, crashed: crashed.promise, gone: gone.signal }
}

/** Waits for /readyz: the socket is open before what lies behind it is. */
export async function answers(url: string, signal: AbortSignal): Promise<void> {
  let last = 'no answer'
  for (;;) {
    try {
      const response = await fetch(new URL('/readyz', url), { signal })
      const text = await response.text()
      if (response.ok) return
      // Wrangler's own error page is HTML; what it is about stands in the log.
      const plain = response.headers.get('content-type')?.startsWith('text/plain') === true
      last = `${response.status} ${plain ? text.trim().slice(0, 300) : ''}`.trim()
    } catch (error) {
      if (signal.aborted && signal.reason instanceof DOMException) {
        throw new Error(`The broker is up but not ready after ${readyPatienceMs / 1000} s: /readyz says ${last}`, {
          cause: error,
        })
      }
      if (signal.aborted) throw signal.reason
      last = String(error)
    }
    await new Promise((resolve) => setTimeout(resolve, readyPauseMs))
  }
}

async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    if (child.connected) child.send('stop' satisfies typeof stopOrder, () => undefined)
    const late = setTimeout(() => endGroup(child), stopPatienceMs)
    await exited
    clearTimeout(late)
  }
  await exited
}

/** The child's workerd processes are in its group, so they end with it even when it could not see to that. */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill('SIGKILL')
    else process.kill(-child.pid, 'SIGKILL')
  } catch {
    // ESRCH: nobody is left.
  }
}

function quietEnvironment(): NodeJS.ProcessEnv {
  const { OPENAI_API_KEY: _key, NODE_CHANNEL_FD: _channel, ...environment } = process.env
  return {
    ...environment,
    // No account, no question, no look-up outside this machine (facts: wrangler 4.164.0).
    CI: '1',
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_SEND_METRICS: 'false',
    XDG_CONFIG_HOME: join(projectRoot, '.cache', 'xdg'),
    // Its page of rows and its trace store: the first would be open to all callers, the second keeps what they say.
    X_LOCAL_EXPLORER: 'false',
    X_LOCAL_OBSERVABILITY: 'false',
    NO_COLOR: '1',
    FORCE_COLOR: '0',
  }
}
