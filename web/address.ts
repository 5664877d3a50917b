// Where the page calls and with which key: addresses and sub-protocols as text. Reads no location, keeps no secret.

export interface Keyed {
  readonly key: string | undefined
  /** The address to show once the key was read from it. */
  readonly cleaned: string
}

/** The key of a link such as `/#key=tl_…`; other parts of the fragment stay. */
export function keyFromAddress(address: string): Keyed {
  const url = new URL(address)
  const fragment = new URLSearchParams(url.hash.slice(1))
  const key = fragment.get('key')?.trim()
  if (key === undefined) return { key: undefined, cleaned: address }
  fragment.delete('key')
  url.hash = fragment.toString()
  return { key: key === '' ? undefined : key, cleaned: url.href.replace(/#$/, '') }
}

export function realtimeUrl(origin: string, model: string): string {
  const url = new URL('/v1/realtime', origin)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  url.searchParams.set('model', model)
  return url.href
}

/** A browser cannot set headers on a WebSocket, so the key travels as a sub-protocol. */
export function protocolsFor(key: string): string[] {
  return ['realtime', `openai-insecure-api-key.${key}`]
}

/** Sub-protocols are HTTP tokens (RFC 9110, 5.6.2); a browser refuses anything else before it dials. */
export function isPossibleKey(key: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(key)
}

/** Enough of a key to recognise it, too little to use it. */
export function keyHint(key: string): string {
  return key.length <= 12 ? '••••' : `${key.slice(0, 4)}…${key.slice(-4)}`
}
