// What stands after the `?`: a route takes what it declares, and nothing else, also where it forgot to say so. Knows no route. Rule A2.
import type { Context, Env, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { METHOD_NAME_ALL } from 'hono/router'
import * as z from 'zod'
import { whole } from '../plan-settings.ts'
import { checked, Nothing } from './answer.ts'

const declarations = new WeakSet<object>()

/** Stands before the handler of a route, which has what was read as `c.req.valid('query')`. */
export type Reader<T> = MiddlewareHandler<Env, string, { in: { query: unknown }; out: { query: T } }>

/** What a route takes, and nothing beside it. */
export function query<S extends z.ZodType<object>>(schema: S): Reader<z.infer<S>> {
  return reads((c) => checked(schema, parametersOf(c), 'query'))
}

/** For a route that has more to read than a schema says. */
export function reads<T extends object>(read: (c: Context) => T): Reader<T> {
  const reader: Reader<T> = async (c, next) => {
    c.req.addValidatedData('query', read(c))
    await next()
  }
  declarations.add(reader)
  return reader
}

/** One that comes twice is a list. */
export function parametersOf(c: Context): Record<string, unknown> {
  const given = Object.entries(c.req.queries()).map(([name, values]) => [name, values.length > 1 ? values : values[0]])
  return Object.fromEntries(given) as Record<string, unknown>
}

/** A whole number between two bounds, in digits. */
export function digits(least: number, most: number): z.ZodType<number, string> {
  return z
    .string()
    .transform((text) => (/^\d{1,15}$/.test(text) ? Number(text) : Number.NaN))
    .pipe(whole(least, most))
}

/** How many of a list. */
export const limit = digits(1, 100).default(20)

/** Every edit may be tried first: what it would do is answered, and nothing is changed. */
export const Edit = z.strictObject({ preview: z.enum(['true', 'false']).default('false') })

/** Refuses what the route has not declared, before anything is done. Where there is no route there is nothing to refuse. */
export const undeclared: MiddlewareHandler = async (c, next) => {
  const handlers = matchedRoutes(c).filter(({ method }) => method !== METHOD_NAME_ALL)
  const own = handlers.filter(({ path }) => path === handlers[0]?.path)
  if (own.length > 0 && !own.some(({ handler }) => declarations.has(handler))) checked(Nothing, c.req.query(), 'query')
  await next()
}
