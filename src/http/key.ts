// API keys: made, read, hashed. Knows no store; a key itself is never kept. Rule K1.
import { same } from '../constant-time.ts'

/** `tlk_live_<tenant>_<secret>_<check>`: the tenant says which desk to ask, the check lets a mistyped key be told without asking. */
const shape = /^tlk_live_([0-9a-f]{32})_([0-9A-Za-z]{43})_([0-9A-Za-z]{6})$/
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 256 bits in base62. */
const secretLength = 43
const checkLength = 6

/** SHA-256 of a text, lower-case hex. A host brings the quickest that it has. */
export type Sha256 = (text: string) => string | Promise<string>

/** For a host that has Web Crypto alone. */
export const webSha256: Sha256 = async (text) => {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The owner of a well-formed key, and the hash that its desk knows it by. */
export interface ReadKey {
  tenant: string
  hash: string
}

export async function makeKey(tenant: string, sha256: Sha256): Promise<{ key: string; hash: string; hint: string }> {
  const body = `tlk_live_${tenant.slice('ten_'.length)}_${secret()}`
  const key = `${body}_${check(await sha256(body))}`
  return { key, hash: await sha256(key), hint: `…${key.slice(-4)}` }
}

/** undefined when the text is no key of ours, or one of its characters is wrong. */
export async function readKey(key: string, sha256: Sha256): Promise<ReadKey | undefined> {
  const [, tenant] = shape.exec(key) ?? []
  if (tenant === undefined || !key.endsWith(`_${check(await sha256(key.slice(0, -7)))}`)) return undefined
  return { tenant: `ten_${tenant}`, hash: await sha256(key) }
}

/** Whether two secrets are the same, in a time that says nothing of where they differ. */
export async function sameSecret(a: string, b: string, sha256: Sha256): Promise<boolean> {
  return same(await sha256(a), await sha256(b))
}

/** A letter for each of the first bytes of a hash. */
function check(hash: string): string {
  let letters = ''
  for (let i = 0; i < checkLength; i++)
    letters += alphabet[Number.parseInt(hash.slice(2 * i, 2 * i + 2), 16) % alphabet.length]
  return letters
}

function secret(): string {
  let text = ''
  while (text.length < secretLength) {
    // 248 = 4 × 62: bytes above it would favour the first letters.
    for (const byte of crypto.getRandomValues(new Uint8Array(64)))
      if (byte < 248) text += alphabet[byte % alphabet.length]
  }
  return text.slice(0, secretLength)
}
