// The Worker: an upgrade goes to a call object of its own, everything else to the HTTP app. Knows no rule.
import { v7 as uuid } from 'uuid'
import { app } from '../src/http/app.ts'
import { refusalResponse } from '../src/http/answer.ts'
import { readArrival } from '../src/http/door.ts'
import { webSha256 } from '../src/http/key.ts'
import { comer, Storm } from '../src/storm.ts'
import { clock } from './clock.ts'
import { upstreams, type Env } from './env.ts'
import { houseOf } from './house.ts'

export { CallObject } from './call-object.ts'
export { DeskObject } from './desk-object.ts'
export { PoolObject } from './pool-object.ts'
export { RegistryObject } from './registry-object.ts'

const routes = app()
/** Each isolate has its own, and forgets it when it goes: a brake on what comes this way, and nobody's cap. */
const storm = new Storm(clock)

export default {
  async fetch(request, env): Promise<Response> {
    const { pathname } = new URL(request.url)
    const upgrades = request.headers.get('upgrade')?.toLowerCase() === 'websocket'
    return pathname === '/v1/realtime' && upgrades ? meet(request, env) : routes.fetch(request, { house: houseOf(env) })
  },
} satisfies ExportedHandler<Env>

/** What is wrong with an upgrade's form or its key's, or comes too fast, is refused here: no object is touched for it. */
async function meet(request: Request, env: Env): Promise<Response> {
  const call = `call_${uuid().replaceAll('-', '')}`
  const arrival = await readArrival(request, call, upstreams(env), webSha256)
  // Cloudflare sets the address itself, whatever the client sent; a runtime without Cloudflare in front knows none.
  const who = comer(request.headers.get('cf-connecting-ip'), 'why' in arrival ? null : arrival.offer.keyHash)
  const tooMuch = storm.take(who, clock.now())
  if (tooMuch !== undefined) {
    await storm.answers(who)
    return refusalResponse(tooMuch, call)
  }
  const answer = 'why' in arrival ? refusalResponse(arrival, call) : await env.CALL.getByName(call).fetch(request)
  if (answer.status === 401) storm.wrong(who, clock.now())
  else storm.good(who)
  return answer
}
