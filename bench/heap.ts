// The JavaScript heap of a workerd that was started with `--inspector-addr`, after a collection: what is held, without what only was
// not cleared away yet. Refuses to know whose it is.
import { once } from 'node:events'
import { WebSocket } from 'ws'

export async function heldKib(inspectorPort: number): Promise<number> {
  const listed = await fetch(`http://127.0.0.1:${inspectorPort}/json`)
  const isolates = (await listed.json()) as { webSocketDebuggerUrl: string }[]
  let bytes = 0
  for (const { webSocketDebuggerUrl } of isolates) {
    const ws = new WebSocket(webSocketDebuggerUrl, { perMessageDeflate: false })
    await once(ws, 'open')
    await ask(ws, 1, 'HeapProfiler.enable')
    await ask(ws, 2, 'HeapProfiler.takeHeapSnapshot') // collects first; `collectGarbage` is never answered (workerd 1.20261117.1)
    bytes += (await ask<{ usedSize: number }>(ws, 3, 'Runtime.getHeapUsage')).usedSize
    ws.close()
  }
  return bytes / 1024
}

async function ask<T>(ws: WebSocket, id: number, method: string): Promise<T> {
  const answered = Promise.withResolvers<T>()
  const hear = (data: Buffer): void => {
    const answer = JSON.parse(data.toString()) as { id?: number; result: T } // or a part of the snapshot
    if (answer.id === id) answered.resolve(answer.result)
  }
  ws.on('message', hear)
  ws.send(JSON.stringify({ id, method }))
  const result = await answered.promise
  ws.off('message', hear)
  return result
}
