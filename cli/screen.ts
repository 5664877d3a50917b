// The first screen: what runs where, and what to do next. Text only; refuses to know how it is shown.
import { dirname, relative } from 'node:path'
import type { Dev } from './state.ts'
import type { Upstream } from './upstream.ts'

export type ScreenFacts = {
  readonly dev: Dev
  readonly devFile: string
  readonly upstream: Upstream['kind']
  readonly node: boolean
  /** Paths are shown relative to it. */
  readonly cwd: string
}

export type Paint = (style: 'bold' | 'dim', text: string) => string

const upstreamNotes: Record<Upstream['kind'], string> = {
  practice: 'practice: speaks like OpenAI, costs nothing',
  openai: 'the real OpenAI: calls cost money',
  named: 'the server you named',
}

export function firstScreen(facts: ScreenFacts, paint: Paint): string {
  const { dev } = facts
  const shown = (file: string): string => {
    const path = relative(facts.cwd, file)
    return path.startsWith('..') ? file : path
  }
  const rows: [string, string, string][] = [
    ['broker', dev.url, facts.node ? 'the Node host, with an embedded store' : "the Worker, in wrangler's local mode"],
    ['over TLS', dev.tlsUrl, `trust ${shown(dev.caFile)}`],
    ['upstream', dev.upstreamUrl, upstreamNotes[facts.upstream]],
    ['metrics', dev.metricsUrl, ''],
    ['console', dev.consoleUrl, ''],
    ['tenant', 'demo', 'a trial with two lines: a third call waits'],
    ['key', dev.key, ''],
  ]
  // Notes line up behind the short values; the long ones stand alone.
  const width = Math.max(...rows.filter(([, , note]) => note !== '').map(([, value]) => value.length))
  const table = rows.map(([label, value, note]) =>
    `  ${paint('dim', label.padEnd(9))} ${note === '' ? value : `${value.padEnd(width)}  ${paint('dim', note)}`}`.trimEnd(),
  )
  return [
    paint('bold', 'Trunkline is up.'),
    '',
    ...table,
    '',
    'Talk to it: open the console, or use the openai SDK as you know it (the whole program is in the README):',
    '',
    `  export NODE_EXTRA_CA_CERTS=${shown(dev.caFile)}`,
    '  const client = new OpenAI({ apiKey: key, baseURL: `${tlsUrl}/v1` })',
    "  const call = new OpenAIRealtimeWS({ model: 'gpt-realtime-2.1' }, client)",
    '',
    `All of this is in ${shown(facts.devFile)}; ${shown(dirname(facts.devFile))} keeps it for the next start.`,
    'Ctrl-C stops everything.',
    '',
  ].join('\n')
}
