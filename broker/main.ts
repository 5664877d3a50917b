// The Node host as a program: words into a configuration, signals into an end, what went wrong into an exit code. `--help` documents both.
import './heap.ts'
import { help, readConfig, type Config } from './config.ts'
import { Misuse } from './given.ts'
import { startHost, type Host } from './host.ts'
import { say, type Told } from './siblings.ts'
import type { Fault } from './store.ts'
import { Unusable } from './stores/folder.ts'
import { isWorker, runFleet } from './workers.ts'

const usageCode = 2
const signals = { SIGINT: 2, SIGTERM: 15 } as const

const log = (level: 'info' | 'error', msg: string, more: Readonly<Record<string, unknown>> = {}): void => {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, msg, ...more })}\n`)
}
const fault: Fault = (of, error, about) => log('error', `${of} fault`, { ...about, error: String(error) })

/** What the first signal does: until something has begun there is nothing to end. */
let stop = (): void => process.exit(0)

const argv = process.argv.slice(2)
if (argv.includes('--help')) process.stdout.write(help())
else await main()

async function main(): Promise<void> {
  process.on('disconnect', () => process.exit(0)) // whoever forked it is gone
  onStop()
  let config: Config
  let host: Host
  try {
    config = readConfig(argv, process.env)
    if (config.workers > 1 && !isWorker()) return await lead(config.workers)
    host = await startHost(config, { fault, log: (msg, more) => log('info', msg, more) })
  } catch (error) {
    if (!(error instanceof Misuse) && !(error instanceof Unusable)) throw error
    return await giveUp(error.message)
  }
  const { port, tlsPort, bounds } = host
  const { openFiles, callsMost } = bounds
  log('info', 'listening', { port, tls_port: tlsPort ?? null, open_files: openFiles, calls_most: callsMost })
  void say({ is: 'listening', port })
  stop = () => void end(host, config.drainSeconds)
}

/** The first of several processes carries no call: it sees to the others. */
async function lead(count: number): Promise<void> {
  const fleet = runFleet({
    count,
    exec: process.argv[1] ?? '',
    args: argv,
    log: (msg, more) => log('error', msg, more),
    listening: (port) => void say({ is: 'listening', port }),
  })
  stop = () => fleet.stop()
  const { code, problem } = await fleet.over
  if (problem !== undefined) return giveUp(problem)
  process.exit(code)
}

async function end(host: Host, seconds: number): Promise<void> {
  log('info', 'stopping: no new calls, live ones may end', { seconds })
  try {
    await host.drain(seconds * 1000)
    process.exit(0)
  } catch (error) {
    log('error', 'could not stop in order', { error: String(error) })
    process.exit(1)
  }
}

/** One of several leaves it to the first to say, once, what is wrong with all. */
async function giveUp(problem: string): Promise<void> {
  if (isWorker()) await say({ is: 'problem', problem })
  else process.stderr.write(`${problem}\n`)
  process.exit(usageCode)
}

/**
 * The first asks for an end in order; the second means now. One of several is told by the first process, and may have the signal too, when
 * it went to the whole group: to it the second means nothing more, and the end of the first process means now.
 */
function onStop(): void {
  let stopping = false
  const asked = (code: number): void => {
    if (stopping && !isWorker()) process.exit(128 + code)
    if (!stopping) stop()
    stopping = true
  }
  for (const [name, code] of Object.entries(signals)) process.on(name, () => asked(code))
  if (isWorker()) process.on('message', (told: Told) => told.is === 'stop' && asked(0))
}
