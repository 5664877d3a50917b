// Dials providers by `ws`, with our key. Knows no call. Rules C5, C7.
import type { IncomingMessage } from 'node:http'
import { keepAliveMs, upstreamFrameBytes } from '../src/limits.ts'
import { UpstreamFault, type Dial, type Line, type Target } from '../src/ports.ts'
import type { Secrets } from './config.ts'
import { bounds, Peer } from './peer.ts'
import { listen, NodeSocket } from './sockets.ts'

export interface NodeDial extends Dial {
  opened: Promise<NodeSocket>
}

export function dial(
  { upstream, url }: Target,
  line: Line,
  secrets: Secrets,
  broke: (error: unknown) => void,
): NodeDial {
  const key = upstream.secret === null ? undefined : secrets(upstream.secret)
  const headers: Record<string, string> = {}
  if (key !== undefined && upstream.auth === 'bearer') headers['authorization'] = `Bearer ${key}`
  if (key !== undefined && upstream.auth === 'api-key') headers['api-key'] = key
  const kept = { keepAlive: true, keepAliveInitialDelay: keepAliveMs } // of node:net, which `ws` passes on to it
  const peer = new Peer(url, { ...bounds(upstreamFrameBytes), ...kept, headers }) // how long it may take is the call's affair
  const { promise: opened, resolve, reject } = Promise.withResolvers<NodeSocket>()
  peer.once('upgrade', ({ socket }: IncomingMessage) => {
    peer.once('open', () => {
      listen(peer, line, broke)
      resolve(new NodeSocket(peer, socket))
    })
  })
  // Its body and its headers may name an organisation: the status is all that is passed on.
  peer.once('unexpected-response', (request, response) => {
    request.destroy()
    reject(new UpstreamFault({ why: 'upstream_refused', details: { status: response.statusCode ?? 0 } }))
  })
  peer.on('error', (error) => reject(new UpstreamFault({ why: 'upstream_unreachable' }, error)))
  const abandon = (): void => (peer.readyState === peer.CONNECTING ? peer.terminate() : peer.part(1000, ''))
  return { opened, abandon }
}
