// `npm run sim`: the practice upstream from the command line. Reads options, says where it is, stops cleanly.

import { Command, InvalidArgumentError, Option } from 'commander'
import { BadFault, type Fault, FAULT_KINDS, faultFrom } from './faults.ts'
import type { Pace } from './options.ts'
import { type Sim, startSim } from './server.ts'

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  }
}

function paceFrom(text: string): Pace {
  if (text === 'realtime' || text === 'burst') return text
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && value <= 1_000) return value
  throw new InvalidArgumentError('It must be "realtime", "burst", or how many times real time, such as 3.')
}

function faultOption(text: string): Fault {
  try {
    return faultFrom(text)
  } catch (error) {
    throw new InvalidArgumentError(error instanceof BadFault ? error.message : String(error))
  }
}

function limitFrom(text: string): number | null {
  return text === 'none' ? null : whole(1, 1e12)(text)
}

function keysFrom(text: string, former: string[] | undefined): string[] {
  if (text === '') throw new InvalidArgumentError('A key cannot be empty.')
  return [...(former ?? []), text]
}

interface Flags {
  port: number
  host: string
  pace: Pace
  tpm: number | null
  rpm: number | null
  wall: number
  key?: string[]
  fault?: Fault
  latency?: number
  toolsEvery: number
  echo: number
  quiet?: boolean
}

function program(): Command {
  return new Command('sim')
    .description('A practice upstream that behaves as OpenAI Realtime does. No token is ever billed.')
    .addOption(
      new Option('--port <number>', 'port to listen on; 0 takes any free one')
        .env('TRUNKLINE_SIM_PORT')
        .default(8788)
        .argParser(whole(0, 65_535)),
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option(
      '--pace <pace>',
      'how fast replies are sent: realtime, burst, or a multiple such as 3',
      paceFrom,
      'realtime',
    )
    .option('--latency <ms>', 'from response.created to the first output', whole(0, 600_000))
    .option('--tpm <tokens>', 'tokens per minute of an organisation, or none', limitFrom, 15_000_000)
    .option('--rpm <requests>', 'responses per minute of an organisation, or none', limitFrom, null)
    .option('--wall <seconds>', 'longest session', whole(1, 86_400), 3_600)
    .option('--key <key>', 'let in this key only; repeat for more', keysFrom)
    .option('--fault <fault>', `a fault to begin with: ${FAULT_KINDS.join(', ')}`, faultOption)
    .option('--tools-every <turns>', 'call a function every so many audio turns', whole(0, 1_000_000), 0)
    .option('--echo <characters>', 'benches: answer each append with a delta of this size', whole(0, 10_000_000), 0)
    .option('--quiet', 'print nothing')
    .exitOverride((exit) => {
      // commander leaves with 1 on wrong usage; 2 is the custom.
      process.exit(exit.exitCode === 0 ? 0 : 2)
    })
}

function firstScreen(sim: Sim): string {
  const { speed, tokensPerMinute, wallMs } = sim.settings
  const http = sim.url.replace('ws:', 'http:').replace('/v1/realtime', '')
  const pace = speed === Number.POSITIVE_INFINITY ? 'burst' : `${speed} x real time`
  return `The practice upstream is up. It behaves as OpenAI Realtime does; nothing is billed.

  ${sim.url}?model=gpt-realtime-2.1

  Point a broker or a client at it: base URL ${http}/v1, any key.
  Try:     npx wscat -c "${sim.url}?model=gpt-realtime-2.1" -H "Authorization: Bearer test"
           {"type":"response.create","response":{"output_modalities":["text"]}}
  State:   curl ${http}/sim/state
  Faults:  curl -X POST ${http}/sim/faults -d '{"fault":"freeze,events=5"}'

  Pace ${pace}, ${tokensPerMinute ?? 'no limit of'} tokens a minute, sessions of ${wallMs / 1000} s. Ctrl-C stops.
`
}

function failure(error: unknown, flags: Flags): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') {
    return `Port ${flags.port} is in use. Stop what listens there, or choose another: --port ${flags.port + 1} (0 takes any free one).`
  }
  if (code === 'EACCES') return `Port ${flags.port} may not be used by this user. Choose one above 1023: --port 8788.`
  return `Could not listen on ${flags.host}:${flags.port}: ${error instanceof Error ? error.message : String(error)}`
}

async function main(): Promise<void> {
  const flags = program().parse().opts<Flags>()
  const say = (text: string): void => {
    if (flags.quiet !== true) process.stdout.write(`${text}\n`)
  }
  // Whoever read our output may leave before us.
  process.stdout.on('error', () => undefined)
  const sim = await startSim({
    port: flags.port,
    host: flags.host,
    pace: flags.pace,
    latencyMs: flags.latency,
    tokensPerMinute: flags.tpm,
    requestsPerMinute: flags.rpm,
    wallMs: flags.wall * 1000,
    keys: flags.key,
    fault: flags.fault,
    callToolEveryTurns: flags.toolsEvery,
    echoBytes: flags.echo,
  }).catch((error: unknown) => {
    process.stderr.write(`${failure(error, flags)}\n`)
    process.exit(1)
  })
  say(firstScreen(sim))
  sim.on('session', (session) => say(`+ ${session.id}  ${session.model}`))
  sim.on('closed', (session) =>
    say(`- ${session.id}  ${session.closed?.code ?? ''} ${session.closed?.reason ?? ''}`.trimEnd()),
  )
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    void sim.close().then(() => process.exit(0))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}

await main()
