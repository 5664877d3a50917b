// The type of a frame without parsing it. Knows only flat JSON: members that are plain strings, numbers, true, false or null. Rule R2.

const quote = 0x22
const colon = 0x3a
const comma = 0x2c
const open = 0x7b
const close = 0x7d

/** What stock clients send, byte for byte; found by one comparison. */
const appendHead = '{"type":"input_audio_buffer.append","audio":"'
const appendType = 'input_audio_buffer.append'

export const audioDelta = 'response.output_audio.delta'
/** How OpenAI begins it, byte for byte. */
const audioDeltaHead = `{"type":"${audioDelta}",`

/** Events of the wire have at most ten members; a frame with more is parsed. */
const mostMembers = 16

/**
 * The `type` of a frame whose whole text is one flat object with no escape and no key twice; undefined for every other frame, which
 * is then parsed. So for any reader of JSON the event is what is said here: nothing can hide behind an escape, an order or a repeat.
 * Cost: a few searches for a quote, whatever the length of the audio.
 */
export function sniff(frame: string): string | undefined {
  if (frame.includes('\\')) return undefined
  if (frame.startsWith(appendHead)) {
    const end = frame.length - 2
    if (end >= appendHead.length && frame.indexOf('"', appendHead.length) === end && frame.endsWith('}'))
      return appendType
  }
  return scan(frame)
}

/** Whether a provider's frame is audio as OpenAI writes it: no other member of it can be called `type`. What it says no to may be audio all the same. */
export function isAudioDelta(frame: string): boolean {
  return frame.startsWith(audioDeltaHead) && !frame.includes('\\') && !frame.includes('"type"', audioDeltaHead.length)
}

function scan(frame: string): string | undefined {
  const keys: string[] = []
  let type: string | undefined
  let at = afterSpace(frame, 0)
  if (frame.charCodeAt(at) !== open) return undefined
  do {
    at = afterSpace(frame, at + 1)
    if (frame.charCodeAt(at) !== quote) return undefined
    const keyEnd = frame.indexOf('"', at + 1)
    if (keyEnd < 0) return undefined
    const key = frame.slice(at + 1, keyEnd)
    if (keys.includes(key) || keys.length === mostMembers) return undefined
    keys.push(key)
    at = afterSpace(frame, keyEnd + 1)
    if (frame.charCodeAt(at) !== colon) return undefined
    const start = afterSpace(frame, at + 1)
    const end = afterValue(frame, start)
    if (end < 0) return undefined
    if (key === 'type') {
      if (frame.charCodeAt(start) !== quote) return undefined
      type = frame.slice(start + 1, end - 1)
    }
    at = afterSpace(frame, end)
  } while (frame.charCodeAt(at) === comma)
  return frame.charCodeAt(at) === close && afterSpace(frame, at + 1) === frame.length ? type : undefined
}

/** The index after the string, number or word that starts here; -1 for anything else. */
function afterValue(frame: string, start: number): number {
  if (frame.charCodeAt(start) === quote) return frame.indexOf('"', start + 1) + 1 || -1
  let at = start
  while (isWord(frame.charCodeAt(at))) at++
  return at > start && at - start <= 32 && isScalar(frame.slice(start, at)) ? at : -1
}

/** Characters of numbers, true, false and null. */
function isWord(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x2b ||
    code === 0x45
  )
}

function isScalar(word: string): boolean {
  return word === 'null' || word === 'true' || word === 'false' || /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(word)
}

function afterSpace(frame: string, at: number): number {
  let i = at
  for (let code = frame.charCodeAt(i); code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;)
    code = frame.charCodeAt(++i)
  return i
}
