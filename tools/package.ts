// Builds the Node host into a folder that runs by itself: one program, the page and its lines, the Lua of Redis, and the licences of all that
// is in it. `node tools/package.ts [--out dist/node]`; run by `npm run build`. Knows no host but this one.
import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build as bundle, type Metafile } from 'esbuild'
import { build as buildPage } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
/** These may ask where they are, and know of each other: in the bundle all files are one. */
const finders = ['broker/config.ts', 'broker/redis/source.ts']
/** `ws` does without them. */
const natives = ['bufferutil', 'utf-8-validate']

const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, 'dist', 'node') } } })
const out = resolve(values.out)
const inOut = (...parts: string[]): string => join(out, ...parts)
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string; license: string }

rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
await writePage()
const { inputs } = await writeProgram()
cpSync(join(root, 'broker', 'redis', 'lua'), inOut('lua'), { recursive: true })
cpSync(join(root, 'LICENSE'), inOut('LICENSE'))
writeFileSync(inOut('LICENCES.md'), `# Licences of what is in broker.js\n\n${licencesOf(inputs).join('\n')}`)
writeFileSync(inOut('package.json'), `${JSON.stringify(ownManifest(), null, 2)}\n`)
console.log(`${out}: ${Math.ceil(readFileSync(inOut('broker.js')).length / 1024)} KiB`)

async function writePage(): Promise<void> {
  const web = join(root, 'web')
  const licence = { fileName: 'LICENCES.md' }
  await buildPage({ root: web, logLevel: 'warn', build: { outDir: inOut('web'), emptyOutDir: true, license: licence } })
}

async function writeProgram(): Promise<Metafile> {
  const { metafile } = await bundle({
    absWorkingDir: root,
    entryPoints: ['broker/main.ts'],
    outfile: inOut('broker.js'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22.15',
    external: natives,
    keepNames: true, // the names of errors are read
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    // Packages of the older kind ask for Node's own modules by `require`.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
  })
  const strays = Object.keys(metafile.inputs).filter(
    (file) =>
      !file.includes('node_modules/') &&
      !finders.includes(file) &&
      readFileSync(join(root, file), 'utf8').includes('import.meta'),
  )
  if (strays.length > 0)
    throw new Error(
      `${strays.join(', ')}: bundled, import.meta is another place: find files by \`root\` of ${finders[0]}.`,
    )
  cpSync(join(root, 'tools', 'launch.js'), inOut('main.js'))
  chmodSync(inOut('main.js'), 0o755)
  return metafile
}

function ownManifest(): Record<string, unknown> {
  const { version, license } = manifest
  return {
    name: 'trunkline-broker',
    version,
    private: true,
    description: 'Trunkline on Node, built: node main.js --help',
    license,
    type: 'module',
    bin: { 'trunkline-broker': 'main.js' },
    engines: { node: '>=22.15' },
  }
}

/** A section for each package that has a file in the bundle. */
function licencesOf(inputs: Metafile['inputs']): string[] {
  const folders = new Set(Object.keys(inputs).flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []))
  return [...folders].toSorted().map((folder) => {
    const place = join(root, folder)
    const { name, version, license } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as Record<
      string,
      string
    >
    const file = readdirSync(place).find((entry) => /^licen[cs]e/i.test(entry))
    const text =
      file === undefined ? 'The package brings no text of it.' : readFileSync(join(place, file), 'utf8').trim()
    return `## ${name} ${version} (${license})\n\n${text}\n`
  })
}
