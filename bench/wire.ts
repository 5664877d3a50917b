// The frames of the bench: what a caller sends each 20 ms, and what comes back. Refuses to know who relays them.

/** PCM16 at 24 kHz, 20 ms, in base64. */
const audio = Buffer.alloc(960, 0x2a).toString('base64')

/** As stock clients write it. */
export const append: string = JSON.stringify({ type: 'input_audio_buffer.append', audio })

export const deltaHead = '{"type":"response.output_audio.delta"'

/** As OpenAI writes it, with the same audio. */
export const delta: string = JSON.stringify({
  type: 'response.output_audio.delta',
  event_id: 'event_BhZ8w4eLZf7Yk2nQ0vXcA',
  response_id: 'resp_BhZ8wVt3mRz5bKq1Ls9Jd',
  item_id: 'item_BhZ8wPq7Ny2aGf4Xc6Te0',
  output_index: 0,
  content_index: 0,
  delta: audio,
})

/** The first word of a provider; enough of a session for the broker to take note of. */
export const created: string = JSON.stringify({
  type: 'session.created',
  event_id: 'event_BhZ8w4eLZf7Yk2nQ0vXcB',
  session: { id: 'sess_BhZ8wAb3', object: 'realtime.session', type: 'realtime', model: 'gpt-realtime-2.1' },
})
