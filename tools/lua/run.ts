// Runs the compiler to Lua, and installs it first where it is missing: it wants another TypeScript than the rest.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
if (!existsSync(`${here}node_modules`)) run('npm', 'ci', '--no-audit', '--no-fund', '--silent')
run(process.execPath, 'build.ts', ...process.argv.slice(2))

function run(command: string, ...words: string[]): void {
  const { status } = spawnSync(command, words, { cwd: here, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
