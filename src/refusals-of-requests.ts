// What is refused before there is a call: keys, routes, bodies. Knows no host.
import type { Rendering } from './rendering.ts'

export const requestRefusals = {
  // Keys. HTTP before the upgrade: nothing was touched, and 3000 is what the provider closes with.
  key_missing: {
    http: 401,
    close: 3000,
    type: 'authentication_error',
    code: 'missing_api_key',
    title: 'No API key',
    says: 'No API key was sent. Send "Authorization: Bearer tlk_…", or from a browser the sub-protocol "openai-insecure-api-key.tlk_…".',
  },
  key_twice: {
    http: 400,
    type: 'invalid_request_error',
    code: 'ambiguous_api_key',
    title: 'Two API keys',
    says: 'Two different API keys were sent. Send one: in the Authorization header or as a sub-protocol, not both.',
  },
  key_malformed: {
    http: 401,
    close: 3000,
    type: 'authentication_error',
    code: 'invalid_api_key',
    title: 'Not a Trunkline key',
    says: 'The API key is not a Trunkline key, or a character of it is wrong. Keys look like "tlk_live_…" and are shown once, when they are made.',
  },
  key_unknown: {
    http: 401,
    close: 3000,
    type: 'authentication_error',
    code: 'invalid_api_key',
    title: 'Unknown API key',
    says: 'This API key is not known. Ask the admin of your tenant for a new one.',
  },
  key_revoked: {
    http: 401,
    close: 3000,
    type: 'authentication_error',
    code: 'revoked_api_key',
    title: 'API key revoked',
    says: 'This API key was revoked or has run out. Ask the admin of your tenant for a new one.',
  },
  operator_key: {
    http: 401,
    type: 'authentication_error',
    code: 'invalid_operator_key',
    title: 'Operator key needed',
    says: 'This route needs the operator key: "Authorization: Bearer <operator key>".',
  },

  // Storms: said before anything is touched (H6, K6).
  connects_too_fast: {
    http: 429,
    close: 1013,
    type: 'rate_limit_error',
    code: 'connecting_too_fast',
    retryAfterMs: 5_000,
    title: 'Connecting too fast',
    says: 'This {of} opens connections faster than {perSecond} a second after {burst} at once. Wait before you connect again: at first 5 seconds, each time twice as long, give or take a random half.',
  },
  keys_wrong: {
    http: 429,
    close: 1013,
    type: 'rate_limit_error',
    code: 'too_many_wrong_keys',
    retryAfterMs: 5_000,
    title: 'Too many wrong keys',
    says: 'Too many connections from this address came with a key that is missing, malformed, unknown or revoked. Mend the key, then connect again after 5 seconds.',
  },

  // Requests.
  upgrade_needed: {
    http: 426,
    type: 'invalid_request_error',
    code: 'upgrade_required',
    title: 'WebSocket needed',
    says: 'This is a WebSocket endpoint. Connect with a WebSocket client: Upgrade: websocket, Connection: Upgrade, Sec-WebSocket-Version: 13.',
  },
  route_unknown: {
    http: 404,
    type: 'not_found_error',
    code: 'route_not_found',
    title: 'No such route',
    says: 'There is nothing at {method} {path}.',
  },
  thing_unknown: {
    http: 404,
    type: 'not_found_error',
    code: '{kind}_not_found',
    title: 'Not found',
    says: 'There is no {kind} {id}.',
  },
  body_invalid: {
    http: 400,
    type: 'invalid_request_error',
    code: 'invalid_body',
    title: 'Invalid request body',
    says: '{problems}',
  },
  body_too_large: {
    http: 413,
    type: 'invalid_request_error',
    code: 'body_too_large',
    title: 'Request body too large',
    says: 'The request body has more than {most} bytes.',
  },
  audio_unfit: {
    http: 400,
    type: 'invalid_request_error',
    code: 'invalid_audio',
    title: 'Audio that cannot be used',
    says: 'The audio cannot be used: {problem}. Send a WAV file of at most 1 MiB: PCM, 16 bit, one or two channels, 8,000 to 48,000 Hz, 0.2 to 10 seconds.',
  },
  media_unfit: {
    http: 415,
    type: 'invalid_request_error',
    code: 'unsupported_media_type',
    title: 'Not sent as WAV',
    says: 'The body was sent as {sent}. Send the WAV file itself as the body, with the header "content-type: audio/wav".',
  },
  sounds_enough: {
    http: 409,
    type: 'invalid_request_error',
    code: 'too_many_sounds',
    title: 'Too many sounds',
    says: 'This tenant has {most} sounds, and may not have more. Delete one that no line names first.',
  },
  sound_in_use: {
    http: 409,
    type: 'invalid_request_error',
    code: 'sound_in_use',
    title: 'Sound in use',
    says: 'The sound {id} is what callers hear as {lines}. Give "hold.lines" of the tenant another one there, or null, then delete it.',
  },
  keys_enough: {
    http: 409,
    type: 'invalid_request_error',
    code: 'too_many_keys',
    title: 'Too many keys',
    says: 'This tenant has {most} keys that are not revoked, and may not have more. Revoke one first.',
  },
} as const satisfies Record<string, Rendering>
