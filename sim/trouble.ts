// The one table of what this upstream says when it refuses: error events, and the closes that follow some of them.
// Texts marked (seen) come from captures of the real service; the others have its code but our wording.

export interface Trouble {
  readonly type: string
  readonly code: string | null
  readonly message: string
  readonly param: string | null
}

/** A refusal after the 101: the error event, then a close with the reason `<type>.<code>`. */
export interface Refusal extends Trouble {
  readonly close: number
}

function invalid(code: string, message: string, param: string | null = null): Trouble {
  return { type: 'invalid_request_error', code, message, param }
}

export const trouble = {
  badJson: (): Trouble => invalid('invalid_json', 'The event could not be parsed as JSON.'),
  binary: (): Trouble => invalid('invalid_event', 'Binary messages are not supported; send events as JSON text.'),
  noType: (): Trouble => invalid('invalid_event', "The 'type' field is missing."), // seen
  value: (message: string, param: string | null): Trouble => invalid('invalid_value', message, param),
  wrongType: (message: string, param: string | null): Trouble => invalid('invalid_type', message, param),
  missing: (param: string): Trouble =>
    invalid('missing_required_parameter', `Missing required parameter: '${param}'.`, param), // seen
  unknown: (param: string): Trouble => invalid('unknown_parameter', `Unknown parameter: '${param}'.`, param), // seen
  unknownEvent: (type: string, known: readonly string[]): Trouble =>
    invalid(
      'invalid_value',
      `Invalid value: '${type}'. Supported values are: ${known.map((name) => `'${name}'`).join(', ')}.`,
      'type',
    ),
  modelFixed: (): Trouble =>
    invalid('invalid_value', 'The model of a session cannot be changed after it is created.', 'session.model'),
  voiceFixed: (): Trouble =>
    invalid(
      'cannot_update_voice',
      "Cannot update a conversation's voice if assistant audio is present.", // seen
      'session.audio.output.voice',
    ),
  promptTooLong: (tokens: number): Trouble =>
    invalid(
      'invalid_value',
      `Instructions and tools together have ${tokens} tokens; at most 16384 are allowed.`,
      'session.instructions',
    ),
  noSuchItem: (verb: 'retrieving' | 'deleting', id: string): Trouble =>
    invalid(
      `item_${verb === 'retrieving' ? 'retrieve' : 'delete'}_invalid_item_id`,
      `Error ${verb} item: the item with id '${id}' does not exist.`, // seen
      'item_id',
    ),
  noItemToTruncate: (id: string): Trouble =>
    invalid('item_truncate_invalid_item_id', `Item with item_id not found: ${id}`, 'item_id'), // seen
  notTruncatable: (): Trouble =>
    invalid('invalid_value', 'Only model output audio messages can be truncated.', 'item_id'),
  alreadyShorter: (haveMs: number, askedMs: number): Trouble =>
    invalid('invalid_value', `Audio content of ${haveMs}ms is already shorter than ${askedMs}ms`, 'audio_end_ms'), // seen
  noPreviousItem: (id: string): Trouble =>
    invalid(
      'item_create_invalid_previous_item_id',
      `Error adding item: the previous item with id '${id}' does not exist.`,
      'previous_item_id',
    ),
  itemExists: (id: string): Trouble =>
    invalid('item_create_duplicate_item_id', `Error adding item: an item with id '${id}' already exists.`, 'item.id'),
  noSuchCall: (id: string): Trouble =>
    invalid('invalid_tool_call_id', `Tool call ID '${id}' not found in conversation.`, 'item.call_id'),
  emptyBuffer: (ms: number): Trouble =>
    invalid(
      'input_audio_buffer_commit_empty',
      // seen
      `Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has ${ms.toFixed(2)}ms of audio.`,
    ),
  activeResponse: (id: string): Trouble =>
    invalid(
      'conversation_already_has_active_response',
      // seen
      `Conversation already has an active response in progress: ${id}. Wait until the response is finished before creating a new one.`,
    ),
  nothingToCancel: (): Trouble =>
    invalid('response_cancel_not_active', 'Cancellation failed: no active response found'), // seen
  expired: (): Trouble => invalid('session_expired', 'Your session hit the maximum duration of 60 minutes.'), // seen
  noResponses: (): Trouble => invalid('invalid_event', 'Responses cannot be created in a transcription session.'),
  webrtcOnly: (): Trouble =>
    invalid('invalid_event', 'output_audio_buffer.clear is only supported on WebRTC and SIP connections.'),
}

/** Close codes by capture, 2026-09; the last two have been seen on other services that speak Realtime. */
export const refusals = {
  invalid_api_key: { close: 3000, ...invalid('invalid_api_key', 'Incorrect API key provided.') },
  missing_model: {
    close: 4000,
    ...invalid('missing_model', 'You must provide a model parameter.', 'model'),
  },
  invalid_model: {
    close: 4000,
    ...invalid('invalid_model', 'The model is not supported in realtime mode.', 'model'),
  },
  invalid_intent: { close: 4000, ...invalid('invalid_intent', 'The intent is not supported.', 'intent') },
  beta_api_shape_disabled: {
    close: 4000,
    ...invalid('beta_api_shape_disabled', 'The Realtime Beta API is no longer supported. Please use the GA API.'),
  },
  model_not_found: {
    close: 4004,
    ...invalid('model_not_found', 'The model does not exist or you do not have access to it.', 'model'),
  },
  insufficient_quota: {
    close: 1008,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    message: 'You exceeded your current quota, please check your plan and billing details.',
    param: null,
  },
  rate_limit_exceeded: {
    close: 1013,
    type: 'rate_limit_error',
    code: 'rate_limit_exceeded',
    message: 'Too many concurrent sessions. Please try again later.',
    param: null,
  },
} satisfies Record<string, Refusal>

export function refusalNamed(code: string): Refusal {
  const named: Readonly<Record<string, Refusal>> = refusals
  return (Object.hasOwn(named, code) ? named[code] : undefined) ?? refusals.rate_limit_exceeded
}
