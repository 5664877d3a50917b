// The operator's routes to a tenant's uploaded sounds. Knows no store and no line. Rule H4.
import { Hono, type Context } from 'hono'
import * as z from 'zod'
import { wavBytes } from '../limits.ts'
import { TenantSettings } from '../plan-settings.ts'
import type { Refusal } from '../refusal.ts'
import { formats, type Format, type Sound } from '../sound.ts'
import type { Upload } from '../sounds-sql.ts'
import { wavFile } from '../wav-file.ts'
import { readWav } from '../wav.ts'
import { found, listOf, newId, readBytes, Refused } from './answer.ts'
import { query } from './query.ts'

/** The sounds of tenants, wherever the host keeps them. undefined or a refusal where there is no such thing. */
export interface Uploads {
  list(tenant: string): Promise<Upload[] | undefined>
  add(tenant: string, upload: Upload, sound: Sound): Promise<Refusal | undefined>
  /** Raw samples. */
  bytes(tenant: string, id: string, format: Format): Promise<Uint8Array | undefined>
  discard(tenant: string, id: string): Promise<Refusal | undefined>
}

type Env = { Bindings: { house: { uploads: Uploads } } }

const Naming = z.strictObject({ name: TenantSettings.shape.name.optional() })
const Listening = z.strictObject({ format: z.enum(formats).default('audio/pcm') })

/** What programs call a WAV file. Registered is the last alone (RFC 2361). */
const wavTypes = new Set(['audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave'])

export function soundRoutes(): Hono<Env> {
  const routes = new Hono<Env>()

  routes.post('/:tenant/sounds', query(Naming), async (c) => {
    const { name } = c.req.valid('query')
    const reading = readWav(await wavBody(c))
    if (reading.is === 'bad') throw new Refused(reading.refusal)
    const { ms, sound } = reading
    const upload: Upload = { id: newId('aud'), name: name ?? null, ms, created_at: new Date().toISOString() }
    const refusal = await c.env.house.uploads.add(c.req.param('tenant'), upload, sound)
    if (refusal !== undefined) throw new Refused(refusal)
    return c.json(shown(upload), 201)
  })

  routes.get('/:tenant/sounds', async (c) => {
    const tenant = c.req.param('tenant')
    const uploads = await found(c.env.house.uploads.list(tenant), 'tenant', tenant)
    return c.json(listOf(uploads.map(shown)))
  })

  routes.get('/:tenant/sounds/:sound', async (c) => {
    const { tenant, sound } = c.req.param()
    return c.json(shown(await oneOf(c.env.house.uploads, tenant, sound)))
  })

  routes.get('/:tenant/sounds/:sound/audio', query(Listening), async (c) => {
    const { format } = c.req.valid('query')
    const { tenant, sound } = c.req.param()
    const { id } = await oneOf(c.env.house.uploads, tenant, sound)
    const samples = await found(c.env.house.uploads.bytes(tenant, id, format), 'sound', id)
    return c.body(wavFile(format, samples), 200, { 'content-type': 'audio/wav', 'cache-control': 'no-store' })
  })

  routes.delete('/:tenant/sounds/:sound', async (c) => {
    const { tenant, sound } = c.req.param()
    const { id } = await oneOf(c.env.house.uploads, tenant, sound)
    const refusal = await c.env.house.uploads.discard(tenant, id)
    if (refusal !== undefined) throw new Refused(refusal)
    return c.json({ object: 'sound', id, deleted: true })
  })

  return routes
}

async function wavBody(c: Context): Promise<Uint8Array> {
  const type = c.req.header('content-type')
  const [kind = ''] = (type ?? '').split(';')
  if (wavTypes.has(kind.trim().toLowerCase())) return readBytes(c, wavBytes)
  const sent = type === undefined ? 'nothing that was named' : `"${type.slice(0, 60)}"`
  throw new Refused({ why: 'media_unfit', details: { sent } })
}

async function oneOf(uploads: Uploads, tenant: string, id: string): Promise<Upload> {
  const all = await found(uploads.list(tenant), 'tenant', tenant)
  const one = all.find((upload) => upload.id === id)
  return found(Promise.resolve(one), 'sound', id)
}

function shown(upload: Upload): Upload & { object: 'sound' } {
  return { object: 'sound', ...upload }
}
