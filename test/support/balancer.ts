// A TCP balancer that asks each server for /readyz, as HAProxy or a Kubernetes service does: a connection goes to a server that was ready
// when it was last asked, and to no other when that one does not take it. Knows no broker.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'

export interface Balancer {
  readonly url: string
  /** Whether connections go to the server at this port. */
  sends(port: number): boolean
  end(): Promise<void>
}

export async function startBalancer(ports: readonly number[], everyMs: number): Promise<Balancer> {
  const ready = new Set<number>()
  let turn = 0
  const look = async (port: number): Promise<void> => {
    const status = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(everyMs) }).then(
      async (answer) => answer.text().then(() => answer.status),
      () => 0,
    )
    if (status === 200) ready.add(port)
    else ready.delete(port)
  }
  const lookAtAll = (): Promise<unknown> => Promise.all(ports.map(look))
  await lookAtAll()
  const timer = setInterval(() => void lookAtAll(), everyMs)
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const some = ports.filter((port) => ready.has(port))
    const port = some[turn++ % some.length]
    client.on('error', () => client.destroy())
    if (port === undefined) return client.destroy()
    const chosen = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    chosen.on('error', () => client.destroy())
    client.on('close', () => chosen.destroy())
    chosen.on('close', () => client.destroy())
    client.pipe(chosen).pipe(client)
    return undefined
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sends: (port) => ready.has(port),
    end: async () => {
      clearInterval(timer)
      server.close()
      await once(server, 'close')
    },
  }
}
