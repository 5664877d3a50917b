// Notices that whoever started this process is gone. Refuses to know what follows from it.
import { readFileSync } from 'node:fs'

const pauseMs = 1_000

/**
 * Nothing tells a process that its parent died, so it is asked each second. npm runs scripts through a shell:
 * the parent that matters may be one further up, which only Linux shows without a helper.
 */
export function onParentGone(gone: () => void): () => void {
  const before = lineage()
  const timer = setInterval(() => {
    if (lineage() === before) return
    clearInterval(timer)
    gone()
  }, pauseMs)
  timer.unref()
  return () => clearInterval(timer)
}

function lineage(): string {
  const parent = process.ppid
  if (process.env['npm_lifecycle_event'] === undefined) return String(parent)
  try {
    // "pid (name) state ppid …"; the name may hold spaces and brackets.
    const fields = readFileSync(`/proc/${parent}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return `${parent} ${fields[1]}`
  } catch {
    return String(parent)
  }
}
