// `npm start`: Trunkline on this machine. Turns words into options, signals into an orderly end, outcomes into exit codes.
import { inspect, styleText } from 'node:util'
import { projectRoot } from './broker.ts'
import { type Local, startLocal } from './local.ts'
import { parseOptions } from './options.ts'
import { onParentGone } from './parent.ts'
import { firstScreen } from './screen.ts'

const failureCode = 1
const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

const parsed = parseOptions(process.argv.slice(2), projectRoot)
if ('options' in parsed) await main(parsed.options)
else process.exitCode = parsed.exitCode

async function main(options: Extract<typeof parsed, { options: unknown }>['options']): Promise<void> {
  // `npm start | head` must not end in a stack trace; nor must a terminal that went away.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

  const stop = new AbortController()
  const stopped = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()))
  for (const [name, number] of Object.entries(signals)) {
    process.on(name, () => {
      // The second time it is meant: the exit itself ends the Worker's processes.
      if (stop.signal.aborted) process.exit(128 + number)
      stop.abort(new Error(`stopped by ${name}`))
    })
  }
  onParentGone(() => stop.abort(new Error('the starting process is gone')))

  let local: Local
  try {
    const openaiKey = process.env['OPENAI_API_KEY']
    const log = options.verbose ? { log: say } : {}
    local = await startLocal({ ...options, openaiKey, say, signal: stop.signal, ...log })
  } catch (error) {
    if (stop.signal.aborted) process.exit(0)
    say(options.verbose ? inspect(error) : plain(error))
    process.exit(failureCode)
  }

  if (options.json) process.stdout.write(`${JSON.stringify(local.dev)}\n`)
  const paint = (style: 'bold' | 'dim', text: string): string =>
    styleText(style, text, { stream: options.json ? process.stderr : process.stdout })
  const screen = firstScreen({ ...local, cwd: process.cwd() }, paint)
  if (options.json) say(screen)
  else process.stdout.write(`${screen}\n`)

  const crash = await Promise.race([stopped, local.crashed])
  if (crash !== undefined) say(crash)
  else say('Stopping …')
  await local.close()
  process.exit(crash === undefined ? 0 : failureCode)
}

/** Talk goes to stderr; stdout is for what was asked. */
function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** "fetch failed" says nothing; its cause does. */
function plain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, cause } = error
  return cause instanceof Error && !message.includes(cause.message) ? `${message}: ${plain(cause)}` : message
}
