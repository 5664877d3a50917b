// API keys: made, read, hashed. Knows no store; a key itself is never kept. Rule K1.

/** `tlk_live_<tenant>_<secret>_<check>`: the tenant says which desk to ask, the check lets a mistyped key be told without asking. */
const shape = /^tlk_live_([0-9a-f]{32})_([0-9A-Za-z]{43})_([0-9A-Za-z]{6})$/
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 256 bits in base62. */
const secretLength = 43

/** The owner of a well-formed key, and the hash that its desk knows it by. */
export interface ReadKey {
  tenant: string
  hash: string
}

export async function makeKey(tenant: string): Promise<{ key: string; hash: string; hint: string }> {
  const body = `tlk_live_${tenant.slice('ten_'.length)}_${secret()}`
  const key = `${body}_${await check(body)}`
  return { key, hash: await sha256(key), hint: `…${key.slice(-4)}` }
}

/** undefined when the text is no key of ours, or one of its characters is wrong. */
export async function readKey(key: string): Promise<ReadKey | undefined> {
  const [, tenant] = shape.exec(key) ?? []
  if (tenant === undefined || !key.endsWith(`_${await check(key.slice(0, -7))}`)) return undefined
  return { tenant: `ten_${tenant}`, hash: await sha256(key) }
}

export async function sha256(text: string): Promise<string> {
  return [...(await digest(text))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Whether two secrets are the same, in a time that says nothing of where they differ. */
export async function sameSecret(a: string, b: string): Promise<boolean> {
  const [x, y] = [await digest(a), await digest(b)]
  let difference = 0
  for (let i = 0; i < x.length; i++) difference |= (x[i] as number) ^ (y[i] as number)
  return difference === 0
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
}

async function check(body: string): Promise<string> {
  return Array.from((await digest(body)).slice(0, 6), (byte) => alphabet[byte % alphabet.length]).join('')
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
