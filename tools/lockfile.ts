// Makes package-lock.json installable with `npm ci` on every platform: where the registry that made it did not offer the binaries of
// another system, their entries are missing and `npm ci` refuses. Adds them without address or checksum. Run after each `npm install`.
import { readFileSync, writeFileSync } from 'node:fs'

interface Entry {
  version?: string
  optionalDependencies?: Record<string, string>
  [field: string]: unknown
}

const systems: Record<string, string> = {
  darwin: 'darwin',
  windows: 'win32',
  win32: 'win32',
  linux: 'linux',
  android: 'android',
  freebsd: 'freebsd',
  netbsd: 'netbsd',
  openbsd: 'openbsd',
  openharmony: 'openharmony',
  sunos: 'sunos',
  aix: 'aix',
}
const processors: Record<string, string> = {
  '64': 'x64',
  x64: 'x64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: 'ia32',
  ppc64: 'ppc64',
  ppc64le: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  loong64: 'loong64',
  mips64el: 'mips64el',
  wasm32: 'wasm32',
  x86: 'ia32',
}

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Entry> }
let added = 0

for (const { optionalDependencies = {} } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const place = `node_modules/${name}`
    if (lock.packages[place] !== undefined || /[^\d.]/.test(version)) continue
    const words = name.split(/[-/]/)
    const os = words.map((word) => systems[word]).find((known) => known !== undefined)
    const cpu = words.map((word) => processors[word]).findLast((known) => known !== undefined)
    const libc = words.some((word) => word.startsWith('musl')) ? 'musl' : words.includes('gnu') ? 'glibc' : undefined
    lock.packages[place] = {
      version,
      ...(cpu !== undefined && { cpu: [cpu] }),
      dev: true,
      ...(libc !== undefined && { libc: [libc] }),
      optional: true,
      ...(os !== undefined && { os: [os] }),
    }
    added++
  }
}

lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added} entries added`)
