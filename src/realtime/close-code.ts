// Close codes between two WebSockets. Knows no call. Rule C7; RFC 6455, 7.4.
import { closeReasonBytes } from '../limits.ts'

/** A code that may be sent: 1005 (none given) becomes 1000; 1006, 1015 and what RFC 6455 does not allow become 1011. */
export function sendableCode(code: number): number {
  if (code === 1005) return 1000
  const sendable = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999)
  return sendable ? code : 1011
}

/** A reason cut to 123 bytes of UTF-8, never within a character. */
export function sendableReason(reason: string): string {
  let bytes = 0
  let cut = ''
  for (const char of reason) {
    bytes += utf8Bytes(char.codePointAt(0) as number)
    if (bytes > closeReasonBytes) break
    cut += char
  }
  return cut
}

function utf8Bytes(codePoint: number): number {
  if (codePoint < 0x80) return 1
  if (codePoint < 0x800) return 2
  return codePoint < 0x10000 ? 3 : 4
}
