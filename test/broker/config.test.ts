// What the Node host is told and will not take: each wrong word is a sentence that says where, what, and what would be right.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { addressOf, readProxies } from '../../broker/address.ts'
import { help, readConfig } from '../../broker/config.ts'

const dir = mkdtempSync(join(tmpdir(), 'trunkline-config-'))
afterAll(() => rmSync(dir, { recursive: true }))

function file(name: string, text: string): string {
  writeFileSync(join(dir, name), text)
  return join(dir, name)
}

function refusal(args: readonly string[], env: Record<string, string> = {}): string {
  try {
    readConfig(args, env)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it was taken')
}

test('[CLI] a flag beats its variable, a variable beats the file, the file beats the default', () => {
  const config = file('all.json', '{"port": 1, "host": "0.0.0.0", "store": "there", "drainSeconds": 5}')
  const env = { TRUNKLINE_CONFIG: config, TRUNKLINE_PORT: '2', TRUNKLINE_HOST: '::1', TRUNKLINE_STORE: '' }
  expect(readConfig(['--port', '3'], env)).toMatchObject({
    port: 3,
    host: '::1',
    store: { is: 'folder', dir: resolve('there') },
    drainSeconds: 5,
    tlsPort: 8443,
  })
})

test('[CLI] a store is a folder or the address of a Redis', () => {
  expect(readConfig(['--store', 'redis://one,redis://two:7000', '--workers', '4'], {})).toMatchObject({
    store: { is: 'redis', url: 'redis://one,redis://two:7000' },
    workers: 4,
  })
  expect(readConfig(['--node', 'a'], {})).toMatchObject({ node: 'a', workers: 1 })
})

test('[CLI] [A5] a switch is off unless it is given: as a flag alone, as a variable or in the file by its word', () => {
  const config = file('switch.json', '{"allowPrivateWebhooks": true}')
  expect(readConfig([], {})).toMatchObject({ allowPrivateWebhooks: false })
  expect(readConfig(['--allow-private-webhooks', '--port', '3'], {})).toMatchObject({
    allowPrivateWebhooks: true,
    port: 3,
  })
  expect(readConfig(['--config', config], {})).toMatchObject({ allowPrivateWebhooks: true })
  const off = { TRUNKLINE_ALLOW_PRIVATE_WEBHOOKS: 'false' }
  expect(readConfig(['--config', config], off)).toMatchObject({ allowPrivateWebhooks: false })
  expect(help()).toMatch(
    /^ {2}--allow-private-webhooks {4}DANGEROUS, for development alone: .*\[TRUNKLINE_ALLOW_PRIVATE_WEBHOOKS\]$/m,
  )
})

const wrong: { what: string; args?: string[]; env?: Record<string, string>; text?: string; says: string }[] = [
  { what: 'a port that is no number', args: ['--port', 'abc'], says: '--port: "abc" is not a port: give a whole' },
  { what: 'a variable out of range', env: { TRUNKLINE_PORT: '70000' }, says: 'TRUNKLINE_PORT: 70000 is not a port' },
  { what: 'half a port in the file', text: '{"port": 1.5}', says: 'wrong.json: port: 1.5 is not a port' },
  { what: 'a text as a port in the file', text: '{"port": "80"}', says: 'port: "80" is not a port' },
  {
    what: 'an unknown key',
    text: '{"prot": 1}',
    says: 'wrong.json: there is no setting "prot". There are: host, port',
  },
  {
    what: 'an address of Redis that cannot be read, and its password',
    args: ['--store', 'redis://:secret@'],
    says: '--store: The address of Redis cannot be read: give redis://',
  },
  {
    what: 'processes that would share a folder',
    args: ['--workers', '2'],
    says: '--workers: 2 processes cannot share a folder: give --store redis://…, or one process.',
  },
  { what: 'a name that is none', args: ['--node', 'a b'], says: '--node: "a b" is no name of a node' },
  { what: 'an unknown flag', args: ['--prot', '1'], says: "Unknown option '--prot'. Run with --help" },
  { what: 'a flag without a value', args: ['--port'], says: "Option '--port <value>' argument missing" },
  {
    what: 'a switch that is neither on nor off',
    env: { TRUNKLINE_ALLOW_PRIVATE_WEBHOOKS: 'yes' },
    says: 'TRUNKLINE_ALLOW_PRIVATE_WEBHOOKS: "yes" is neither true nor false.',
  },
  { what: 'a stray word', args: ['8787'], says: "Unexpected argument '8787'" },
  { what: 'a file that is no JSON', text: '{"port": }', says: 'wrong.json: is not valid JSON (' },
  {
    what: 'a file that is a list',
    text: '[]',
    says: 'wrong.json: is no JSON object: give settings as {"port": 8787}.',
  },
  { what: 'a file that is not there', args: ['--config', '/no/such'], says: '/no/such cannot be read (ENOENT)' },
  {
    what: 'no address',
    args: ['--host', 'a b'],
    says: '--host: "a b" is no address of this machine: give one such as',
  },
  {
    what: 'an upstream that is no URL',
    env: { TRUNKLINE_UPSTREAM_URL: 'ftp://x' },
    says: 'is no URL that begins with wss',
  },
  {
    what: 'an upstream that cannot be dialled',
    args: ['--upstream-url', 'ws://[x'],
    says: 'is no URL that can be dialled.',
  },
  { what: 'upstreams that are no JSON', args: ['--upstreams', '{'], says: 'TRUNKLINE_UPSTREAMS: is not valid JSON' },
  { what: 'an upstream with a field amiss', args: ['--upstreams', '[{"id":"A"}]'], says: '--upstreams: 0.id: Invalid' },
  {
    what: 'a file of prices that is not there',
    args: ['--prices', '/no/prices'],
    says: '--prices: the file /no/prices cannot be read (ENOENT)',
  },
  {
    what: 'a proxy that is none',
    args: ['--trusted-proxies', '10.0.0.0/8,x'],
    says: '--trusted-proxies: "x" is no address',
  },
  {
    what: 'a network that is too narrow',
    args: ['--trusted-proxies', '10.0.0.1/33'],
    says: '"10.0.0.1/33" is no address',
  },
  {
    what: 'a certificate without a key',
    args: ['--tls-cert', '/c'],
    says: '--tls-key (or TRUNKLINE_TLS_KEY): a certificate and',
  },
  {
    what: 'a certificate that cannot be read',
    args: ['--tls-cert', '/no/cert', '--tls-key', '/no/key'],
    says: '--tls-cert: the file /no/cert cannot be read (ENOENT)',
  },
  {
    what: 'a secret whose file is not there',
    env: { TRUNKLINE_ADMIN_KEY_FILE: '/no/secret' },
    says: 'TRUNKLINE_ADMIN_KEY_FILE: the file /no/secret cannot be read (ENOENT)',
  },
  {
    what: 'the key of an upstream whose file is not there',
    env: { OPENAI_API_KEY_FILE: '/no/key' },
    says: 'OPENAI_API_KEY_FILE: the file /no/key cannot be read (ENOENT)',
  },
  {
    what: 'a key that no header can hold',
    env: { OPENAI_API_KEY: 'sk-1\nsk-2' },
    says: 'OPENAI_API_KEY: the key of the upstream "openai" has a blank, a line break or a character beyond ASCII: give the key alone.',
  },
]

test.each(wrong)(
  '[CLI] $what: where it was said, what it was, what would be right',
  ({ args = [], env, text, says }) => {
    const config = text === undefined ? [] : ['--config', file('wrong.json', text)]
    expect(refusal([...args, ...config], env)).toContain(says)
  },
)

test('[CLI] all that is wrong is said at once, a line each', () => {
  expect(refusal(['--port', 'a', '--tls-port', 'b'], { TRUNKLINE_DRAIN_SECONDS: '-1' }).split('\n')).toHaveLength(3)
})

test('[L3] prices of a file stand over the shipped ones; what is wrong with them is said with model and column', () => {
  const rate = { input: 1, cached: 2, output: 3 }
  const good = file('prices.json', JSON.stringify({ 'gpt-realtime': { text: rate }, own: { audio: rate } }))
  const { prices } = readConfig([], { TRUNKLINE_PRICES: good })
  expect(prices.get('gpt-realtime')).toMatchObject({ text: rate, audio: { input: 32 } })
  expect(prices.get('own')).toEqual({ audio: rate })
  expect(readConfig([], {}).prices.get('own')).toBeUndefined()

  const bad = file('bad.json', '{"own": {"audio": {"input": 1}}, "none": {}}')
  expect(refusal(['--prices', bad]).split('\n')).toEqual([
    expect.stringContaining(`--prices: ${bad}: "own" audio.cached is missing: give micro-dollars a token`),
    expect.stringContaining('"own" audio.output is missing'),
    expect.stringContaining('"none" has no column: give at least one of text'),
  ])
  expect(refusal([], { TRUNKLINE_PRICES: file('no.json', '{') })).toMatch(
    /TRUNKLINE_PRICES: .*no.json: is not valid JSON/,
  )
})

test('[CLI] secrets come from variables or files, and an empty one is none', () => {
  const env = { OPENAI_API_KEY_FILE: file('secret', 'sk-1\n'), TRUNKLINE_ADMIN_KEY: ' tla_0123456789ab\n', EMPTY: '' }
  const { adminKey, secrets } = readConfig([], env)
  expect([adminKey, secrets('OPENAI_API_KEY'), secrets('EMPTY'), secrets('OTHER')]).toEqual([
    'tla_0123456789ab',
    'sk-1',
    undefined,
    undefined,
  ])
  expect(help()).not.toMatch(/--admin-key/) // what is on a command line is everybody's
})

test('[K4] what is wrong with a key is said without it', () => {
  expect(refusal([], { OPENAI_API_KEY: 'sk-1 canary' })).not.toContain('canary')
})

test.each(['correct horse battery', 'abcdefgh,ijklmnop', 'tla_0123456789a', 'tla_0123456789äb', ' '])(
  '[K5] an operator key that nobody could send, or anybody guess, is refused at the start and not repeated: %j',
  (key) => {
    const said = refusal([], { TRUNKLINE_ADMIN_KEY: key })
    expect(said).toMatch(/^TRUNKLINE_ADMIN_KEY, TRUNKLINE_ADMIN_KEY_FILE: the key .*\.$/)
    if (key.trim() !== '') expect(said).not.toContain(key.trim())
  },
)

test('[K6] only a trusted proxy is believed about where a caller is', () => {
  const proxies = readProxies(['127.0.0.1', '10.0.0.0/8', '::1'])
  if ('unfit' in proxies) throw new Error(proxies.unfit)
  const from = (remoteAddress: string, told?: string) =>
    addressOf({ socket: { remoteAddress }, headers: { 'x-forwarded-for': told } } as never, proxies)
  expect(from('192.0.2.1', '198.51.100.1')).toBe('192.0.2.1')
  expect(from('127.0.0.1', '198.51.100.1')).toBe('198.51.100.1')
  expect(from('::ffff:127.0.0.1', 'spoofed, 198.51.100.1, 10.1.2.3')).toBe('198.51.100.1')
  expect(from('::1', '2001:db8::1')).toBe('2001:db8::1')
  expect([from('127.0.0.1'), from('127.0.0.1', 'nonsense')]).toEqual([null, null])
})
