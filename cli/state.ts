// The state folder: dev.json for people and scripts, a lock for the one start that may use it, the Worker's rows.
// Refuses to know what the broker keeps in its rows.
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { randomInt } from 'node:crypto'
import { z } from 'zod'
import { lockFolder } from '../broker/stores/folder-lock.ts'
import { writeWhole } from './whole-file.ts'

export type Dev = {
  readonly url: string
  readonly tlsUrl: string
  readonly caFile: string
  readonly key: string
  readonly adminKey: string
  readonly consoleUrl: string
  readonly metricsUrl: string
  readonly upstreamUrl: string
}

export type State = {
  readonly rowsDir: string
  readonly devFile: string
  /** What an earlier start kept. */
  readonly earlier: { readonly adminKey?: string | undefined; readonly key?: string | undefined }
  keep(dev: Dev): Promise<void>
  release(): void
}

const Earlier = z.object({ adminKey: z.string().startsWith('tla_'), key: z.string().min(1) })
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const adminKeyLength = 32

/** `reset` forgets rows and keys; the certificate stays, since somebody may have chosen to trust it. */
export async function openState(dir: string, reset: boolean): Promise<State> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const release = lockFolder(dir) // two workerds over the same rows would corrupt them
  if (release === undefined)
    throw new Error(`${dir} is in use by another start: stop that one, or choose another folder with --state.`)
  const devFile = join(dir, 'dev.json')
  const rowsDir = join(dir, 'state')
  try {
    if (reset) {
      await rm(devFile, { force: true })
      await rm(rowsDir, { recursive: true, force: true })
    }
    await mkdir(rowsDir, { recursive: true, mode: 0o700 })
    return {
      rowsDir,
      devFile,
      earlier: await readEarlier(devFile),
      keep: (dev) => writeWhole(devFile, `${JSON.stringify(dev, null, 2)}\n`, 0o600),
      release,
    }
  } catch (error) {
    release()
    throw error
  }
}

export function newAdminKey(): string {
  return `tla_${Array.from({ length: adminKeyLength }, () => base62[randomInt(base62.length)]).join('')}`
}

async function readEarlier(file: string): Promise<State['earlier']> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  try {
    return Earlier.parse(JSON.parse(text))
  } catch {
    throw new Error(`${file} is damaged: mend it, or forget all state with --reset.`)
  }
}
