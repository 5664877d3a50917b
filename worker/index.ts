// The Worker: an upgrade goes to a call object of its own, everything else to the HTTP app. Knows no rule.
import { v7 as uuid } from 'uuid'
import { app } from '../src/http/app.ts'
import { refusalResponse } from '../src/http/answer.ts'
import { readArrival } from '../src/http/door.ts'
import { upstreams, type Env } from './env.ts'
import { houseOf } from './house.ts'

export { CallObject } from './call-object.ts'
export { DeskObject } from './desk-object.ts'
export { PoolObject } from './pool-object.ts'
export { RegistryObject } from './registry-object.ts'

const routes = app()

export default {
  async fetch(request, env): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === '/v1/realtime' && request.headers.get('upgrade')?.toLowerCase() === 'websocket') {
      const call = `call_${uuid().replaceAll('-', '')}`
      // What is wrong with the request or its key's form is said here: no object is touched for it.
      const arrival = await readArrival(request, call, upstreams(env))
      if ('why' in arrival) return refusalResponse(arrival, call)
      return env.CALL.getByName(call).fetch(request)
    }
    return routes.fetch(request, { house: houseOf(env) })
  },
} satisfies ExportedHandler<Env>
