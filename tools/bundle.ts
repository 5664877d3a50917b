// Builds the Worker as it would be deployed, and holds it to its bounds. Run by `npm run build`.
import { spawnSync } from 'node:child_process'

/** Gzipped; the platform’s limit is 3 MB, ours keeps the start-up time low. 205 with queue, pool, hold, uploads, ledger, usage, webhooks (2026-11-29): half of it is zod, prom-client and hono. */
const mostKiB = 225

const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: '1', XDG_CONFIG_HOME: '.cache/xdg' }
const build = spawnSync('wrangler', ['deploy', '--dry-run', '-c', 'wrangler.toml', '--outdir', '.cache/worker'], {
  env,
  encoding: 'utf8',
})
const said = build.stdout + build.stderr
process.stdout.write(said)

const gzipped = Number(/gzip: ([\d.]+) KiB/.exec(said)?.[1])
const complaint =
  build.status !== 0
    ? 'the dry run failed'
    : said.includes('Unexpected fields')
      ? 'wrangler.toml has a field that wrangler does not know'
      : !(gzipped <= mostKiB)
        ? `the bundle has ${gzipped} KiB gzipped, over ${mostKiB}`
        : undefined
if (complaint !== undefined) {
  console.error(complaint)
  process.exit(1)
}
