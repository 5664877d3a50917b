// Where calls go: another server if one is named, OpenAI if there is a key, else the practice upstream.
// Refuses to start anything.
export type Upstream =
  | { readonly kind: 'named' | 'openai'; readonly url: string; readonly key: string }
  | { readonly kind: 'practice'; readonly key: string }

const openaiUrl = 'wss://api.openai.com/v1/realtime'
/** OpenAI's own clients always send a key, so servers that speak its protocol, ours too, may refuse a call without. */
const standInKey = 'no-key-was-set'

export function chooseUpstream(named: string | undefined, openaiKey: string | undefined): Upstream {
  const key = openaiKey?.trim() || undefined
  if (named !== undefined) return { kind: 'named', url: named, key: key ?? standInKey }
  return key === undefined ? { kind: 'practice', key: standInKey } : { kind: 'openai', url: openaiUrl, key }
}
