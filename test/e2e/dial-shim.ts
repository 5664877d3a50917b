// The harness sends each outbound fetch of the Worker to this process's `fetch`, and Node's cannot upgrade: upgrades go to miniflare's.
import { fetch as miniflareFetch } from 'miniflare'

const nodeFetch = globalThis.fetch
const dial = miniflareFetch as unknown as typeof fetch

globalThis.fetch = async (input, init) => {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined))
  return headers.get('upgrade')?.toLowerCase() === 'websocket' ? dial(input, init) : nodeFetch(input, init)
}
