// The Realtime door: an upgrade as OpenAI has it → an offer for the tenant's desk, or a refusal. Knows no socket. Rules R4, C5.
import { agentCharacters, callerCharacters } from '../limits.ts'
import { AgentLabel } from '../plan-settings.ts'
import type { Offer } from '../ports.ts'
import type { Refusal } from '../refusal.ts'
import { modelsOf, upstreamFor, type UpstreamSpec } from '../upstream.ts'
import { readKey, type Sha256 } from './key.ts'

const keyProtocol = 'openai-insecure-api-key.'
/** Ours; every other parameter of the URL goes to the provider. A browser cannot set headers, so what a call is to us comes here. */
const agentParameter = 'trunkline_agent'
const callerParameter = 'trunkline_caller'
const ours: ReadonlySet<string> = new Set(['model', agentParameter, callerParameter])

export interface Arrival {
  offer: Offer
  upstream: UpstreamSpec | undefined
  parameters: [string, string][]
  /** The sub-protocol to answer; null when none was offered. The key's is never echoed. */
  protocol: 'realtime' | null
}

/** What an upgrade is read from. */
export type Upgrade = Pick<Request, 'url' | 'headers'>

/** Reads one upgrade. A refusal here is said over HTTP: the key or the request itself is wrong. */
export async function readArrival(
  request: Upgrade,
  call: string,
  upstreams: readonly UpstreamSpec[],
  sha256: Sha256,
): Promise<Arrival | Refusal> {
  if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') return { why: 'upgrade_needed' }
  return arrivalOf(request, call, upstreams, sha256)
}

/** The same of a request that only asks how an upgrade would be answered. */
export async function arrivalOf(
  request: Upgrade,
  call: string,
  upstreams: readonly UpstreamSpec[],
  sha256: Sha256,
): Promise<Arrival | Refusal> {
  const protocols = (request.headers.get('sec-websocket-protocol') ?? '').split(',').map((one) => one.trim())
  const key = presentedKey(request, protocols)
  if (typeof key !== 'string') return key
  const owner = await readKey(key, sha256)
  if (owner === undefined) return { why: 'key_malformed' }

  const { searchParams } = new URL(request.url)
  const model = searchParams.get('model') ?? ''
  const [agent, caller] = [searchParams.get(agentParameter) ?? '', searchParams.get(callerParameter) ?? '']
  const upstream = upstreamFor(upstreams, model)
  const parameters = [...searchParams].filter(([name]) => !ours.has(name))
  const offer: Offer = {
    call,
    tenant: owner.tenant,
    keyHash: owner.hash,
    model: model.slice(0, 100),
    agent: AgentLabel.safeParse(agent).data ?? null,
    caller: caller === '' ? null : pseudonym(await sha256(`${owner.tenant} ${caller}`)),
    models: modelsOf(upstreams),
    unserved: unserved(request, protocols, parameters, { agent, caller }) ?? null,
    pool: (upstream ?? upstreams[0])?.pool ?? 'none',
  }
  return { offer, upstream, parameters, protocol: protocols.includes('realtime') ? 'realtime' : null }
}

/** The key of a request: from the header, or from a browser's sub-protocol. */
export function presentedKey(request: Upgrade, protocols: readonly string[] = []): string | Refusal {
  // A field that came twice is joined (RFC 9110, 5.3), and no key has a comma.
  const fields = new Set(
    request.headers
      .get('authorization')
      ?.split(',')
      .map((field) => field.trim()),
  )
  const [bearer, ...others] = Array.from(fields, bearerIn)
  if (others.length > 0 && [bearer, ...others].some((one) => one !== undefined)) return { why: 'key_twice' }
  if (fields.size > 0 && bearer === undefined) return { why: 'key_malformed' }
  const inProtocols = protocols.filter((one) => one.startsWith(keyProtocol)).map((one) => one.slice(keyProtocol.length))
  const keys = new Set(bearer === undefined ? inProtocols : [bearer, ...inProtocols])
  if (keys.size > 1) return { why: 'key_twice' }
  return [...keys][0] ?? { why: 'key_missing' }
}

function bearerIn(field: string): string | undefined {
  return /^Bearer +(\S+)$/i.exec(field)?.[1]
}

function unserved(
  request: Upgrade,
  protocols: readonly string[],
  parameters: readonly [string, string][],
  { agent, caller }: { agent: string; caller: string },
): Refusal | undefined {
  if (request.headers.has('openai-beta') || protocols.some((one) => one.startsWith('openai-beta')))
    return { why: 'dialect_beta' }
  if (caller.length > callerCharacters)
    return { why: 'caller_too_long', details: { parameter: callerParameter, most: callerCharacters } }
  if (agent !== '' && !AgentLabel.safeParse(agent).success)
    return { why: 'agent_unfit', details: { parameter: agentParameter, most: agentCharacters } }
  // A sideband or a transcription session would pass by admission and model (C4).
  const other = parameters.find(([name]) => name === 'call_id' || name === 'intent')
  return other === undefined ? undefined : { why: 'parameter_unserved', details: { parameter: other[0] } }
}

/** A caller may be a phone number: what is kept of it is the same for the same caller of a tenant, and tells nothing to a reader of logs. */
function pseudonym(hash: string): string {
  return hash.slice(0, 32)
}
