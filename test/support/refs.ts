// A call as its desk is told of it, where a test does not say more of it.
import type { CallRef } from '../../src/ports.ts'

export function ref(call: string, own: Partial<CallRef> = {}): CallRef {
  return { call, tenant: 'ten_1', key: 'k1', agent: null, caller: null, model: 'gpt-realtime', pool: 'openai', ...own }
}
