// How many files this process may have open, and so how many calls it can carry. Knows no call.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The caller's and the provider's socket. */
const filesPerCall = 2
/** Store, Redis, HTTP, and whoever is just being refused: a tenth, and no fewer than these. */
const otherFiles = 128
const otherShare = 0.1

/** undefined where there is no limit, or the system does not say. Node itself raises the soft limit to the hard one when it starts. */
export function openFilesMost(): number | undefined {
  const said = fromLinux() ?? fromShell()
  return said === undefined || said === 'unlimited' ? undefined : Number(said)
}

/** Infinity where files are not the bound. */
export function callsMost(files: number | undefined): number {
  if (files === undefined) return Infinity
  return Math.max(0, Math.floor((files - spare(files)) / filesPerCall))
}

/** Connections that may come in: with a dial for every call there are files left for the store. Beyond it they are closed unheard. */
export function connectionsMost(files: number | undefined): number {
  if (files === undefined) return Infinity
  return Math.max(1, callsMost(files) + Math.floor(spare(files) / 2))
}

function spare(files: number): number {
  return Math.max(otherFiles, files * otherShare)
}

function fromLinux(): string | undefined {
  try {
    return /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  } catch {
    return undefined
  }
}

/** What a child has it has from us. */
function fromShell(): string | undefined {
  try {
    return /^(\d+|unlimited)$/.exec(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim())?.[1]
  } catch {
    return undefined
  }
}
