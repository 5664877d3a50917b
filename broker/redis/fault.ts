// What goes wrong between a broker and Redis, as one closed union with a sentence each: what is wrong, what would be right. No sentence
// holds a secret. Knows no rule.

export type StoreTrouble =
  | 'unreachable' // nobody answers at the address
  | 'certificate' // TLS does not come about
  | 'slow' // no answer in time
  | 'cut' // the connection ended before the answer came
  | 'password' // wrong, missing, or not wanted
  | 'forbidden' // this user may not do it
  | 'version' // older than 7.0
  | 'command' // one that is needed is not there
  | 'missing' // our library is not loaded there
  | 'replica' // not a master
  | 'masters' // several, of which none is ours
  | 'full' // no memory for writes
  | 'evicting' // its policy throws our keys away
  | 'disk' // it takes no writes until its disk or its replicas are well
  | 'loading' // it still reads its files
  | 'cluster' // a cluster that does not serve this slot now
  | 'error' // the command itself failed

/** The store did not do what it was asked, or nobody knows whether it did. */
export class StoreFault extends Error {
  override readonly name = 'StoreFault'
  readonly trouble: StoreTrouble
  /** It certainly did not run. */
  readonly unrun: boolean
  /** What the server said of the place to ask instead: `MOVED 7 host:port`. */
  readonly redirect: string | undefined

  constructor(trouble: StoreTrouble, sentence: string, unrun = true, redirect?: string) {
    super(sentence)
    this.trouble = trouble
    this.unrun = unrun
    this.redirect = redirect
  }
}

/** In this order: the first that fits. ioredis 6.0.0 has no classes for its own errors, so they are known by their text. */
const signs: readonly (readonly [RegExp, StoreTrouble, boolean, (where: string, said: string) => string])[] = [
  [
    /^Command timed out/,
    'slow',
    false,
    (where) => `Redis at ${where} did not answer in time; whether it did what it was told is not known.`,
  ],
  [/^Stream isn't writeable/, 'unreachable', true, (where) => `Redis at ${where} is not connected.`],
  [
    /^(Connection is closed|Reached the max retries|Command aborted)/,
    'cut',
    false,
    (where) =>
      `The connection to Redis at ${where} ended before it answered; whether it did what it was told is not known.`,
  ],
  [
    /^(WRONGPASS|NOAUTH|ERR AUTH|ERR .*AUTH|.*without any password)/,
    'password',
    true,
    (where) =>
      `Redis at ${where} does not take this user and password: put the right ones into the address (redis://user:password@host).`,
  ],
  [
    /^NOPERM/,
    'forbidden',
    true,
    (where, said) =>
      `The user of Redis at ${where} may not do what a broker must: ${permission(said)}. Allow it with ACL SETUSER.`,
  ],
  [
    /^LOADING/,
    'loading',
    true,
    (where) => `Redis at ${where} still loads its data from disk; it is asked again until it has.`,
  ],
  [
    /^(READONLY|MASTERDOWN|UNBLOCKED)/,
    'replica',
    true,
    (where) => `Redis at ${where} is a replica: name its master, or promote it.`,
  ],
  [
    /^OOM/,
    'full',
    true,
    (where) =>
      `Redis at ${where} is full (maxmemory) and takes no writes: give it more memory, or remove what else is in it.`,
  ],
  [
    /^(MISCONF|NOREPLICAS)/,
    'disk',
    true,
    (where, said) =>
      `Redis at ${where} takes no writes: ${said.startsWith('MISCONF') ? 'it cannot save to its disk' : 'too few of its replicas are connected'}.`,
  ],
  [/^BUSY /, 'slow', true, (where) => `Redis at ${where} is busy with a long script and takes no commands.`],
  [/^(MOVED|ASK) /, 'cluster', true, (where) => `Redis at ${where} does not have this slot of the cluster.`],
  [
    /^TRYAGAIN/,
    'cluster',
    true,
    (where) => `Redis at ${where} is moving this slot to another master; it serves again when that is done.`,
  ],
  [
    /^CLUSTERDOWN/,
    'cluster',
    true,
    (where) =>
      `The cluster that Redis at ${where} belongs to does not serve all slots: each needs a master that is up.`,
  ],
  [
    /unknown command/i,
    'command',
    true,
    (where, said) =>
      `Redis at ${where} does not know ${/command ['`]?([a-z]+)/i.exec(said)?.[1]?.toUpperCase() ?? 'a command'}, which is needed: take it out of rename-command.`,
  ],
  [
    /Function not found/,
    'missing',
    true,
    (where) => `Redis at ${where} has lost the broker's functions; they are loaded again.`,
  ],
  [
    /certificate|altname|SSL|TLS|EPROTO/i,
    'certificate',
    true,
    (where, said) =>
      `TLS with Redis at ${where} does not come about (${said}): check rediss:// against its port, and its certificate (NODE_EXTRA_CA_CERTS).`,
  ],
  [
    /ECONN|ENOTFOUND|EAI_AGAIN|EHOST|ENET|ETIMEDOUT|EPIPE|closed/,
    'unreachable',
    true,
    (where, said) =>
      `Redis at ${where} cannot be reached (${/E[A-Z_]+/.exec(said)?.[0] ?? said}); it is tried again until it can.`,
  ],
]

export function faultOf(error: unknown, where: string): StoreFault {
  if (error instanceof StoreFault) return error
  const said = wordsOf(error)
  const sign = signs.find(([pattern]) => pattern.test(said))
  if (sign === undefined) return new StoreFault('error', `Redis at ${where} answered with an error: ${said}`, false)
  const [, trouble, unrun, sentence] = sign
  return new StoreFault(trouble, sentence(where, said), unrun, /^(MOVED|ASK) /.test(said) ? said : undefined)
}

/** A connection tried at several addresses of a host fails with an error without words. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  return error.message === '' ? (code ?? error.name) : error.message
}

/** "…to run the 'function|load' command": the command alone, a key could be a secret of somebody's. */
function permission(said: string): string {
  const command = /'([a-z|]+)' command/.exec(said)?.[1]
  if (command !== undefined) return command.replace('|', ' ').toUpperCase()
  return /channel/.test(said) ? 'its channels (&trunkline:*)' : 'its keys (~trunkline:*)'
}
