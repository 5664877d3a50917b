// A Worker of this repository as workerd runs it without wrangler around it: bundled as for a deploy, and the text of its configuration.
// Between the socket and the Worker stands nothing, so no hop of a development server hides what the Worker costs.
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Unstable_Config as Config, unstable_readConfig } from 'wrangler'

export const root: string = fileURLToPath(new URL('..', import.meta.url))
export const cache: string = join(root, '.cache', 'bench')

/** The configuration without its page and the command that builds that. */
export async function withoutPage(config: string, name: string): Promise<string> {
  const read = unstable_readConfig({ config })
  const file = join(cache, name, 'wrangler.json')
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, JSON.stringify(bare(read)))
  return file
}

/** Bundles a Worker; the answer is a file that `workerd serve` takes. */
export async function bundle(config: string, name: string, vars: Readonly<Record<string, string>>): Promise<string> {
  const file = await withoutPage(config, name)
  const home = dirname(file)
  const wrangler = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const args = [wrangler, 'deploy', '--dry-run', '-c', file, '--outdir', home]
  await promisify(execFile)(process.execPath, args, { cwd: root })
  const text = join(home, 'config.capnp')
  await writeFile(text, capnp(unstable_readConfig({ config }), vars))
  return text
}

function bare({ name, main, compatibility_date, compatibility_flags, durable_objects, migrations }: Config): object {
  return {
    name,
    main: main === undefined ? undefined : resolve(main),
    compatibility_date,
    compatibility_flags,
    durable_objects: { bindings: durable_objects.bindings },
    migrations,
  }
}

function capnp(config: Config, vars: Readonly<Record<string, string>>): string {
  const objects = config.durable_objects.bindings
  const texts = Object.entries(vars).map(([name, value]) => `(name = ${quoted(name)}, text = ${quoted(value)})`)
  const namespaces = objects.map(
    ({ name, class_name }) => `(name = ${quoted(name)}, durableObjectNamespace = ${quoted(class_name)})`,
  )
  const classes = objects.map(
    ({ class_name }) => `(className = ${quoted(class_name)}, uniqueKey = ${quoted(class_name)}, enableSql = true)`,
  )
  // Where the page would be: of it a Worker needs the lines that callers hear.
  const assets =
    config.assets?.binding === undefined ? [] : [`(name = ${quoted(config.assets.binding)}, service = "sounds")`]
  const flags = config.compatibility_flags.map(quoted).join(', ')
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["public", "private"])),
    (name = "disk", disk = (path = "", writable = true)),
    (name = "sounds", disk = (path = ${quoted(join(root, 'web', 'public'))})),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "main", esModule = embed ${quoted(basename(config.main ?? '').replace(/\.ts$/, '.js'))})],
  compatibilityDate = ${quoted(config.compatibility_date ?? '')},
  compatibilityFlags = [${flags}],
  bindings = [${[...texts, ...assets, ...namespaces].join(', ')}],
  durableObjectNamespaces = [${classes.join(', ')}],
  durableObjectStorage = (localDisk = "disk"),
  globalOutbound = "internet",
);
`
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
