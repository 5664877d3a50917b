// WebSockets of workerd as the core wants them: a caller's, and the dial of a provider's. Knows no call.
import type { Guard } from '../src/guard.ts'
import { closeTimeoutMs } from '../src/limits.ts'
import {
  UpstreamFault,
  type Dial,
  type Frame,
  type Line,
  type Socket,
  type Target,
  type Upstream,
} from '../src/ports.ts'
import { clock } from './clock.ts'
import { secret, type Env } from './env.ts'

export function socketOf(ws: WebSocket): Socket {
  return {
    send: (frame) => {
      if (ws.readyState === WebSocket.OPEN) ws.send(frame)
    },
    close: (code, reason) => {
      try {
        ws.close(code, reason)
      } catch {
        // It went while we were closing it: closed is what we wanted.
      }
    },
    // Older runtimes do not say: then nobody is found to lag.
    get buffered() {
      return (ws as { bufferedAmount?: number }).bufferedAmount ?? 0
    },
  }
}

export function frameOf(data: string | ArrayBuffer): Frame {
  return typeof data === 'string' ? data : new Uint8Array(data)
}

/** Dials providers by `fetch`: unlike `new WebSocket` it takes headers and says how it was refused. */
export function dialler(env: Env, run: Guard['run']): Upstream {
  return {
    open: (target, line) => {
      // Ends the dial, and after it the connection.
      const cut = new AbortController()
      let open: Socket | undefined
      const opened = connect(env, target, line, cut, run).then((socket) => (open = socket))
      const abandon = (): void => {
        if (open === undefined) cut.abort()
        else open.close(1000, '')
      }
      return { opened, abandon } satisfies Dial
    },
  }
}

async function connect(
  env: Env,
  { upstream, url }: Target,
  line: Line,
  cut: AbortController,
  run: Guard['run'],
): Promise<Socket> {
  const headers = new Headers({ upgrade: 'websocket' })
  const key = upstream.secret === null ? undefined : secret(env, upstream.secret)
  if (key !== undefined && upstream.auth === 'bearer') headers.set('authorization', `Bearer ${key}`)
  if (key !== undefined && upstream.auth === 'api-key') headers.set('api-key', key)
  let response: Response
  try {
    response = await fetch(url.replace(/^ws/, 'http'), { headers, signal: cut.signal })
  } catch (error) {
    throw new UpstreamFault({ why: 'upstream_unreachable' }, error)
  }
  const ws = response.webSocket
  if (ws === null) {
    await response.body?.cancel()
    throw new UpstreamFault({ why: 'upstream_refused', details: { status: response.status } })
  }
  const socket = socketOf(ws)
  let answered: (() => void) | undefined
  const heard: Line = {
    message: (frame) => line.message(frame),
    closed: (code, reason) => {
      answered?.()
      line.closed(code, reason)
    },
  }
  listen(ws, heard, run)
  return {
    send: (frame) => socket.send(frame),
    close: (code, reason) => {
      socket.close(code, reason)
      answered ??= clock.after(closeTimeoutMs, () => cut.abort()) // C7
    },
    get buffered() {
      return socket.buffered
    },
  }
}

/** Takes the socket over: from now on its frames and its end go to the line, which `run` runs. */
export function listen(ws: WebSocket, line: Line, run: Guard['run']): void {
  ws.binaryType = 'arraybuffer' // before accept(), or binary frames arrive as something else
  ws.addEventListener('message', ({ data }) => run(() => line.message(frameOf(data as string | ArrayBuffer))))
  // 1006 is on no wire: its reason is a text of the runtime.
  ws.addEventListener('close', ({ code, reason }) => run(() => line.closed(code, code === 1006 ? '' : reason)))
  // A broken connection is an error and then a close; a clean close is sometimes followed by an error, which says nothing.
  ws.addEventListener('error', () => run(() => line.closed(1006, '')))
  ws.accept()
}
