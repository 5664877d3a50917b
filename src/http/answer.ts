// Answers and bodies of the HTTP app: one error shape, strict bodies. Knows no route. Rules A1, A2.
import type { Context } from 'hono'
import type * as z from 'zod'
import { bodyBytes } from '../limits.ts'
import { problem, rendering, type Refusal } from '../refusal.ts'

/** Thrown by a handler; answered by the app as the one error body. */
export class Refused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.why)
    this.refusal = refusal
  }
}

export function refusalResponse(refusal: Refusal, instance: string): Response {
  const { http, retryAfterMs } = rendering(refusal.why)
  const headers = new Headers({
    'content-type': 'application/problem+json',
    'x-request-id': instance,
    'cache-control': 'no-store',
  })
  // The openai SDK retries by itself unless it is told not to.
  headers.set('x-should-retry', retryAfterMs === undefined ? 'false' : 'true')
  if (retryAfterMs !== undefined) {
    headers.set('retry-after', String(Math.ceil(retryAfterMs / 1000)))
    headers.set('retry-after-ms', String(retryAfterMs))
  }
  if (http === 401) headers.set('www-authenticate', 'Bearer')
  if (http === 426) headers.set('upgrade', 'websocket')
  return Response.json(problem(refusal, instance), { status: http, headers })
}

/** The body, when it is what the schema says; otherwise a refusal that names each field and what would be right. */
export async function readBody<T extends z.ZodType>(c: Context, schema: T): Promise<z.infer<T>> {
  const bytes = await c.req.arrayBuffer()
  if (bytes.byteLength > bodyBytes) throw new Refused({ why: 'body_too_large', details: { most: bodyBytes } })
  const text = new TextDecoder().decode(bytes)
  let body: unknown
  try {
    body = text === '' ? {} : JSON.parse(text)
  } catch {
    throw new Refused({ why: 'body_invalid', details: { problems: 'The body is not valid JSON.' } })
  }
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const [first] = parsed.error.issues
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ')
  const param = first === undefined || first.path.length === 0 ? undefined : first.path.join('.')
  throw new Refused({ why: 'body_invalid', details: { problems, ...(param !== undefined && { param }) } })
}
