// Loaded before a Node program that the bench runs (`--expose-gc --import`): says, when asked, what the process holds. Refuses to know the program.
import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/** After collections that leave V8 nothing spare: else what it has kept from its start would be there for the calls, and counted as nobody's. */
export interface Inside {
  readonly heapKib: number
  /** Of it nothing is JavaScript's: buffers. */
  readonly externalKib: number
  readonly residentKib: number
  /** What keeps its loop alive, by kind. */
  readonly handles: Readonly<Record<string, number>>
  /** Open files by kind: sockets, SQLite files, the rest. */
  readonly files: Readonly<Record<string, number>>
}

process.on('message', (order: { do?: string }) => {
  if (order.do === 'look')
    void look().then(
      (answer) => process.send?.({ answer }),
      (error: unknown) => process.send?.({ error: String(error) }),
    )
})

async function look(): Promise<Inside> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    await wait(50) // what finalizers let go of falls to the next collection, and pages are given back by another thread
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  const [heapKib, externalKib, residentKib] = [heapUsed, external, rss].map((bytes) => bytes / 1024) as [
    number,
    number,
    number,
  ]
  return { heapKib, externalKib, residentKib, handles: counted(process.getActiveResourcesInfo()), files: openFiles() }
}

function openFiles(): Record<string, number> {
  const links = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)]
    } catch {
      return [] // the listing's own
    }
  })
  return counted(
    links.map((link) => (link.startsWith('socket:') ? 'sockets' : /\.(sqlite|db)/.test(link) ? 'store' : 'other')),
  )
}

function counted(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
