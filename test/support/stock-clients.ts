// The stock clients, unmodified, as talkers that may have to wait for their session. Knows no test.
import { AgentsTalker } from './agents-talker.ts'
import type { Broker, MadeTenant } from './broker.ts'
import { openaiClasses, OpenaiTalker } from './openai-talker.ts'
import type { Talker } from './scenario.ts'
import type { Secured } from './secure.ts'

export interface Waiting extends Talker {
  readonly errors: readonly unknown[]
}

export interface StockClient {
  name: string
  /** It shows its application the close code. */
  tellsCode: boolean
  dial(tenant: MadeTenant, broker: Broker, front: Secured): Promise<Waiting>
}

/** All begin before they have a session: `connect` of the last resolves when its socket is open. */
export const stockClients: readonly StockClient[] = [
  ...openaiClasses.map((name) => ({
    name: `openai ${name}`,
    tellsCode: true,
    dial: async ({ key }: MadeTenant, _: Broker, front: Secured) => new OpenaiTalker(name, front.baseURL, key),
  })),
  {
    name: '@openai/agents-realtime',
    tellsCode: false,
    dial: async ({ key }, broker) => {
      const talker = new AgentsTalker()
      await talker.connect(broker.wsUrl, key)
      return talker
    },
  },
]
