// Refusals before the 101, written straight to the TCP connection, and the address of a request. Decides nothing.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

/** The URL of a request; one that cannot be read counts as a path that nobody serves. */
export function urlOf(request: IncomingMessage): URL {
  const base = 'http://sim'
  return URL.canParse(request.url ?? '/', base) ? new URL(request.url ?? '/', base) : new URL('/unreadable', base)
}

export function httpRefusal(socket: Duplex, status: number, message: string, retryAfter?: number): void {
  const body = JSON.stringify({
    error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', param: null, code: null },
  })
  const retry = retryAfter === undefined ? '' : `Retry-After: ${retryAfter}\r\n`
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${retry}Connection: close\r\n\r\n${body}`,
  )
}
