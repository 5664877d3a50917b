// Whether a port can be had, asked before anything is started. Refuses to know who wants it.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

export type Wish = { readonly option: string; readonly variable: string; readonly host: string; readonly port: number }

/** A port that is free now. For those who must know it before they listen. */
export async function pickPort(host: string): Promise<number> {
  const server = createServer()
  await once(server.listen(0, host), 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Throws a sentence that names the port and the option that moves it. Port 0 tries the address alone. */
export async function requireFreePort(wish: Wish): Promise<void> {
  const server = createServer()
  const code = await new Promise<string | undefined>((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host: wish.host, port: wish.port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
  if (code === undefined) return
  const choose = `choose another with ${wish.option} (or ${wish.variable}); 0 picks a free one`
  if (code === 'EADDRINUSE') throw new Error(`Port ${wish.port} on ${wish.host} is in use: ${choose}.`)
  if (code === 'EACCES') throw new Error(`Port ${wish.port} needs more rights than this user has: ${choose}.`)
  throw new Error(
    `Cannot listen on ${wish.host}:${wish.port} (${code}): give an address of this machine with --host (or TRUNKLINE_HOST).`,
  )
}
