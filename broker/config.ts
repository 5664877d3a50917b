// What the Node host is told: flags, then TRUNKLINE_* variables, then a file, then defaults, all by one schema. Secrets come from variables
// or files of their own, never from the command line. Refuses to act on any of it.
import { readFileSync } from 'node:fs'
import type { BlockList } from 'node:net'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { operatorKeyOf } from '../src/http/operator-key.ts'
import { readPrices } from '../src/price-table.ts'
import type { PriceTable } from '../src/price.ts'
import { upstreamsOf, type UpstreamSpec } from '../src/upstream.ts'
import { readProxies } from './address.ts'
import { readAddress } from './redis/address.ts'
import { dashed, given, isSwitch, Misuse, variable, type Given } from './given.ts'

const unbuilt = import.meta.filename.endsWith('.ts')
/** Where the files are that come with this program: the checkout, or the built package. */
export const root: string = fileURLToPath(new URL(unbuilt ? '..' : '.', import.meta.url))

/** The secret of this name; undefined when it was not set. */
export type Secrets = (name: string) => string | undefined

const port = whole('a port', 0, 65_535)
const path = z.string('is no path').min(1, 'is empty: give a path')

const Settings = z.strictObject({
  host: z
    .string('is no address')
    .regex(/^[\w.:-]+$/, 'is no address of this machine: give one such as 127.0.0.1 or 0.0.0.0')
    .default('127.0.0.1')
    .describe('the address to listen on'),
  port: port.default(8787).describe('the port; 0 picks a free one'),
  tlsPort: port.default(8443).describe('the TLS port, used when a certificate is given; 0 picks a free one'),
  tlsCert: path.optional().describe('the certificate chain, a PEM file'),
  tlsKey: path.optional().describe('its private key, a PEM file'),
  store: path
    .default('.trunkline/store')
    .describe('the folder of the embedded store, or redis://… (with commas between several: a cluster)'),
  node: z
    .string('is no name')
    .regex(/^[\w.:-]{1,100}$/, 'is no name of a node: give up to 100 letters, digits and "._:-"')
    .optional()
    .describe('the name of this node among those that share a Redis; the same after a restart [host name and port]'),
  workers: whole('a number of processes', 1, 256)
    .default(1)
    .describe('processes that share the port; more than one needs Redis'),
  web: path
    .default(join(root, unbuilt ? '.cache' : '', 'web'))
    .describe('the built page, and the lines that callers hear'),
  upstreamUrl: z
    .string('is no URL')
    .regex(/^(wss?|https?):\/\/[^/]+/, 'is no URL that begins with wss:// or ws://')
    .optional()
    .describe("another address for the first upstream: any server that speaks OpenAI's Realtime"),
  upstreams: z.json().optional().describe('a JSON list of upstreams instead of the shipped one'),
  prices: path.optional().describe('a JSON file of prices that stand over the shipped ones'),
  trustedProxies: z
    .array(z.string('is no address'), 'is no list of addresses')
    .default([])
    .describe('proxies whose X-Forwarded-For is believed: addresses or networks, with commas between'),
  allowPrivateWebhooks: z
    .boolean('is neither true nor false')
    .default(false)
    .describe(
      'DANGEROUS, for development alone: webhooks may be plain http and reach this machine and its network, whoever sets them',
    ),
  drainSeconds: whole('a number of seconds', 0, 86_400)
    .default(3_660)
    .describe('how long live calls may go on after the first signal to stop'),
  drainGraceSeconds: whole('a number of seconds', 0, 300)
    .default(5)
    .describe('how long new calls are still served when it is not ready any more: what balancers take to see that'),
})

/** Where what is kept is kept. */
export type StorePlace = { is: 'folder'; dir: string } | { is: 'redis'; url: string }

export interface Config extends Omit<
  z.infer<typeof Settings>,
  'upstreams' | 'prices' | 'tlsCert' | 'tlsKey' | 'trustedProxies' | 'store' | 'node'
> {
  store: StorePlace
  node: string
  upstreams: UpstreamSpec[]
  prices: PriceTable
  proxies: BlockList
  tls: { cert: string; key: string } | undefined
  adminKey: string | undefined
  secrets: Secrets
}

/** Throws Misuse: each line names what was given where, and what would be right. */
export function readConfig(argv: readonly string[], env: NodeJS.ProcessEnv): Config {
  const told = given(Settings, argv, env)
  const parsed = Settings.safeParse(told.values)
  if (!parsed.success) throw new Misuse(parsed.error.issues.map((issue) => complaint(issue, told)))
  if (parsed.data.workers > 1 && storeOf(parsed.data.store, told).is === 'folder')
    throw new Misuse([
      `${told.place('workers')}: ${parsed.data.workers} processes cannot share a folder: give --store redis://…, or one process.`,
    ])
  const { upstreams, prices, trustedProxies, tlsCert, tlsKey, ...settings } = parsed.data
  const proxies = readProxies(trustedProxies)
  if ('unfit' in proxies)
    throw new Misuse([`${told.place('trustedProxies')}: ${JSON.stringify(proxies.unfit)} is no address or network.`])
  const secrets = secretsOf(env)
  const specs = specsOf(upstreams, settings.upstreamUrl, told)
  readKeys(specs, secrets)
  return {
    ...settings,
    store: storeOf(settings.store, told),
    node: settings.node ?? `${hostname()}:${settings.port}`,
    upstreams: specs,
    prices: pricesOf(prices, told),
    proxies,
    tls: certificate(tlsCert, tlsKey, told),
    adminKey: adminKeyOf(secrets),
    secrets,
  }
}

/** What `--help` prints. */
export function help(): string {
  const rows = Object.entries(Settings.shape).map(([name, { description = '' }]) => {
    const flag = isSwitch(name) ? `  --${dashed(name)}` : `  --${dashed(name)} <${shapeOf(name)}>`
    return `${flag.padEnd(29)} ${description} [${variable(name)}]`
  })
  return `Usage: node ${unbuilt ? 'broker/main.ts' : 'main.js'} [options]

Trunkline on Node. A flag beats its variable, a variable beats the file.

${rows.join('\n')}
  --config <file>               a JSON file with any of these, named as in "tlsPort" [TRUNKLINE_CONFIG]
  --help                        this text

Secrets: TRUNKLINE_ADMIN_KEY, and what the upstreams name (OPENAI_API_KEY); or a file each, named by TRUNKLINE_ADMIN_KEY_FILE and so on.
Signals: the first SIGTERM or SIGINT takes no new calls and lets live ones end; the second ends at once.
Exit codes: 0 stopped as asked, 1 went down by itself, 2 wrong usage or configuration, 130 or 143 stopped at once.
`
}

/** What is wrong with an address is said without it: it may hold a password. */
function storeOf(given: string, told: Given): StorePlace {
  if (!/^rediss?:/.test(given)) return { is: 'folder', dir: resolve(given) }
  try {
    readAddress(given)
  } catch (error) {
    throw new Misuse([`${told.place('store')}: ${(error as Error).message}`])
  }
  return { is: 'redis', url: given }
}

function shapeOf(name: string): string {
  const kinds: Record<string, string> = {
    upstreams: 'json',
    trustedProxies: 'list',
    upstreamUrl: 'url',
    host: 'address',
    node: 'name',
  }
  return kinds[name] ?? (/port|seconds|workers/i.test(name) ? 'number' : 'path')
}

function whole(what: string, least: number, most: number): z.ZodInt {
  const problem = `is not ${what}: give a whole number from ${least} to ${most}`
  return z.int(problem).min(least, problem).max(most, problem)
}

function complaint({ path, message, code, ...rest }: z.core.$ZodIssue, told: Given): string {
  const name = String(path[0] ?? '')
  if (code === 'unrecognized_keys')
    return `${told.file}: there is no setting ${(rest as { keys: string[] }).keys.map((key) => JSON.stringify(key)).join(', ')}. There are: ${Object.keys(Settings.shape).join(', ')}.`
  return `${told.place(name)}: ${JSON.stringify(told.values[name])} ${message}.`
}

function specsOf(own: unknown, url: string | undefined, told: Given): UpstreamSpec[] {
  try {
    const specs = upstreamsOf(own === undefined ? undefined : JSON.stringify(own), url)
    const unfit = specs.find((spec) => !URL.canParse(spec.url))
    if (unfit === undefined) return specs
    throw new Error(`${JSON.stringify(unfit.url)} is no URL that can be dialled`)
  } catch (error) {
    const [issue] = error instanceof z.ZodError ? error.issues : []
    const where = issue === undefined ? (error as Error).message : `${issue.path.join('.')}: ${issue.message}`
    throw new Misuse([`${told.place('upstreams')}: ${where}.`])
  }
}

function pricesOf(file: string | undefined, told: Given): PriceTable {
  const place = told.place('prices')
  const read = readPrices(file === undefined ? undefined : fileText(file, place))
  if ('table' in read) return read.table
  throw new Misuse(read.unfit.map((problem) => `${place}: ${file}: ${problem}.`))
}

function certificate(cert: string | undefined, key: string | undefined, told: Given): Config['tls'] {
  if (cert === undefined && key === undefined) return undefined
  const missing = cert === undefined ? 'tlsCert' : key === undefined ? 'tlsKey' : undefined
  if (missing !== undefined)
    throw new Misuse([`${told.place(missing)}: a certificate and its key belong together, and this one is missing.`])
  return { cert: fileText(cert ?? '', told.place('tlsCert')), key: fileText(key ?? '', told.place('tlsKey')) }
}

/** Each is read now, and not when a call is to be dialled. What is wrong with one is said without it (K4). */
function readKeys(specs: readonly UpstreamSpec[], secrets: Secrets): void {
  const unfit = specs.filter(({ secret }) => secret !== null && !/^[!-~]*$/.test(secrets(secret) ?? ''))
  if (unfit.length === 0) return
  throw new Misuse(
    unfit.map(
      ({ id, secret }) =>
        `${secret}: the key of the upstream "${id}" has a blank, a line break or a character beyond ASCII: give the key alone.`,
    ),
  )
}

function secretsOf(env: NodeJS.ProcessEnv): Secrets {
  const read = new Map<string, string | undefined>()
  return (name) => {
    if (!read.has(name)) {
      const file = env[`${name}_FILE`]
      const value = env[name] || (file ? fileText(file, `${name}_FILE`).trim() : '')
      read.set(name, value === '' ? undefined : value)
    }
    return read.get(name)
  }
}

/** undefined: none was set, and the operator's API is closed. */
function adminKeyOf(secrets: Secrets): string | undefined {
  const set = secrets('TRUNKLINE_ADMIN_KEY')
  const read = operatorKeyOf(set)
  if ('key' in read) return read.key
  if (set === undefined) return undefined
  throw new Misuse([`TRUNKLINE_ADMIN_KEY, TRUNKLINE_ADMIN_KEY_FILE: the key ${read.problem}.`])
}

function fileText(file: string, place: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Misuse([
      `${place}: the file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}): name one that this user may read.`,
    ])
  }
}
