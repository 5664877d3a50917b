// Ties docs/GUARANTEES.md to its proofs: each test that it names is there, under that title, and each test of a fault, or of a rule of gate,
// pool or drain that several nodes keep, is named. Run by `npm run check`.
import { globSync, readFileSync } from 'node:fs'

const text = readFileSync('docs/GUARANTEES.md', 'utf8')
/** What a title counts is written as `…`. */
const titlesIn = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^\s*test(?:\.\w+)?\(\s*(['"`])(.*?)\1,/gms)].map(([, , title = '']) =>
    title.replaceAll(/\$\{\w+\}/g, '…'),
  )

const complaints: string[] = []
const named = new Map<string, Set<string>>() // file → the titles' beginnings
// `test/….test.ts` › “[G9] killed with 100 calls”
for (const [, file = '', title = ''] of text.matchAll(/`(test\/[\w/-]+\.test\.ts)` › “([^”]+)”/g)) {
  named.set(file, (named.get(file) ?? new Set()).add(title))
  const found = globSync(file).length > 0 && titlesIn(file).some((one) => one.startsWith(title))
  if (!found) complaints.push(`docs/GUARANTEES.md: there is no test “${title}…” in ${file}`)
}
for (const file of globSync('test/{faults,nodes}/*.test.ts')) {
  for (const title of titlesIn(file).filter((one) => file.startsWith('test/faults') || /^\[[GPD]\d/.test(one))) {
    const known = [...(named.get(file) ?? [])].some((one) => title.startsWith(one))
    if (!known) complaints.push(`docs/GUARANTEES.md: it does not name “${title}” of ${file}`)
  }
}

for (const complaint of complaints) console.error(complaint)
console.log(`${[...named.values()].reduce((sum, { size }) => sum + size, 0)} tests named by docs/GUARANTEES.md`)
if (complaints.length > 0) process.exitCode = 1
