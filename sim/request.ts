// What a client may write in response.create, and the items that it brings along. Creates nothing.

import { z } from 'zod'
import { codingOf } from './config.ts'
import { maxOutputTokens, outputFormat, outputModalities, toolChoice, tools, voice } from './config-schema.ts'
import { type Item, itemFrom } from './item.ts'
import type { Stage } from './stage.ts'
import { type Trouble, trouble } from './trouble.ts'

export const request = z.strictObject({
  conversation: z.enum(['auto', 'none']).default('auto'),
  instructions: z.string().optional(),
  output_modalities: outputModalities.optional(),
  audio: z
    .strictObject({ output: z.strictObject({ format: outputFormat.optional(), voice: voice.optional() }).optional() })
    .optional(),
  tools: tools.optional(),
  tool_choice: toolChoice.optional(),
  parallel_tool_calls: z.boolean().optional(),
  reasoning: z.looseObject({}).optional(),
  max_output_tokens: maxOutputTokens.optional(),
  metadata: z.record(z.string(), z.string()).nullable().optional(),
  prompt: z.looseObject({}).nullable().optional(),
  input: z.array(z.record(z.string(), z.unknown())).optional(),
})

export type Request = z.infer<typeof request>

/** The items of `response.input`, which stand in for the conversation. */
export function ownInput(asked: Request, stage: Stage): { items: readonly Item[] | undefined } | { trouble: Trouble } {
  if (asked.input === undefined) return { items: undefined }
  const items: Item[] = []
  for (const [at, given] of asked.input.entries()) {
    if (given['type'] === 'item_reference') {
      const id = String(given['id'])
      const item = stage.conversation.find(id)
      if (item === undefined) return { trouble: trouble.noSuchItem('retrieving', id) }
      items.push(item)
      continue
    }
    const result = itemFrom(given, codingOf(stage.config.input.format), `response.input[${at}]`)
    if ('trouble' in result) return result
    items.push(result.ok)
  }
  return { items }
}
