// The built page as files, with the headers that its `_headers` file asks for, as Cloudflare serves it. Knows no route of the API.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { serveStatic } from '@hono/node-server/serve-static'
import type { MiddlewareHandler } from 'hono'

const headersFile = '_headers'

/** What a built page always has, and this folder has not. */
export function missingFrom(web: string): string | undefined {
  return ['index.html', headersFile].find((file) => !existsSync(join(web, file)))
}

export function pages(web: string): MiddlewareHandler {
  const headers = headersOf(readFileSync(join(web, headersFile), 'utf8'))
  const files = serveStatic({ root: web })
  return async (c, next) => {
    const page = c.req.path === `/${headersFile}` ? undefined : await files(c, notThere)
    if (page === undefined) return next()
    for (const [name, value] of headers) page.headers.set(name, value)
    return page
  }
}

async function notThere(): Promise<void> {}

/** What stands under `/*`: `Name: value` lines, indented. */
function headersOf(text: string): [string, string][] {
  const lines = text.split('\n').slice(1)
  return lines.flatMap((line) => {
    const [, name, value] = /^\s+([\w-]+): (.*)$/.exec(line) ?? []
    return name === undefined || value === undefined ? [] : [[name, value] as [string, string]]
  })
}
