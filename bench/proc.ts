// CPU time and memory of a process, from /proc: Linux only, undefined elsewhere. Refuses to know whose process it is.
import { readdirSync, readFileSync } from 'node:fs'

/**
 * User and system time of all threads (ms). From schedstat, in nanoseconds: the ticks of /proc/pid/stat are 10 ms, as much as a
 * whole row of one call. A thread that ends takes its time with it; workerd's live as long as the process.
 */
export function cpuMs(pids: readonly number[]): number | undefined {
  try {
    let ns = 0
    for (const pid of pids) {
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1)[0])
      }
    }
    return ns / 1e6
  } catch {
    return undefined
  }
}

/** Resident memory (KiB). */
export function residentKib(pids: readonly number[]): number | undefined {
  try {
    let kib = 0
    for (const pid of pids)
      kib += Number(/^Rss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1])
    return kib
  } catch {
    return undefined
  }
}

/** Processes of this program's name that descend from this one. */
export function descendants(name: string, of: number = process.pid): number[] {
  const found: number[] = []
  for (const pid of childrenOf(of)) {
    if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name) found.push(pid)
    found.push(...descendants(name, pid))
  }
  return found
}

function childrenOf(pid: number): number[] {
  const lists = readdirSync(`/proc/${pid}/task`).map((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'),
  )
  return lists.join(' ').split(' ').filter(Boolean).map(Number)
}
