// The Node host on this machine: starts it in a process of its own, says where it listens, and leaves nothing behind.
// Refuses to know tenants, keys and certificates.
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { origin, reachable } from './address.ts'
import { answers, type Broker, type BrokerOptions, projectRoot, readyPatienceMs } from './broker.ts'

export type NodeBrokerOptions = Omit<BrokerOptions, 'config'> & {
  /** How long live calls may go on when it is stopped; nobody waits for them unless it is said. */
  readonly drainSeconds?: number
  /** How long it serves new calls when it is not ready any more: not at all unless it is said. */
  readonly drainGraceSeconds?: number
}

export type NodeBroker = Broker & {
  readonly pid: number
  /** Ends the process in the midst of everything. */
  kill(): Promise<void>
}

const keptLines = 20
const stopPatienceMs = 5_000

/** `vars` and `secrets` are its environment; rows are kept in `stateDir`. */
export async function startNodeBroker(options: NodeBrokerOptions): Promise<NodeBroker> {
  options.signal?.throwIfAborted()
  const args = [
    ['--host', options.host],
    ['--port', String(options.port)],
    ['--store', options.stateDir],
    ['--drain-seconds', String(options.drainSeconds ?? 0)],
    ['--drain-grace-seconds', String(options.drainGraceSeconds ?? 0)],
  ].flat()
  const child = fork(join(projectRoot, 'broker', 'main.ts'), args, {
    cwd: projectRoot,
    detached: true, // the terminal's Ctrl-C goes to us alone
    env: environment({ ...options.vars, ...options.secrets }),
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const last = (): boolean => child.kill('SIGKILL')
  process.once('exit', last)
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      process.removeListener('exit', last)
      resolve(signal === null ? `exit code ${code}` : `signal ${signal}`)
    })
    child.once('error', (error) => child.pid ?? resolve(error.message)) // never begun, so it cannot exit
  })
  const tail = keepTail(child, options.log)
  const abort = (): void => void child.kill('SIGKILL')
  options.signal?.addEventListener('abort', abort, { once: true })
  try {
    const port = await ready(child, exited)
    const url = origin('http', reachable(options.host), port)
    await answers(url, AbortSignal.timeout(readyPatienceMs))
    tail.length = 0 // from here on it shall tell about a crash, not about the start
    const crashed = exited.then((why) => [`The broker stopped by itself: ${why}`, ...tail].join('\n'))
    const stop = async (signal: NodeJS.Signals): Promise<void> => {
      child.kill(signal)
      const late = setTimeout(() => child.kill('SIGKILL'), stopPatienceMs)
      await exited
      clearTimeout(late)
    }
    return { pid: child.pid ?? 0, url, port, crashed, close: () => stop('SIGTERM'), kill: () => stop('SIGKILL') }
  } catch (error) {
    options.signal?.throwIfAborted()
    throw new Error([error instanceof Error ? error.message : String(error), ...tail].join('\n'), { cause: error })
  } finally {
    options.signal?.removeEventListener('abort', abort)
  }
}

function ready(child: ChildProcess, exited: Promise<string>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('message', ({ port }: { port: number }) => resolve(port))
    void exited.then((why) => reject(new Error(`The broker did not start: ${why}`)))
  })
}

function keepTail(child: ChildProcess, log: BrokerOptions['log']): string[] {
  const tail: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      log?.(line)
      tail.push(line)
      if (tail.length > keptLines) tail.shift()
    })
  }
  return tail
}

/** What was said to this process about its own host is not meant for that one. */
function environment(own: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^TRUNKLINE_|^OPENAI_API_KEY$|^NODE_CHANNEL/.test(name),
  )
  return { ...Object.fromEntries(inherited), ...own }
}
