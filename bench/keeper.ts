// The process that runs workerd, one after the other, and ends it when its own parent is gone, however that died.
// Refuses to know what workerd runs.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { workerd } from './workerd.ts'

export type Order = { readonly do: 'start'; readonly args: readonly string[] } | { readonly do: 'stop' }
export interface Started {
  readonly pid: number
  readonly port: number
}

let running: ChildProcess | undefined

process.on('message', (order: Order) => {
  const done: Promise<unknown> = order.do === 'start' ? start(order.args) : stop()
  void done.then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
process.on('exit', () => running?.kill('SIGKILL'))

async function start(args: readonly string[]): Promise<Started> {
  await stop()
  // What the Worker says goes to our stderr; fd 3 is where workerd says its port.
  const child = spawn(workerd, args, { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] })
  running = child
  const port = new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
      const said = JSON.parse(line) as { event: string; port?: number }
      if (said.event === 'listen' && said.port !== undefined) resolve(said.port)
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`workerd ended with ${code}`)))
  })
  return { port: await port, pid: child.pid ?? 0 }
}

async function stop(): Promise<void> {
  const child = running
  running = undefined
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
