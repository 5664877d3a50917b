// Before the first suite of a run: the page that brokers serve is built once, not by each of them at the same time into one folder.
import { join } from 'node:path'
import { projectRoot } from '../../cli/broker.ts'
import { ensureWebPage } from '../../cli/web-page.ts'

export async function setup(): Promise<void> {
  const web = join(projectRoot, 'web')
  const page = { root: web, outDir: join(projectRoot, '.cache', 'web'), sources: [web, join(projectRoot, 'src')] }
  await ensureWebPage({ ...page, building: () => undefined })
}
