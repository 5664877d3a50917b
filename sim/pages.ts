// The plain HTTP side: help, state, the fault switch, and minting of client secrets. Speaks JSON to curl and to tests.

import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { BadFault, FAULT_KINDS, faultFrom } from './faults.ts'
import { urlOf } from './http-refusal.ts'
import { modelNames } from './models.ts'
import type { Sim } from './server.ts'

const MOST_BODY_BYTES = 1024 * 1024
const SECRET_SECONDS = 600

function help(url: string): string {
  return `Trunkline's practice upstream: it behaves as OpenAI Realtime does, and no token is ever billed.

  WebSocket   ${url}?model=gpt-realtime-2.1   (Authorization: Bearer <any key>)
  Models      ${modelNames().join(', ')}

  GET    /sim/state                     sessions and totals
  POST   /sim/faults {"fault":"drop,events=5"}   switch a fault on
  DELETE /sim/faults                    switch it off
  One connection alone: &sim_fault=freeze,ms=500 in its URL.
  Faults: ${FAULT_KINDS.join(', ')}
  POST   /v1/realtime/client_secrets    mint an ek_ key

More in docs/SIM.md.
`
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk as Uint8Array)
    length += bytes.length
    if (length > MOST_BODY_BYTES) throw new BadFault('The body is too large.')
    chunks.push(bytes)
  }
  const text = Buffer.concat(chunks).toString('utf8').trim()
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new BadFault('The body is not JSON.')
  }
}

function field(data: unknown, name: string): unknown {
  return typeof data === 'object' && data !== null ? Object.entries(data).find(([key]) => key === name)?.[1] : undefined
}

export class Pages {
  readonly #sim: Sim
  readonly #secrets = new Map<string, number>()

  constructor(sim: Sim) {
    this.#sim = sim
  }

  /** Whether this is an ephemeral key that was minted here and has not run out. */
  minted(key: string): boolean {
    const expiresAt = this.#secrets.get(key)
    return expiresAt !== undefined && expiresAt > this.#sim.settings.clock.now() / 1000
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    this.#answer(request, response).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error)
      json(response, error instanceof BadFault ? 400 : 500, {
        error: { message, type: 'invalid_request_error', param: null, code: null },
      })
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sim = this.#sim
    const { pathname } = urlOf(request)
    switch (`${request.method} ${pathname}`) {
      case 'GET /':
        response.setHeader('content-type', 'text/plain; charset=utf-8')
        response.end(help(sim.url))
        return
      case 'GET /sim/state':
        json(response, 200, {
          totals: sim.totals,
          fault: sim.currentFault() ?? null,
          sessions: sim.records().map((record) => record.shown()),
        })
        return
      case 'POST /sim/faults': {
        const body = await bodyOf(request)
        sim.fault(faultFrom(field(body, 'fault') ?? body))
        json(response, 200, { fault: sim.currentFault() ?? null })
        return
      }
      case 'DELETE /sim/faults':
        sim.fault(undefined)
        json(response, 200, { fault: null })
        return
      case 'POST /v1/realtime/client_secrets':
        this.#mint(request, response, await bodyOf(request))
        return
      default:
        json(response, 404, {
          error: { message: `Unknown path ${pathname}`, type: 'invalid_request_error', param: null, code: null },
        })
    }
  }

  #mint(request: IncomingMessage, response: ServerResponse, body: unknown): void {
    if (request.headers.authorization === undefined) {
      json(response, 401, {
        error: { message: 'Missing bearer authentication', type: 'invalid_request_error', param: null, code: null },
      })
      return
    }
    const seconds = Number(field(field(body, 'expires_after'), 'seconds') ?? SECRET_SECONDS)
    const value = `ek_${randomBytes(16).toString('hex')}`
    const expiresAt = Math.floor(this.#sim.settings.clock.now() / 1000) + seconds
    this.#secrets.set(value, expiresAt)
    const session = field(body, 'session') ?? { type: 'realtime' }
    json(response, 200, { value, expires_at: expiresAt, session })
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(body))
}
