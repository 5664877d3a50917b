// How many rows or keys a broker's store holds, by kind, counted from outside while it runs. Refuses to know what they mean.
import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'

export type Kept = Readonly<Record<string, number>>

/** Of all SQLite files in a folder: rosters by their names, other rows by their tables. */
export function rowsIn(folder: string): Kept {
  const kept: Record<string, number> = {}
  const add = (kind: string, count: number): void => void (kept[kind] = (kept[kind] ?? 0) + count)
  for (const file of globSync('**/*.sqlite', { cwd: folder })) {
    const db = new DatabaseSync(join(folder, file), { readOnly: true })
    const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[]
    for (const { name } of tables) {
      if (name === 'roster')
        for (const row of db.prepare('SELECT name, count(*) AS count FROM roster GROUP BY name').all())
          add(`roster ${kindOf(String(row['name']))}`, Number(row['count']))
      else add(`table ${name}`, Number(db.prepare(`SELECT count(*) AS count FROM "${name}"`).get()?.['count']))
    }
    db.close()
  }
  return kept
}

/** Each key, and how many members it has. */
const membersScript = `local lines = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local count = ({ zset = 'ZCARD', hash = 'HLEN', set = 'SCARD', list = 'LLEN' })[redis.call('TYPE', key).ok]
  lines[#lines + 1] = key .. ' ' .. (count and redis.call(count, key) or 1)
end
return lines`

/** Of one Redis: keys, and the members of all of them, by what follows the hash tag. */
export async function keysIn(port: number): Promise<Kept> {
  const { stdout } = await promisify(execFile)('redis-cli', ['-p', String(port), 'eval', membersScript, '0'])
  const kept: Record<string, number> = {}
  const add = (kind: string, count: number): void => void (kept[kind] = (kept[kind] ?? 0) + count)
  for (const [, key = '', members] of stdout.matchAll(/^(\S+) (\d+)$/gm)) {
    const kind = kindOf(key.replace(/^.*\}:?/, ''))
    add(`keys ${kind}`, 1)
    add(`members ${kind}`, Number(members))
  }
  return kept
}

/** Without what names one call, key or tenant. */
function kindOf(name: string): string {
  return name.replaceAll(/[0-9a-f]{32}|\d{4,}/g, '…')
}
