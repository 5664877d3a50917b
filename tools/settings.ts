// Writes the table of settings in docs/NODE.md from what `--help` says. `node tools/settings.ts` writes; with --check it fails when the table
// is not current.
import { readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { help, readConfig } from '../broker/config.ts'

const file = 'docs/NODE.md'
const [begin, end] = ['<!-- settings: node tools/settings.ts -->\n', '<!-- /settings -->\n']

/** As a reader finds them: neither this machine's name, nor a value that was read into parts. */
const defaults: Readonly<Record<string, unknown>> = {
  ...readConfig([], {}),
  store: '.trunkline/store',
  node: undefined,
}

const rows = help().matchAll(/^ {2}--([\w-]+)(?: <\w+>)? +(.*) \[(\w+)\]$/gm)
const lines = Array.from(rows, ([, flag = '', says = '', variable = '']) => {
  const name = flag.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
  return `| \`--${flag}\` | \`${variable}\` | ${shown(defaults[name])} | ${says} |`
})
const table = ['| flag | variable | default | |', '|---|---|---|---|', ...lines, ''].join('\n')

const text = readFileSync(file, 'utf8')
const [before, rest] = cut(text, begin)
const [, after] = cut(rest, end)
const current = before + begin + table + end + after

if (!process.argv.includes('--check')) writeFileSync(file, current)
else if (text !== current) {
  console.error(`${file} is not current: run \`node tools/settings.ts\``)
  process.exit(1)
}

function shown(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string') return '–'
  return `\`${value.startsWith('/') ? relative(process.cwd(), value) : value}\``
}

function cut(whole: string, mark: string): [string, string] {
  const at = whole.indexOf(mark)
  if (at < 0) throw new Error(`${file} has no line ${mark.trim()}`)
  return [whole.slice(0, at), whole.slice(at + mark.length)]
}
