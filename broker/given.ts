// What a person has said, and where: each setting from its flag, its variable or the file. Knows the names of settings, not their meaning.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type * as z from 'zod'

/** Wrong usage or configuration: a line for each thing that is wrong. */
export class Misuse extends Error {
  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
  }
}

export interface Given {
  values: Readonly<Record<string, unknown>>
  /** The file that was read, as a sentence names it. */
  file: string
  /** Where a setting was said, or would be. */
  place(name: string): string
}

type Shape = z.ZodObject<Record<string, z.ZodType>>

export function given(schema: Shape, argv: readonly string[], env: NodeJS.ProcessEnv): Given {
  const names = Object.keys(schema.shape)
  const flags = flagsOf(names, argv)
  const set = (name: string): string | undefined => env[variable(name)] || undefined // `TRUNKLINE_PORT=` is no wish
  const path = flags['config'] ?? set('config')
  const file = path === undefined ? {} : fileOf(path)
  const values: Record<string, unknown> = { ...file }
  const places = new Map<string, string>()
  for (const name of names) {
    const text = flags[dashed(name)] ?? set(name)
    if (text !== undefined) values[name] = meant(name, text)
    if (flags[dashed(name)] !== undefined) places.set(name, `--${dashed(name)}`)
    else if (set(name) !== undefined) places.set(name, variable(name))
    else if (name in file) places.set(name, `${path}: ${name}`)
  }
  return {
    values,
    file: path ?? '',
    place: (name) => places.get(name) ?? `--${dashed(name)} (or ${variable(name)})`,
  }
}

export function dashed(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

export function variable(name: string): string {
  return `TRUNKLINE_${dashed(name).replaceAll('-', '_').toUpperCase()}`
}

/** Given as a flag it needs no value: it is on. */
export function isSwitch(name: string): boolean {
  return name.startsWith('allow')
}

function flagsOf(names: readonly string[], argv: readonly string[]): Record<string, string | undefined> {
  const options = Object.fromEntries(
    [...names, 'config'].map((name) => [dashed(name), { type: isSwitch(name) ? 'boolean' : 'string' } as const]),
  )
  try {
    const { values } = parseArgs({ args: [...argv], options, strict: true })
    return Object.fromEntries(Object.entries(values).map(([flag, value]) => [flag, String(value)]))
  } catch (error) {
    const [line = ''] = (error as Error).message.split('. ')
    throw new Misuse([`${line.replace(/\.$/, '')}. Run with --help for the options.`])
  }
}

/** A flag or a variable is a text: what it means is seen by the name alone. */
function meant(name: string, text: string): unknown {
  if (name === 'trustedProxies') return text.split(',').map((one) => one.trim())
  if (isSwitch(name) && /^(true|false)$/.test(text)) return text === 'true'
  if (name === 'upstreams') return jsonOf(text, variable(name))
  return /^-?\d+$/.test(text) && /port$|seconds$|^workers$/i.test(name) ? Number(text) : text
}

function fileOf(path: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new Misuse([
      `--config (or TRUNKLINE_CONFIG): the file ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
    ])
  }
  const values = jsonOf(text, path)
  if (typeof values === 'object' && values !== null && !Array.isArray(values)) return values as Record<string, unknown>
  throw new Misuse([`${path}: is no JSON object: give settings as {"port": 8787}.`])
}

function jsonOf(text: string, place: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Misuse([`${place}: is not valid JSON (${(error as Error).message}).`])
  }
}
