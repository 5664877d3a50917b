// docs/WEBHOOKS.md beside what is sent: its examples are bodies as they are made, one for each event at least.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isoOf } from '../../src/calendar.ts'
import { bodyOf, eventTypes, type Message } from '../../src/webhook-events.ts'

const text = readFileSync('docs/WEBHOOKS.md', 'utf8')
const examples = Array.from(text.matchAll(/^```json\n([^]*?)^```$/gm), ([, json = '']) => JSON.parse(json) as Example)

interface Example {
  type: Message['type']
  timestamp: string
  data: Message['data']
}

test('[A5] each event has an example, and each example is a body as it is sent', () => {
  expect(new Set(examples.map(({ type }) => type))).toEqual(new Set([...eventTypes, 'webhook.test']))
  for (const example of examples) {
    const { type, timestamp, data } = example
    expect(bodyOf({ id: 'm', type, at: Date.parse(timestamp), data }, isoOf)).toBe(JSON.stringify(example))
  }
})
