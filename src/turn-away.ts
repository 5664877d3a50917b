// What a caller is told that is refused before it is a call: over HTTP, or on its open socket, where stock clients can read it. Knows no
// host and no desk. Rules H5, H6.
import { firstFrameDelayMs, lateCloseMs } from './limits.ts'
import type { Clock, Socket } from './ports.ts'
import { closeReason, errorEvent, rendering, retryAfter, type Refusal } from './refusal.ts'

/**
 * A wrong key is refused before the upgrade, and what cannot be decided here now: a balancer sends the next one elsewhere (G10). The rest
 * after it, unless its tenant wants otherwise.
 */
export function beforeUpgrade({ why }: Refusal, wanted = false): boolean {
  return wanted || why === 'desk_unreachable' || rendering(why).type === 'authentication_error'
}

/** Tells the caller why, then closes: late, when it may come back. */
export function turnAway(caller: Socket, refusal: Refusal, call: string, clock: Clock): void {
  const { close } = rendering(refusal.why)
  clock.after(firstFrameDelayMs, () =>
    caller.send(JSON.stringify(errorEvent(refusal, `event_trunkline_${call.slice(-8)}`))),
  )
  const closeAfterMs = firstFrameDelayMs + (retryAfter(refusal) === undefined ? firstFrameDelayMs : lateCloseMs)
  clock.after(closeAfterMs, () => caller.close(close ?? 1011, closeReason(refusal)))
}
