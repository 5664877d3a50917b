// Frames of every kind, right and hostile, as fast-check makes them.
import { readdirSync, readFileSync } from 'node:fs'
import * as fc from 'fast-check'

const folder = new URL('../data/realtime/examples/', import.meta.url)
const published = readdirSync(folder).map((file) => ({
  file,
  event: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as object,
}))

export const model = 'gpt-realtime-2.1'
export const frameBytes = 64 * 1024

function examples(side: RegExp): fc.Arbitrary<string> {
  const events = published.filter(({ file }) => side.test(file)).map(({ event }) => event)
  return fc
    .tuple(fc.constantFrom(...events), fc.constantFrom(undefined, 2, '\t'))
    .map(([event, indent]) => JSON.stringify(event, null, indent))
}

const append = 'input_audio_buffer.append'
const types = [
  'session.update',
  'session.update',
  'response.create',
  'response.create',
  append,
  'conversation.item.create',
  'new.event',
  '__proto__',
  'constructor',
  '',
]
const keys = [
  'type',
  'type',
  'session',
  'session',
  'response',
  'response',
  'model',
  'model',
  'Model',
  'TYPE',
  'audio',
  'event_id',
  'instructions',
  '__proto__',
  'constructor',
  '',
]
const words = [
  ...types,
  model,
  'gpt-realtime',
  'gpt-realtime-2.1\u0000',
  'GPT-REALTIME-2.1',
  'AAAA',
  '"',
  '\\',
  '\uD800',
  '\uFEFF',
  '😀',
  '}{"type":"session.update"',
  'x'.repeat(300),
]

/** JSON text with keys that may come twice, written with random space and random escapes. */
type Node = string | number | boolean | null | Node[] | { members: [string, Node][] }

const { node } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    { weight: 5, arbitrary: fc.constantFrom<Node>(...words) },
    { weight: 1, arbitrary: fc.constantFrom<Node>(0, -1.5e300, 1e-7, true, false, null) },
    { weight: 1, arbitrary: fc.array(tie('node'), { maxLength: 3 }) },
    {
      weight: 3,
      arbitrary: fc
        .array(fc.tuple(fc.constantFrom(...keys), tie('node')), { maxLength: 4 })
        .map((members) => ({ members })),
    },
  ),
}))

/** How to write: each number chooses for one string or gap, round and round. */
const style = fc.array(fc.nat(9), { minLength: 1, maxLength: 12 })

function written(node: Node, style: number[]): string {
  let turn = 0
  const next = (): number => style[turn++ % style.length] ?? 0
  const gap = (): string => ['', '', '', '', '', ' ', '\n', '\t ', '\r\n', ''][next()] ?? ''
  const string = (text: string): string => {
    const how = next()
    if (how < 6) return JSON.stringify(text)
    const at = how % Math.max(1, text.length)
    const escaped = Array.from({ length: text.length }, (_, i) => {
      const unit = text.charCodeAt(i)
      if (how === 9 || i === at) return `\\u${unit.toString(16).padStart(4, '0')}`
      return JSON.stringify(text[i]).slice(1, -1)
    })
    return `"${escaped.join('')}"`
  }
  const write = (node: Node): string => {
    if (typeof node === 'string') return string(node)
    if (node === null || typeof node !== 'object') return String(node)
    if (Array.isArray(node)) return `[${gap()}${node.map((item) => write(item) + gap()).join(`,${gap()}`)}]`
    return `{${gap()}${node.members.map(([key, value]) => `${string(key)}${gap()}:${gap()}${write(value)}${gap()}`).join(`,${gap()}`)}}`
  }
  return gap() + write(node) + gap()
}

const object = fc.array(fc.tuple(fc.constantFrom(...keys), node), { maxLength: 5 })
const anything = fc.tuple(node, style).map(([node, style]) => written(node, style))

/** Events that configure, with a model hidden in them somewhere, or none. */
const smuggled = fc
  .tuple(
    fc.constantFrom('session.update', 'response.create'),
    fc.constantFrom(model, 'gpt-realtime', null),
    object,
    object,
    fc.nat(5),
    style,
  )
  .map(([type, asked, inner, outer, at, style]) => {
    const part = type === 'session.update' ? 'session' : 'response'
    const config: Node = { members: inner.toSpliced(at, 0, ['model', asked]) }
    const members: [string, Node][] = [
      ['type', type],
      [part, config],
    ]
    return written({ members: [...(at % 2 === 0 ? members : members.toReversed()), ...(at > 3 ? outer : [])] }, style)
  })

const appends = fc
  .tuple(
    fc.constantFrom('AAAA', '', 'A'.repeat(2_000), 'AA/+=='),
    fc.subarray(['event_id', 'audio', 'type', 'n']),
    style,
    fc.boolean(),
  )
  .map(([audio, more, style, turned]) => {
    const members: [string, Node][] = [
      ['type', append],
      ['audio', audio],
      ...more.map((key): [string, Node] => [key, key === 'n' ? 7 : 'x']),
    ]
    return written({ members: turned ? members.toReversed() : members }, style)
  })

const bombs = fc.constantFrom(
  '['.repeat(5_000),
  '{"a":'.repeat(5_000),
  `{"type":"x","a":${'['.repeat(2_000)}${']'.repeat(2_000)}}`,
  `{"type":"x","a":${'['.repeat(63)}${']'.repeat(63)}}`,
  `{"type":"x","a":${'['.repeat(64)}${']'.repeat(64)}}`,
  `{"type":"session.update","session":${'{"session":'.repeat(60)}{"model":"other"}${'}'.repeat(60)}}`,
  `{"type":"x","a":[${'{"k":1},'.repeat(7_000)}0]}`,
  `{"type":"${append}","audio":"${'A'.repeat(frameBytes)}"}`,
  'x'.repeat(frameBytes),
  'x'.repeat(frameBytes + 1),
  `{"type":"x","a":"${'\\"'.repeat(20_000)}"}`,
  `{"type":"x","a":"${'\\\\'.repeat(20_000)}`,
  `${' '.repeat(50_000)}{}`,
)

const junk = fc.constantFrom(
  '\u0000',
  '\uFEFF',
  '\uD800',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  'type',
  '"type":"session.update",',
  '\\u0074',
  ' ',
  '\u2028',
)

/** A frame that something was cut from, or put into. */
function harmed(frames: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(frames, fc.nat(400), fc.constantFrom('cut', 'put', 'swap', 'twice'), junk)
    .map(([frame, place, how, char]) => {
      const at = place % (frame.length + 1)
      if (how === 'cut') return frame.slice(0, at)
      if (how === 'put') return frame.slice(0, at) + char + frame.slice(at)
      if (how === 'swap') return frame.slice(0, at) + char + frame.slice(at + 1)
      return frame.slice(0, at) + frame
    })
}

const binary = fc.uint8Array({ maxLength: 50 })
const whole = fc.oneof(
  { weight: 3, arbitrary: examples(/^(translation-)?client/) },
  { weight: 4, arbitrary: appends },
  { weight: 6, arbitrary: smuggled },
  { weight: 3, arbitrary: anything },
  { weight: 2, arbitrary: fc.tuple(object, style).map(([members, style]) => written({ members }, style)) },
)

/** What a caller may send. */
export const callerFrame: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  { weight: 100, arbitrary: whole },
  { weight: 40, arbitrary: harmed(whole) },
  { weight: 5, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 5, arbitrary: binary },
  { weight: 1, arbitrary: bombs },
)

export const organisation = 'org-AbCdEfGhIjKlMnOpQrStUvWx'

const named = fc
  .record({
    type: fc.constantFrom('error', 'response.done', 'response.created', 'new.event', 'conversation.item.done'),
    item: fc.constantFrom<unknown>(undefined, { text: organisation }, 'org-wide', [
      { message: `in organization ${organisation} on tokens ${organisation}.` },
    ]),
    response: fc.constantFrom<unknown>(undefined, null, 7, { id: 'r', usage: {} }, { id: 7, usage: [] }),
  })
  .map((event) => JSON.stringify(event))

/** What a provider may send. */
export const providerFrame: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  { weight: 5, arbitrary: examples(/^(translation-)?server/) },
  { weight: 2, arbitrary: harmed(examples(/^server/)) },
  { weight: 3, arbitrary: named },
  { weight: 2, arbitrary: anything },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: binary },
)
