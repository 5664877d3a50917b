// What is wrong with an offer that only its tenant's desk can tell: the key, the model, what is not served. Knows no line and no store.
import { keyValid, type Key, type Tenant } from './plan.ts'
import type { Offer } from './ports.ts'
import type { Refusal } from './refusal.ts'

export function offerProblem(offer: Offer, tenant: Tenant, key: Key, now: number): Refusal | undefined {
  if (!keyValid(key, now)) return { why: 'key_revoked' }
  if (offer.unserved !== null) return offer.unserved
  const models = offer.models.filter((model) => tenant.models === null || tenant.models.includes(model))
  if (offer.model === '') return { why: 'model_missing', details: { models: models.join(', ') } }
  if (!models.includes(offer.model))
    return { why: 'model_unknown', details: { model: offer.model, models: models.join(', ') } }
  return undefined
}
