// The console's page as files for the Worker to serve: built when missing or older than its sources.
// Refuses to know what the page does.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

export type WebPage = {
  readonly root: string
  readonly outDir: string
  /** The folders that it is made from. */
  readonly sources: readonly string[]
  /** Told before a build, which takes a second or more. */
  readonly building: () => void
}

export async function ensureWebPage(page: WebPage): Promise<void> {
  if ((await timeOf(join(page.root, 'index.html'))) === undefined) {
    throw new Error(`${page.root} has no index.html: this is not a complete checkout.`)
  }
  const built = await timeOf(join(page.outDir, 'index.html'))
  const newest = Math.max(...(await Promise.all(page.sources.map(newestIn))))
  if (built !== undefined && built >= newest) return
  page.building()
  // Loaded only here: most starts need no bundler.
  const { build } = await import('vite')
  await build({ root: page.root, logLevel: 'warn', build: { outDir: page.outDir, emptyOutDir: true } })
}

/** Folders count too: a file that was taken away changes nothing else. */
async function newestIn(path: string): Promise<number> {
  const own = (await timeOf(path)) ?? 0
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  const times = entries
    .filter((entry) => entry.name !== 'node_modules')
    .map((entry) => {
      const inner = join(path, entry.name)
      return entry.isDirectory() ? newestIn(inner) : timeOf(inner).then((time) => time ?? 0)
    })
  return Math.max(own, ...(await Promise.all(times)))
}

async function timeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs
}
