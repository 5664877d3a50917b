// One webhook as Standard Webhooks has it: head and body, signed. Knows no socket and no clock. Rule A5.
// https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md
import { isoOf } from './calendar.ts'
import { bodyOf, type Message } from './webhook-events.ts'

/** HMAC-SHA256 of a text; key and answer in base64. */
export type Hmac = (key: string, text: string) => Promise<string>

export interface Signed {
  headers: Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>
  body: string
}

const prefix = 'whsec_'

/** `secrets`: the present one first; each signs, so that a receiver that knows only one of them takes it. `now` in ms. */
export async function signed(message: Message, secrets: readonly string[], now: number, hmac: Hmac): Promise<Signed> {
  const id = message.id.replaceAll(/[^\w:-]/g, '-') // of a header's signs, and no dot, which the signed text has between its parts
  const at = String(Math.floor(now / 1000))
  const body = bodyOf(message, isoOf)
  const signatures = await Promise.all(secrets.map((secret) => signature(secret, `${id}.${at}.${body}`, hmac)))
  return {
    headers: { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signatures.join(' ') },
    body,
  }
}

async function signature(secret: string, text: string, hmac: Hmac): Promise<string> {
  return `v1,${await hmac(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret, text)}`
}
