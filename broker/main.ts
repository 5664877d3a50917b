// The Node host as a program: words into a configuration, signals into an end, what went wrong into an exit code. `--help` documents both.
import { help, readConfig } from './config.ts'
import { Misuse } from './given.ts'
import { startHost, type Host } from './host.ts'
import type { Fault } from './store.ts'
import { Unusable } from './stores/folder.ts'

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
  let host: Host
  let drainMs: number
  try {
    const config = readConfig(argv, process.env)
    drainMs = config.drainSeconds * 1000
    host = await startHost(config, fault)
  } catch (error) {
    if (!(error instanceof Misuse) && !(error instanceof Unusable)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(usageCode)
  }
  const { port, tlsPort } = host
  log('info', 'listening', { port, tls_port: tlsPort ?? null })
  process.send?.({ port })
  let stopping = false
  const stop = (code: number): void => {
    if (stopping) process.exit(128 + code)
    stopping = true
    log('info', 'stopping: no new calls, live ones may end', { seconds: drainMs / 1000 })
    host.drain(drainMs).then(
      () => process.exit(0),
      (error: unknown) => {
        log('error', 'could not stop in order', { error: String(error) })
        process.exit(1)
      },
    )
  }
  for (const [name, code] of Object.entries(signals)) process.on(name, () => stop(code))
  process.on('disconnect', () => process.exit(0)) // whoever forked it is gone
}
