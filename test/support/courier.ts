// A courier for tests that are about something else: whatever is sent is lost. Knows no test.
import { Courier, Unsent } from '../../src/courier.ts'
import { webHmac } from '../../src/http/hmac.ts'

export const nobodysCourier: Courier = new Courier({
  now: () => Date.now(),
  hmac: webHmac,
  post: () => Promise.reject(new Unsent('Nobody is told.')),
})
