// HMAC-SHA256 by Web Crypto, which both hosts have, and secrets for it. Knows no message. Rule A5.
import { base64 } from '../base64.ts'
import type { Hmac } from '../webhook.ts'

const secretBytes = 32

export const webHmac: Hmac = async (key, text) => {
  const raw = Uint8Array.from(atob(key), (sign) => sign.charCodeAt(0))
  const imported = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return base64(new Uint8Array(await crypto.subtle.sign('HMAC', imported, new TextEncoder().encode(text))))
}

/** `whsec_…`, as Standard Webhooks has it. */
export function makeSecret(): string {
  return `whsec_${base64(crypto.getRandomValues(new Uint8Array(secretBytes)))}`
}
