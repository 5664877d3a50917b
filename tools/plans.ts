// Writes what `trunkline plan check` says of the shipped catalogue into docs/PLANS.md. `node tools/plans.ts` writes; with --check it fails when
// the page is not current.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

const file = 'docs/PLANS.md'
const [begin, end] = ['<!-- plans: node tools/plans.ts -->\n', '<!-- /plans -->\n']

// Exit code 3: the shipped plans cannot keep all that they promise.
const command = ['cli/trunkline.ts', 'plan', 'check', '--quiet']
const { stdout, stderr } = spawnSync(process.execPath, command, {
  encoding: 'utf8',
  env: { ...process.env, NO_COLOR: '1' },
})
if (stdout === '') throw new Error(stderr)

const text = readFileSync(file, 'utf8')
const [from, to] = [text.indexOf(begin), text.indexOf(end)]
if (from < 0 || to < from) throw new Error(`${file} has no lines ${begin.trim()} and ${end.trim()}`)
const current = `${text.slice(0, from + begin.length)}\`\`\`\n${stdout}\`\`\`\n${text.slice(to)}`

if (!process.argv.includes('--check')) writeFileSync(file, current)
else if (text !== current) {
  console.error(`${file} is not current: run \`node tools/plans.ts\``)
  process.exit(1)
}
