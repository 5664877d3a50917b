// One webhook's POST from a Worker. The runtime resolves the name itself, and no address can be pinned: what may be told is judged by its URL
// and by the operator's list of hosts. Knows no message. Rule A5.
import { Unsent, type Post } from '../src/courier.ts'
import { webhookAnswerBytes, webhookTimeoutMs } from '../src/limits.ts'
import { targetProblem, type TargetPolicy } from '../src/webhook-target.ts'
import type { Env } from './env.ts'

export function policyOf({ TRUNKLINE_WEBHOOK_HOSTS, TRUNKLINE_ALLOW_PRIVATE_WEBHOOKS }: Env): TargetPolicy {
  const hosts = (TRUNKLINE_WEBHOOK_HOSTS ?? '').split(',').map((host) => host.trim().toLowerCase())
  const named = hosts.filter((host) => host !== '')
  return { private: TRUNKLINE_ALLOW_PRIVATE_WEBHOOKS === 'true', hosts: named.length === 0 ? undefined : named }
}

export const readUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined)

export function makePost(may: TargetPolicy, timeoutMs = webhookTimeoutMs): Post {
  return async ({ url, headers, body }) => {
    const problem = targetProblem(url, readUrl, may)
    if (problem !== undefined) throw new Unsent(`Its URL ${problem}.`)
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
      await dropped(answer).catch(() => undefined) // its status says it all
      return answer.status
    } catch (error) {
      throw signal.aborted ? new Unsent(`It did not answer within ${timeoutMs / 1000} s.`) : error
    }
  }
}

/** Reads so much of an answer that its sender is not cut off in the midst of a usual one. */
async function dropped({ body }: Response): Promise<void> {
  let bytes = 0
  for await (const piece of body ?? []) {
    bytes += (piece as Uint8Array).length
    if (bytes > webhookAnswerBytes) return // which cancels the stream
  }
}
