// Bytes as base64. Knows nothing of what they are. (`toBase64` is not in ES2024, and no runtime is known here.)

const codes = Uint8Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', (sign) =>
  sign.charCodeAt(0),
)
const equals = '='.charCodeAt(0)
/** As many as a call may have arguments everywhere. Sign by sign a string of V8 takes 32 bytes for each. */
const atOnce = 4_096

export function base64(bytes: Uint8Array): string {
  const signs = new Uint8Array(4 * Math.ceil(bytes.length / 3)).fill(equals)
  for (let at = 0, to = 0; at < bytes.length; at += 3, to += 4) {
    const [one = 0, two, three] = [bytes[at], bytes[at + 1], bytes[at + 2]]
    const bits = (one << 16) | ((two ?? 0) << 8) | (three ?? 0)
    signs[to] = codes[bits >> 18] ?? 0
    signs[to + 1] = codes[(bits >> 12) & 63] ?? 0
    if (two !== undefined) signs[to + 2] = codes[(bits >> 6) & 63] ?? 0
    if (three !== undefined) signs[to + 3] = codes[bits & 63] ?? 0
  }
  let text = ''
  for (let at = 0; at < signs.length; at += atOnce) text += String.fromCharCode(...signs.subarray(at, at + atOnce))
  return text
}
