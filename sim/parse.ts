// From a zod finding to the error event that the real service would send. Knows no particular schema.

import type { z } from 'zod'
import { type Trouble, trouble } from './trouble.ts'

type Path = readonly PropertyKey[]

function dotted(root: string, path: Path): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${String(key)}`),
    root,
  )
}

function valueAt(data: unknown, path: Path): unknown {
  let value = data
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Object.entries(value).find(([name]) => name === String(key))?.[1]
  }
  return value
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function troubleOf(issue: z.core.$ZodIssue, data: unknown, root: string): Trouble {
  const param = dotted(root, issue.path)
  if (issue.code === 'unrecognized_keys') return trouble.unknown(`${param}.${issue.keys[0] ?? ''}`)
  const value = valueAt(data, issue.path)
  if (value === undefined) return trouble.missing(param)
  if (issue.code === 'invalid_type') {
    return trouble.wrongType(
      `Invalid type for '${param}': expected ${issue.expected}, but got ${kindOf(value)} instead.`,
      param,
    )
  }
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map((known) => shown(known)).join(', ')
    return trouble.value(`Invalid value: ${shown(value)}. Supported values are: ${allowed}.`, param)
  }
  if (issue.code === 'invalid_union') {
    // The arm that got furthest says most.
    const arms = issue.errors.filter((arm) => arm.length > 0)
    const best = arms.toSorted((a, b) => (b[0]?.path.length ?? 0) - (a[0]?.path.length ?? 0))[0]?.[0]
    if (best !== undefined && best.path.length > 0) {
      return troubleOf({ ...best, path: [...issue.path, ...best.path] }, data, root)
    }
    return trouble.value(`Invalid value: ${shown(value)}.`, param)
  }
  return trouble.value(`Invalid '${param}': ${issue.message}`, param)
}

export type Parsed<T> = { readonly ok: T } | { readonly trouble: Trouble }

export function parsed<T>(schema: z.ZodType<T>, data: unknown, root: string): Parsed<T> {
  const result = schema.safeParse(data)
  if (result.success) return { ok: result.data }
  const [issue] = result.error.issues
  return { trouble: issue === undefined ? trouble.value(`Invalid '${root}'.`, root) : troubleOf(issue, data, root) }
}
