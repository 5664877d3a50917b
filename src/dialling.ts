// One dial of one call: it opens or fails once, and in time. Knows no call. Rule C6.
import { dialTimeoutMs } from './limits.ts'
import { UpstreamFault, type Brings, type Line, type Socket, type Target } from './ports.ts'
import type { Refusal } from './refusal.ts'

export interface Dialled {
  opened(socket: Socket): void
  unopened(refusal: Refusal): void
}

export interface Dialling {
  /** Gives the dial up, and closes what it still brings. */
  abandon(): void
  /** Stops looking at the clock. */
  forget(): void
}

export function dial({ clock, guard, upstream }: Brings, target: Target, line: Line, dialled: Dialled): Dialling {
  const way = upstream.open(target, line)
  const forget = clock.after(dialTimeoutMs, () =>
    dialled.unopened({ why: 'upstream_silent', details: { ms: dialTimeoutMs } }),
  )
  way.opened.then(
    (socket) => {
      forget()
      guard(() => dialled.opened(socket))
    },
    (error: unknown) => {
      forget()
      const refusal: Refusal = error instanceof UpstreamFault ? error.refusal : { why: 'upstream_unreachable' }
      guard(() => dialled.unopened(refusal))
    },
  )
  return { abandon: () => way.abandon(), forget }
}
