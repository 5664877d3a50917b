// One webhook as Standard Webhooks has it: head and body, signed, and whether one that came is. Knows no socket and no clock. Rule A5.
// https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md
import { isoOf } from './calendar.ts'
import { bodyOf, type Message } from './webhook-events.ts'

/** HMAC-SHA256 of a text; key and answer in base64. */
export type Hmac = (key: string, text: string) => Promise<string>

export interface Signed {
  headers: Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>
  body: string
}

/** How far the clocks of sender and receiver may be apart, and how old a replay may be (seconds). */
const toleranceSeconds = 300

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

/** Whether what came was signed with this secret, lately, and is as it was sent. */
export async function verified({ headers, body }: Signed, secret: string, now: number, hmac: Hmac): Promise<boolean> {
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signatures } = headers
  if (id === '' || !/^\d{1,12}$/.test(at)) return false
  if (Math.abs(Math.floor(now / 1000) - Number(at)) > toleranceSeconds) return false
  const right = await signature(secret, `${id}.${Number(at)}.${body}`, hmac)
  return signatures.split(' ').some((given) => same(given, right))
}

async function signature(secret: string, text: string, hmac: Hmac): Promise<string> {
  return `v1,${await hmac(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret, text)}`
}

/** In a time that says nothing of where they differ. */
function same(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i)
  return difference === 0
}
