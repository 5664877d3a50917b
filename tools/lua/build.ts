// Compiles the steps of desk and pool to Lua, for Redis: `npm run lua` writes broker/redis/lua/rules.lua, `npm run lua -- --check` says
// whether it is what the sources give. Its compiler wants another TypeScript than the rest: it has a lock of its own.
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import * as tstl from 'typescript-to-lua'

const root = fileURLToPath(new URL('../..', import.meta.url))
const written = resolve(root, 'broker/redis/lua/rules.lua')

/** In the order in which they need each other. What is imported for its types alone is not among them. */
const modules = [
  'limits',
  'plans.json',
  'calendar',
  'budget',
  'plan',
  'trial',
  'zone',
  'window',
  'gate',
  'grant',
  'ledger',
  'threshold',
  'held',
  'mean',
  'meter',
  'metrics',
  'offer-check',
  'queue-notice',
  'desk-counts',
  'hook',
  'outbox',
  'desk-rosters',
  'desk-outbox',
  'desk-holding',
  'desk-pages',
  'desk-ledger',
  'desk-usage',
  'desk-budget',
  'pool',
  'desk-pools',
  'desk-books',
  'desk-ends',
  'desk-queue',
  'desk-admission',
  'tenant-desk',
  'pool-terms',
  'shared-pool',
]

const options: tstl.CompilerOptions = {
  target: ts.ScriptTarget.ESNext,
  lib: ['lib.es2024.d.ts'],
  types: [],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  resolveJsonModule: true,
  allowImportingTsExtensions: true,
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  rootDir: root,
  luaTarget: tstl.LuaTarget.Lua51,
  luaLibImport: tstl.LuaLibImportKind.RequireMinimal,
  noImplicitSelf: true,
  noHeader: true,
  noResolvePaths: ['*'],
}

const files = modules.map((name) => resolve(root, 'src', name.includes('.') ? name : `${name}.ts`))
const outputs = compile()
const lua = [
  '-- The steps of desk and pool, compiled from src/ by tools/lua: do not edit, run `npm run lua`.',
  'local modules = {}',
  wrapped('lualib_bundle', outputs.get('lualib_bundle') ?? ''),
  ...modules.map((name) => wrapped(nameOf(name), outputs.get(nameOf(name)) ?? '', `src/${name}`)),
  '',
].join('\n\n')

if (!process.argv.includes('--check')) {
  writeFileSync(written, lua)
} else if (readFileSync(written, 'utf8') !== lua) {
  console.error('broker/redis/lua/rules.lua is not what src/ gives: run `npm run lua`.')
  process.exitCode = 1
}

function compile(): Map<string, string> {
  const host = ts.createCompilerHost(options)
  // The compiler does not know `#name`: it becomes `_name`, which no source uses.
  host.readFile = (file) => {
    const text = ts.sys.readFile(file)
    return file.includes('node_modules') ? text : text?.replaceAll(/#(?=[a-z])/g, '_')
  }
  host.getSourceFile = (file, version) => {
    const text = host.readFile(file)
    return text === undefined ? undefined : ts.createSourceFile(file, text, version, true)
  }
  const program = ts.createProgram(files, options, host)
  const texts = new Map<string, string>()
  const sourceFiles = files.map((file) => program.getSourceFile(file)).filter((file) => file !== undefined)
  const { diagnostics } = new tstl.Transpiler({ emitHost: ts.sys }).emit({
    program,
    sourceFiles,
    writeFile: (file, text) => texts.set(basename(file, '.lua'), text),
  })
  const faults = [...ts.getPreEmitDiagnostics(program).filter(own), ...diagnostics]
  const errors = faults.filter(({ category }) => category === ts.DiagnosticCategory.Error)
  if (errors.length > 0) {
    const where = {
      getCurrentDirectory: () => root,
      getCanonicalFileName: (name: string) => name,
      getNewLine: () => '\n',
    }
    console.error(ts.formatDiagnostics(errors, where))
    process.exit(1)
  }
  return texts
}

/** Of the sources that are compiled; the others are checked elsewhere, by the TypeScript that they are written for. */
function own({ file }: ts.Diagnostic): boolean {
  return file !== undefined && files.includes(file.fileName)
}

function nameOf(module: string): string {
  return module.replace('.json', '')
}

/** One module as a block of its own: `require("…")` becomes the table of one that stands before it. */
function wrapped(name: string, text: string, from = name): string {
  const own = text
    .replaceAll(/require\("(?:[^"]*[./])?([\w-]+)(?:\.ts|\.json)?"\)/g, (_, other: string) => `modules["${other}"]`)
    .trimEnd()
    // JSON is imported as a whole: its table is the module's default.
    .replace(/^return (?=\{)(?![^]*____exports)([^]*)$/, 'return { default = $1 }')
  return `-- ${from}\nmodules["${name}"] = (function()\n${own}\nend)()`
}
