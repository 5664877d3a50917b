// What a person may say to the start command: flags, then TRUNKLINE_* variables, then defaults.
// Refuses to act on it. Wrong words are a sentence on stderr and exit code 2.
import { join, resolve } from 'node:path'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'

export type StartOptions = {
  readonly port: number
  readonly tlsPort: number
  readonly simPort: number
  readonly host: string
  readonly upstream?: string
  readonly state: string
  /** The Node host instead of the Worker. */
  readonly node: boolean
  readonly reset: boolean
  readonly json: boolean
  readonly verbose: boolean
}

export type Parsed = { readonly options: StartOptions } | { readonly exitCode: number }

const usageCode = 2

export function parseOptions(argv: readonly string[], projectRoot: string): Parsed {
  const command = new Command('npm start --')
    .description('Starts the broker on this machine, with a practice upstream and a demo tenant of two lines.')
    .addOption(portOption('--port <number>', "the broker's port", 8787, 'TRUNKLINE_PORT'))
    .addOption(portOption('--tls-port <number>', "the broker's TLS port", 8443, 'TRUNKLINE_TLS_PORT'))
    .addOption(portOption('--sim-port <number>', "the practice upstream's port", 8788, 'TRUNKLINE_SIM_PORT'))
    .addOption(
      new Option('--host <address>', 'the address to listen on')
        .default('127.0.0.1')
        .env('TRUNKLINE_HOST')
        .argParser(toHost),
    )
    .addOption(
      new Option('--upstream <url>', 'another server that speaks OpenAI Realtime')
        .env('TRUNKLINE_UPSTREAM_URL')
        .argParser(toUpstreamUrl),
    )
    .addOption(
      new Option('--state <dir>', 'where keys, certificate and rows are kept')
        .default(join(projectRoot, '.trunkline'), '.trunkline')
        .env('TRUNKLINE_STATE')
        .argParser(toDir),
    )
    .option('--node', 'run the Node host over an embedded store instead of the Worker', false)
    .option('--reset', 'forget all tenants, keys and records of earlier starts', false)
    .option('--json', 'print the connection details as one line of JSON on stdout', false)
    .option('--verbose', 'show what the broker logs', false)
    .addHelpText('after', help)
    .showHelpAfterError('Run with --help for the options.')
    .exitOverride()
  // `TRUNKLINE_PORT= npm start` means no wish, not an empty one.
  for (const option of command.options) {
    if (option.envVar !== undefined && process.env[option.envVar] === '') delete process.env[option.envVar]
  }
  try {
    command.parse(argv, { from: 'user' })
    const options = command.opts<StartOptions>()
    const clash = samePorts(options)
    if (clash !== undefined) command.error(`error: ${clash}`)
    return { options }
  } catch (error) {
    if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : usageCode }
    throw error
  }
}

const help = `
Set OPENAI_API_KEY to reach the real OpenAI instead of the practice upstream. A flag beats its variable.
Exit codes: 0 stopped as asked, 1 could not start or went down, 2 wrong usage.`

function portOption(flags: string, text: string, port: number, variable: string): Option {
  return new Option(flags, text).default(port).env(variable).argParser(toPort)
}

function toPort(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN
  if (port <= 65_535) return port
  throw new InvalidArgumentError('Give a whole number from 0 to 65535; 0 picks a free port.')
}

function toHost(value: string): string {
  if (/^[\w.:-]+$/.test(value)) return value
  throw new InvalidArgumentError('Give an address of this machine, such as 127.0.0.1 or 0.0.0.0.')
}

function toDir(value: string): string {
  if (value !== '') return resolve(value)
  throw new InvalidArgumentError('Give the path of a folder.')
}

/** A bare host means its Realtime endpoint, as it does in OpenAI's own address. */
function toUpstreamUrl(value: string): string {
  const url = URL.parse(value)
  if (url === null || (url.protocol !== 'ws:' && url.protocol !== 'wss:')) {
    throw new InvalidArgumentError(
      'Give a URL that begins with ws:// or wss://, such as ws://127.0.0.1:9000/v1/realtime.',
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new InvalidArgumentError('Give the URL without a user or password; the key comes from OPENAI_API_KEY.')
  }
  const path = url.pathname.replace(/\/+$/, '')
  if (path === '' || path === '/v1') url.pathname = '/v1/realtime'
  return url.href.replaceAll('%7Bmodel%7D', '{model}') // the Worker fills it in
}

function samePorts(options: StartOptions): string | undefined {
  const ports = [options.port, options.tlsPort, options.simPort].filter((port) => port !== 0)
  const twice = ports.find((port, index) => ports.indexOf(port) !== index)
  return twice === undefined ? undefined : `--port, --tls-port and --sim-port must differ; ${twice} is given twice.`
}
