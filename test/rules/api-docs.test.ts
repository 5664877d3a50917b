// docs/API.md beside what is accepted and answered: no field of either is left out.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { budgetNames } from '../../src/budget.ts'
import { accounts } from '../../src/desk-ledger.ts'
import { HookChange, HookSettings } from '../../src/hook-settings.ts'
import { Rotation } from '../../src/http/tenants.ts'
import { frameBytes, frameBytesMost } from '../../src/limits.ts'
import { KeyChange, KeySettings, TenantChange, TenantSettings } from '../../src/plan-settings.ts'
import { PoolChange } from '../../src/pool-settings.ts'

const text = readFileSync('docs/API.md', 'utf8')
const words = new Set(text.match(/[\w*]+/g))

/** What a request takes, as the table of requests has it. */
function row(request: string): string {
  return text.split('\n').find((line) => line.startsWith(`| \`${request}\` |`)) ?? ''
}

const taken: [request: string, fields: object][] = [
  ['POST /tenants', TenantSettings.shape],
  ['POST /tenants', TenantChange.shape],
  ['POST /tenants/{id}/keys', KeySettings.shape],
  ['POST /tenants/{id}/keys', KeyChange.shape],
  ['POST /tenants/{id}/keys/{key}/rotate', Rotation.shape],
  ['POST /tenants/{id}/webhooks', HookSettings.shape],
  ['POST /tenants/{id}/webhooks', HookChange.shape],
  ['POST /tenants/{id}/webhooks/{hook}/rotate', Rotation.shape],
]
test.each(taken)('[A2] the row of %s names each field that is accepted', (request, fields) => {
  const named = new Set(row(request).match(/(?<=`)\w+/g))
  expect(Object.keys(fields).filter((field) => !named.has(field))).toEqual([])
})

test('[A2] each setting of a tenant that is not said by its name is described', () => {
  const described = new Set(text.match(/(?<=^- `)\w+/gm))
  const plain = new Set(['name', 'plan'])
  const settings = Object.keys(TenantSettings.shape).filter((name) => !plain.has(name))
  const missing = settings.filter(
    (name) => !described.has(name) && !(name === 'callBudgets' && described.has('budgets')),
  )
  expect(missing).toEqual([])
  expect(text).toContain(
    `to ${frameBytesMost.toLocaleString('en-US')}, and ${frameBytes.toLocaleString('en-US')} unless given`,
  )
  const parts = budgetNames.flatMap((name) => /^(\w+)(Per\w+)$/.exec(name)?.slice(1) ?? [])
  expect(parts.filter((part) => !words.has(part))).toEqual([])
})

test('[A2] each field of a pool has a row of its own', () => {
  for (const field of Object.keys(PoolChange.shape)) expect(text).toMatch(new RegExp(`^\\| \`${field} \\{`, 'm'))
})

test('[L9] each account of what was used is named, some by their kind', () => {
  const kinds = accounts.map((account) => account.replace(/^(input|cached|output)_\w+$/, '$1_*'))
  expect(kinds.filter((kind) => !words.has(kind))).toEqual([])
})
