// What the model would answer: a sentence or a function call, by fixed rules, so that every run says the same.

import type { Config } from './config.ts'
import type { Tool, ToolChoice } from './config-schema.ts'
import type { Item } from './item.ts'
import { SENTENCES } from './voice.ts'

export type Reply =
  | { readonly kind: 'message'; readonly text: string }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: string }

export interface Situation {
  readonly tools: readonly Tool[]
  readonly toolChoice: ToolChoice
  readonly modality: Config['modality']
  /** Of this response alone; a quoted text in it is said word for word. */
  readonly instructions: string | undefined
  readonly items: readonly Item[]
  /** What the caller said in the latest audio turn, where it is known. */
  readonly heard: string | undefined
  /** Responses before this one. */
  readonly turn: number
  readonly sentences: number
  readonly says: readonly string[]
  readonly callDue: boolean
}

type FunctionTool = Extract<Tool, { type: 'function' }>

const STRINGS: Readonly<Record<string, string>> = {
  date: '2026-11-23',
  'date-time': '2026-11-23T09:00:00Z',
  time: '09:00:00Z',
  email: 'caller@example.com',
  uri: 'https://example.com',
  uuid: '00000000-0000-4000-8000-000000000000',
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined
}

/** A value that fits a JSON schema, as plainly as can be; `name` gives strings some sense. */
export function sample(schema: unknown, name = 'value', depth = 0): unknown {
  const given = fields(schema)
  const ready = given['const'] ?? given['default'] ?? first(given['enum']) ?? first(given['examples'])
  if (ready !== undefined) return ready
  const choice = first(given['anyOf']) ?? first(given['oneOf']) ?? first(given['allOf'])
  if (choice !== undefined && depth < 8) return sample(choice, name, depth + 1)
  const type = first(given['type']) ?? given['type']
  switch (type) {
    case 'string':
      return (STRINGS[String(given['format'])] ?? name).padEnd(Number(given['minLength'] ?? 0), 'x')
    case 'integer':
    case 'number':
      return Number(given['minimum'] ?? 1)
    case 'boolean':
      return true
    case 'array': {
      const length = Math.max(1, Number(given['minItems'] ?? 1))
      return depth < 8 ? Array.from({ length }, () => sample(given['items'], name, depth + 1)) : []
    }
    case 'null':
      return null
    default:
      return depth < 8 ? sampleObject(given, depth) : {}
  }
}

function sampleObject(given: Record<string, unknown>, depth: number): Record<string, unknown> {
  const properties = fields(given['properties'])
  const required = given['required']
  const names = Array.isArray(required) ? required.map(String) : Object.keys(properties)
  return Object.fromEntries(names.map((key) => [key, sample(properties[key], key, depth + 1)]))
}

/** Words of a tool's name that say something: `get_order_status` is about orders and status. */
function topics(name: string): string[] {
  const words = name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  return words.filter((word) => word.length >= 4)
}

function toolFor(text: string, tools: readonly FunctionTool[]): FunctionTool | undefined {
  const said = text.toLowerCase()
  const words = new Set(said.split(/[^a-z0-9]+/))
  return tools.find(
    (tool) => said.includes(tool.name.toLowerCase()) || topics(tool.name).some((word) => words.has(word)),
  )
}

function chosenTool(situation: Situation, asked: string): FunctionTool | undefined {
  const tools = situation.tools.filter((tool): tool is FunctionTool => tool.type === 'function')
  const choice = situation.toolChoice
  if (typeof choice === 'object') return tools.find((tool) => tool.name === choice['name'])
  if (choice === 'none') return undefined
  const match = toolFor(asked, tools) ?? (situation.callDue ? tools[0] : undefined)
  return choice === 'required' ? (match ?? tools[0]) : match
}

function ownSentences(situation: Situation): string {
  const says = situation.says.length > 0 ? situation.says : SENTENCES.map((sentence) => sentence.text)
  const count = Math.max(1, situation.sentences)
  return Array.from({ length: count }, (_, at) => says[(situation.turn * count + at) % says.length]).join(' ')
}

export function replyTo(situation: Situation): Reply {
  const last = situation.items.at(-1)
  if (last?.type === 'function_call_output') {
    const result = last.call?.output ?? ''
    return {
      kind: 'message',
      text: `I have found what you asked for and it looks good. ${result.slice(0, 200)}`.trim(),
    }
  }
  const written =
    last?.role === 'user'
      ? last.content
          .map((part) => part.text ?? '')
          .join(' ')
          .trim()
      : ''
  const tool = chosenTool(situation, `${written} ${situation.heard ?? ''}`)
  if (tool !== undefined) {
    return { kind: 'call', name: tool.name, arguments: JSON.stringify(sample(tool.parameters ?? {})) }
  }
  const quoted = /["“]([^"”]+)["”]/.exec(situation.instructions ?? '')?.[1]
  if (quoted !== undefined) return { kind: 'message', text: quoted }
  const sentences = ownSentences(situation)
  const echo = situation.modality === 'text' && written !== ''
  return { kind: 'message', text: echo ? `You wrote: ${written.slice(0, 200)}. ${sentences}` : sentences }
}
