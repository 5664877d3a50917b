// The Node host as a program: words into a configuration, signals into an end, what went wrong into an exit code. `--help` documents both.
import { help, readConfig, type Config } from './config.ts'
import { Misuse } from './given.ts'
import { startHost, type Host } from './host.ts'
import type { Fault } from './store.ts'
import { Unusable } from './stores/folder.ts'
import { isWorker, runFleet } from './workers.ts'

const usageCode = 2
const signals = { SIGINT: 2, SIGTERM: 15 } as const

const log = (level: 'info' | 'error', msg: string, more: Readonly<Record<string, unknown>> = {}): void => {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, msg, ...more })}\n`)
}
const fault: Fault = (of, error, about) => log('error', `${of} fault`, { ...about, error: String(error) })

const argv = process.argv.slice(2)
if (argv.includes('--help')) process.stdout.write(help())
else await main()

async function main(): Promise<void> {
  let config: Config
  let host: Host
  try {
    config = readConfig(argv, process.env)
    if (config.workers > 1 && !isWorker()) return await lead(config.workers)
    host = await startHost(config, { fault, log: (msg, more) => log('info', msg, more) })
  } catch (error) {
    if (!(error instanceof Misuse) && !(error instanceof Unusable)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(usageCode)
  }
  const { port, tlsPort } = host
  log('info', 'listening', { port, tls_port: tlsPort ?? null })
  process.send?.({ port })
  const drainMs = config.drainSeconds * 1000
  onSignals(() => {
    log('info', 'stopping: no new calls, live ones may end', { seconds: drainMs / 1000 })
    host.drain(drainMs).then(
      () => process.exit(0),
      (error: unknown) => {
        log('error', 'could not stop in order', { error: String(error) })
        process.exit(1)
      },
    )
  })
  process.on('disconnect', () => process.exit(0)) // whoever forked it is gone
}

/** The first of several processes carries no call: it sees to the others. */
async function lead(count: number): Promise<void> {
  const [exec, args] = [process.argv[1] ?? '', argv]
  const fleet = runFleet({ count, exec, args, log: (msg, more) => log('error', msg, more) })
  onSignals(() => fleet.stop('SIGTERM'))
  process.exit(await fleet.over)
}

/** The first asks for an end in order; the second means now. */
function onSignals(stop: () => void): void {
  let stopping = false
  for (const [name, code] of Object.entries(signals)) {
    process.on(name, () => {
      if (stopping) process.exit(128 + code)
      stopping = true
      stop()
    })
  }
}
