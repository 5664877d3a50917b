// Answers and bodies of the HTTP app: one error shape, strict bodies. Knows no route. Rules A1, A2.
import type { Context } from 'hono'
import { v7 as uuid } from 'uuid'
import * as z from 'zod'
import { bodyBytes, retrySoonMs } from '../limits.ts'
import { problem, rendering, retryAfter, type Refusal } from '../refusal.ts'
import { flawOf } from './body-flaw.ts'
import { budgetHeaders } from './limit-headers.ts'

/** Thrown by a handler; answered by the app as the one error body. */
export class Refused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.why)
    this.refusal = refusal
  }
}

/** Thrown where a step failed after others were done: asked once more, they would be done twice. */
export class HalfDone extends Error {}

/** The work that is left after a change was made. */
export async function afterwards<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw new HalfDone('half done', { cause })
  }
}

export function refusalResponse(refusal: Refusal, instance: string): Response {
  const [{ http }, retryAfterMs] = [rendering(refusal.why), retryAfter(refusal)]
  const headers = new Headers({
    'content-type': 'application/problem+json',
    'x-request-id': instance,
    'cache-control': 'no-store',
  })
  // The openai SDK retries by itself unless it is told not to.
  headers.set('x-should-retry', retryAfterMs !== undefined && retryAfterMs <= retrySoonMs ? 'true' : 'false')
  if (retryAfterMs !== undefined) {
    headers.set('retry-after', String(Math.ceil(retryAfterMs / 1000)))
    headers.set('retry-after-ms', String(retryAfterMs))
  }
  const limits = refusal.budget === undefined ? {} : budgetHeaders(refusal.budget, new Date().getTime())
  for (const [name, value] of Object.entries(limits)) headers.set(name, value)
  if (http === 401) headers.set('www-authenticate', 'Bearer')
  if (http === 426) headers.set('upgrade', 'websocket')
  return Response.json(problem(refusal, instance), { status: http, headers })
}

/** The body's bytes. One that is too large is refused as soon as that is known, and the rest is never read. */
export async function readBytes(c: Context, most: number): Promise<Uint8Array> {
  const tooLarge = new Refused({ why: 'body_too_large', details: { most } })
  if (Number(c.req.header('content-length') ?? 0) > most) throw tooLarge
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of c.req.raw.body ?? []) {
    length += piece.length
    if (length > most) throw tooLarge // which cancels the stream
    pieces.push(piece)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

/** The body, when it is what the schema says; otherwise a refusal that names each field and what would be right. */
export async function readBody<T extends z.ZodType>(c: Context, schema: T): Promise<z.infer<T>> {
  const text = new TextDecoder().decode(await readBytes(c, bodyBytes))
  let body: unknown
  try {
    body = text === '' ? {} : JSON.parse(text)
  } catch {
    throw new Refused({ why: 'body_invalid', details: { problems: 'The body is not valid JSON.' } })
  }
  const flaw = flawOf(body)
  if (flaw !== undefined)
    throw new Refused({ why: 'body_invalid', details: { problems: `${flaw.path}: ${flaw.says}`, param: flaw.path } })
  return checked(schema, body, 'body')
}

/** What takes nothing. */
export const Nothing = z.strictObject({})

export function checked<T extends z.ZodType>(schema: T, given: unknown, where: 'body' | 'query'): z.infer<T> {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const { issues } = parsed.error
  const said = new Set(
    issues.map((issue) => `${issue.path.join('.') || where}: ${issue.message}${knownIn(issue, schema)}`),
  )
  const param = issues[0]?.path.join('.') || undefined
  const problems = [...said].join('; ')
  throw new Refused({ why: 'body_invalid', details: { problems, ...(param !== undefined && { param }) } })
}

/** The names that would be known, where one is not. */
function knownIn({ code, path }: z.core.$ZodIssue, schema: z.ZodType): string {
  if (code !== 'unrecognized_keys' || path.length > 0 || !(schema instanceof z.ZodObject)) return ''
  return ` (known here: ${Object.keys(schema.shape).join(', ') || 'none'})`
}

export async function found<T>(thing: Promise<T | undefined>, kind: string, id: string): Promise<T> {
  const there = await thing
  if (there === undefined) throw new Refused(nothing(kind, id))
  return there
}

export function nothing(kind: string, id: string): Refusal {
  return { why: 'thing_unknown', details: { kind, id: id.slice(0, 60) } }
}

/** A list, or a page of one. */
export function listOf(data: readonly { id: string | number }[], more = false): object {
  const [first_id, last_id] = [data[0]?.id ?? null, data.at(-1)?.id ?? null]
  return { object: 'list', data, has_more: more, first_id, last_id }
}

export function newId(prefix: string): string {
  return `${prefix}_${uuid().replaceAll('-', '')}`
}

export function noRoute(method: string, path: string): { why: 'route_unknown'; details: Record<string, string> } {
  return { why: 'route_unknown', details: { method, path: path.slice(0, 200) } }
}
