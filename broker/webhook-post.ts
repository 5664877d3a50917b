// One webhook's POST on Node, to the address that was checked: the name is asked once, and what it stands for is where the connection goes.
// Knows no message. Rule A5.
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { Unsent, type Parcel, type Post } from '../src/courier.ts'
import { drop, judge, late } from '../src/http/webhook-post.ts'
import { webhookTimeoutMs } from '../src/limits.ts'
import { addressProblem, type TargetPolicy } from '../src/webhook-target.ts'
import { ofMachine, ofServers, type Address, type Resolve } from './webhook-names.ts'

export interface PostOptions {
  may: TargetPolicy
  resolve?: Resolve
  timeoutMs?: number
}

export function makePost({
  may,
  resolve = may.private ? ofMachine : ofServers(),
  timeoutMs = webhookTimeoutMs,
}: PostOptions): Post {
  return async (parcel) => {
    judge(parcel.url, may)
    const cut = new AbortController()
    const { promise: tooLate, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      reject(late(timeoutMs))
      cut.abort()
    }, timeoutMs)
    try {
      const url = new URL(parcel.url)
      const addresses = await Promise.race([checked(url.hostname, resolve, may), tooLate])
      const answer = await Promise.race([sent(parcel, url, addresses, cut.signal), tooLate])
      await Promise.race([drop(answer), tooLate]).catch(() => undefined) // its status says it all
      return answer.statusCode ?? 0
    } finally {
      clearTimeout(timer)
      cut.abort()
    }
  }
}

/** The addresses of a host, all of them public: of one that has others, too, none is tried. */
async function checked(hostname: string, resolve: Resolve, may: TargetPolicy): Promise<readonly Address[]> {
  const literal = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  const family = isIP(literal)
  let addresses: readonly Address[]
  try {
    addresses = family === 0 ? await resolve(hostname) : [{ address: literal, family }]
  } catch (error) {
    throw new Unsent(`${hostname} has no address (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`)
  }
  if (addresses.length === 0) throw new Unsent(`${hostname} has no address.`)
  // What a name stands for in a network is nothing that its tenant is to learn.
  if (addresses.some(({ address }) => addressProblem(address, may) !== undefined))
    throw new Unsent(`${hostname} has an address that is not public.`)
  return addresses
}

function sent(
  { headers, body }: Parcel,
  url: URL,
  addresses: readonly Address[],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const secure = url.protocol === 'https:'
  const options: RequestOptions = {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' },
    agent: secure ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false }),
    lookup: only(addresses),
    signal,
  }
  return new Promise((resolve, reject) => {
    const request = secure ? httpsRequest(url, options) : httpRequest(url, options)
    request.once('response', resolve)
    request.on('error', reject)
    request.end(body)
  })
}

/** Whatever name is asked for has these addresses. */
function only(addresses: readonly Address[]): LookupFunction {
  const [first] = addresses
  return (_name, { all }, done) => {
    if (all === true) done(null, [...addresses])
    else done(null, first?.address ?? '', first?.family)
  }
}
