// One webhook's POST from a Worker. The runtime resolves the name itself, and no address can be pinned: what may be told is judged by its URL
// and by the operator's list of hosts. Knows no message. Rule A5.
import type { Post } from '../src/courier.ts'
import { drop, judge, late } from '../src/http/webhook-post.ts'
import { webhookTimeoutMs } from '../src/limits.ts'
import type { TargetPolicy } from '../src/webhook-target.ts'
import type { Env } from './env.ts'

export function policyOf({ TRUNKLINE_WEBHOOK_HOSTS, TRUNKLINE_ALLOW_PRIVATE_WEBHOOKS }: Env): TargetPolicy {
  const hosts = (TRUNKLINE_WEBHOOK_HOSTS ?? '').split(',').map((host) => host.trim().toLowerCase())
  const named = hosts.filter((host) => host !== '')
  return { private: TRUNKLINE_ALLOW_PRIVATE_WEBHOOKS === 'true', hosts: named.length === 0 ? undefined : named }
}

export function makePost(may: TargetPolicy, timeoutMs = webhookTimeoutMs): Post {
  return async ({ url, headers, body }) => {
    judge(url, may)
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
      if (answer.body !== null) await drop(answer.body).catch(() => undefined) // its status says it all
      return answer.status
    } catch (error) {
      throw signal.aborted ? late(timeoutMs) : error
    }
  }
}
