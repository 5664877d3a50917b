// The audio that a caller has heard. Knows no call.
import type { Gathering } from './gathering.ts'

/** Of one reply; of all that it heard unless one is given. */
export function audioOf({ events }: Gathering, reply?: unknown): Buffer {
  const deltas = events.filter(
    ({ type, response_id }) => type === 'response.output_audio.delta' && (reply === undefined || response_id === reply),
  )
  return Buffer.concat(deltas.map(({ delta }) => Buffer.from(String(delta), 'base64')))
}
