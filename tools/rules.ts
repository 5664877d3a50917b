// Ties rules and tests together: a rule that is built has a test, and every test's title names a rule. Run by `npm run check`.
import { globSync, readFileSync } from 'node:fs'

/** Rooms whose tests are about the room itself. */
const rooms = new Set(['SIM', 'WEB', 'CLI', 'BENCH', 'DEPLOY'])

const rules = new Map<string, boolean>() // id → built
for (const [, id, text] of readFileSync('docs/RULES.md', 'utf8').matchAll(/^- \*\*([A-Z]\d+)\*\* (.*)$/gm)) {
  if (id !== undefined) rules.set(id, !text?.endsWith('**Not built yet.**'))
}

const tested = new Set<string>()
const complaints: string[] = []
for (const file of globSync('test/**/*.ts').filter((name) => !name.includes('/data/'))) {
  const text = readFileSync(file, 'utf8')
  for (const [, , title = ''] of text.matchAll(
    /^\s*(?:test|it)(?:\.each\([^]*?\)|\.runIf\(.*?\)|\.skipIf\(.*?\))?\(\s*(['"`])(.*?)\1,/gm,
  )) {
    const id = /^\[([A-Z]+\d*)\] /.exec(title)?.[1]
    if (id === undefined) complaints.push(`${file}: the title "${title}" names no rule`)
    else if (!rules.has(id) && !rooms.has(id)) complaints.push(`${file}: there is no rule ${id}`)
    else tested.add(id)
  }
}
for (const [id, built] of rules) if (built && !tested.has(id)) complaints.push(`docs/RULES.md: no test proves ${id}`)

for (const complaint of complaints) console.error(complaint)
console.log(`${rules.size} rules, ${[...rules.values()].filter(Boolean).length} built, ${tested.size} named by tests`)
if (complaints.length > 0) process.exitCode = 1
