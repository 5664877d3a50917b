// Addresses: what to call when something listens, and what a certificate covers. Refuses to open anything.
import { isIP } from 'node:net'

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '0.0.0.0', '::', '::1', 'localhost'])

/** The address to call when it listens on all of them. */
export function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}

export function origin(scheme: 'http' | 'https', host: string, port: number): string {
  return `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}

/** The name under which a TLS client on this machine reaches what listens on `host`. */
export function certifiedName(host: string): string {
  return loopback.has(host) ? 'localhost' : host
}
