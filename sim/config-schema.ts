// How a client may write a session's configuration. Unknown keys are refused, as by the real service.

import { z } from 'zod'

export const outputFormat = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('audio/pcm'), rate: z.literal(24_000).default(24_000) }),
  z.strictObject({ type: z.literal('audio/pcmu') }),
  z.strictObject({ type: z.literal('audio/pcma') }),
])

export const turnDetection = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('server_vad'),
    threshold: z.number().min(0).max(1).default(0.5),
    prefix_padding_ms: z.int().min(0).default(300),
    silence_duration_ms: z.int().min(0).default(200),
    idle_timeout_ms: z.int().min(5_000).max(30_000).nullable().default(null),
    create_response: z.boolean().default(true),
    interrupt_response: z.boolean().default(true),
  }),
  z.strictObject({
    type: z.literal('semantic_vad'),
    eagerness: z.enum(['low', 'medium', 'high', 'auto']).default('auto'),
    create_response: z.boolean().default(true),
    interrupt_response: z.boolean().default(true),
  }),
])

const transcription = z.strictObject({
  model: z.string().optional(),
  language: z.string().optional(),
  languages: z.array(z.string()).min(1).optional(),
  keywords: z.array(z.string()).optional(),
  prompt: z.string().optional(),
  delay: z.enum(['minimal', 'low', 'medium', 'high', 'xhigh']).optional(),
})

export const toolChoice = z.union([
  z.enum(['auto', 'none', 'required']),
  z.looseObject({ type: z.literal('function'), name: z.string() }),
  z.looseObject({ type: z.literal('mcp'), server_label: z.string() }),
])

export const tools = z.array(
  z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('function'),
      name: z.string(),
      description: z.string().optional(),
      parameters: z.record(z.string(), z.unknown()).optional(),
      strict: z.boolean().optional(),
    }),
    z.looseObject({ type: z.literal('mcp'), server_label: z.string() }),
  ]),
)

/** Both at once is not a thing in GA: audio brings its transcript anyway. */
export const outputModalities = z.array(z.enum(['text', 'audio'])).length(1)
export const maxOutputTokens = z.union([z.int().min(1).max(32_000), z.literal('inf')])
export const voice = z.union([z.string(), z.strictObject({ id: z.string() })])

const audioInput = z.strictObject({
  format: outputFormat.optional(),
  transcription: transcription.nullable().optional(),
  noise_reduction: z
    .strictObject({ type: z.enum(['near_field', 'far_field']), strength: z.number().optional() })
    .nullable()
    .optional(),
  turn_detection: turnDetection.nullable().optional(),
})

const include = z.array(z.literal('item.input_audio_transcription.logprobs')).nullable().optional()

export const update = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('realtime'),
    model: z.string().optional(),
    output_modalities: outputModalities.optional(),
    instructions: z.string().optional(),
    audio: z
      .strictObject({
        input: audioInput.optional(),
        output: z
          .strictObject({
            format: outputFormat.optional(),
            voice: voice.optional(),
            speed: z.number().min(0.25).max(1.5).optional(),
          })
          .optional(),
      })
      .optional(),
    include,
    tracing: z
      .union([z.literal('auto'), z.looseObject({})])
      .nullable()
      .optional(),
    tools: tools.optional(),
    tool_choice: toolChoice.optional(),
    parallel_tool_calls: z.boolean().optional(),
    reasoning: z.strictObject({ effort: z.enum(['minimal', 'low', 'medium', 'high', 'xhigh']).optional() }).optional(),
    max_output_tokens: maxOutputTokens.optional(),
    truncation: z
      .union([
        z.enum(['auto', 'disabled']),
        z.strictObject({
          type: z.literal('retention_ratio'),
          retention_ratio: z.number().min(0).max(1),
          token_limits: z.strictObject({ post_instructions: z.int().min(0).optional() }).optional(),
        }),
      ])
      .optional(),
    prompt: z.looseObject({ id: z.string() }).nullable().optional(),
  }),
  z.strictObject({
    type: z.literal('transcription'),
    audio: z.strictObject({ input: audioInput.optional() }).optional(),
    include,
  }),
])

export type Update = z.infer<typeof update>
export type Format = z.infer<typeof outputFormat>
export type TurnDetection = z.infer<typeof turnDetection>
export type Tool = z.infer<typeof tools>[number]
export type ToolChoice = z.infer<typeof toolChoice>
export type RealtimeUpdate = Extract<Update, { type: 'realtime' }>
export type Truncation = NonNullable<RealtimeUpdate['truncation']>

export type Transcription = z.infer<typeof transcription>
export type AudioInput = z.infer<typeof audioInput>
