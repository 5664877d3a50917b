// Where a webhook may be sent: its URL as it is written, and the addresses that its host's name stands for. Knows no resolver and no socket;
// reading a URL is its host's. Rule A5.
import ipaddr from 'ipaddr.js'
import { hookUrlCharacters } from './limits.ts'

/** A URL as its host has read it. */
export interface TargetUrl {
  protocol: string
  /** With its port, where that is not the protocol's own. */
  host: string
  hostname: string
  port: string
}

export interface TargetPolicy {
  /** For development alone: http, every port, and addresses that only this machine or its network can reach. */
  private: boolean
  /** Names of hosts that may be told, `*.example.com` for all below that; undefined: every public one. */
  hosts?: readonly string[] | undefined
}

const ports = new Set(['', '443', '8443'])
/** Ends of names that stand for a machine or its network: RFC 6761, RFC 6762, RFC 8375, ICANN 2024-07-29; the last two by custom. */
const ownEnds = ['localhost', 'local', 'internal', 'home.arpa', 'localdomain', 'lan']
/** Labels of letters, digits and inner hyphens; the last is not a number, and so no address. */
const name = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** What is wrong with it, as a sentence's end; undefined when it may be told. `read`: undefined where it is no URL. */
export function targetProblem(
  text: string,
  read: (text: string) => TargetUrl | undefined,
  may: TargetPolicy,
): string | undefined {
  if (text.length > hookUrlCharacters) return `has more than ${hookUrlCharacters} characters`
  // Whatever readers take for a letter, a dot, a slash or nothing is written out: as "xn--…", as "%20".
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(text))
    return 'has a character that is not plain ASCII, a space or a backslash: write names as "xn--…" and all else as "%…"'
  const url = read(text)
  const written = /^https?:\/\/([^/?#]+)/i.exec(text)?.[1]?.toLowerCase()
  if (url === undefined || written === undefined || !['https:', 'http:'].includes(url.protocol))
    return 'is no URL that begins with https://'
  if (url.protocol === 'http:' && !may.private) return 'begins with http://: only https:// is served'
  if (written.includes('@')) return 'has a user or password in it: only the signature says who sends'
  const plain = written.replace(url.protocol === 'http:' ? /:80$/ : /:443$/, '')
  if (plain !== url.host) return `names its host in an odd way: write it as "${url.host}"`
  if (!may.private && !ports.has(url.port)) return 'has a port that is not 443 or 8443'
  return hostProblem(url.hostname, may)
}

/** Of an address that a name stands for, or that stands in a URL. */
export function addressProblem(address: string, may: TargetPolicy): string | undefined {
  return may.private || isPublic(address) ? undefined : `${address} is no public address`
}

function hostProblem(host: string, may: TargetPolicy): string | undefined {
  if (may.hosts !== undefined && !may.hosts.some((pattern) => covers(pattern, host)))
    return `names a host that this deployment does not tell: ${host}`
  if (may.private) return undefined
  const address = host.startsWith('[') ? host.slice(1, -1) : host
  if (ipaddr.isValid(address)) return isPublic(address) ? undefined : `names ${address}, which is no public address`
  if (ownEnds.some((end) => host === end || host.endsWith(`.${end}`)))
    return `names ${host}, which only its own network knows`
  if (!name.test(host)) return `names "${host}", which is no full name of a public host, such as hooks.example.com`
  return undefined
}

function covers(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
}

/** Only what is given out as global unicast; of what carries an IPv4 address that one is judged (RFC 4291, RFC 6052). */
function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed instanceof ipaddr.IPv4) return parsed.range() === 'unicast'
  if (address.includes('%')) return false
  if (parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().range() === 'unicast'
  if (parsed.match(nat64, 96)) return new ipaddr.IPv4(parsed.toByteArray().slice(12)).range() === 'unicast'
  return parsed.match(given, 3) && parsed.range() === 'unicast'
}

const nat64 = ipaddr.IPv6.parse('64:ff9b::')
/** 2000::/3 */
const given = ipaddr.IPv6.parse('2000::')
