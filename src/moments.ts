// When a call passed from one state to the next, and the times between. Knows no call. Rule C1.

/** In ms since 1970; undefined for what did not happen. */
export interface Moments {
  offered: number
  /** It was told to wait. */
  queued?: number
  /** It had its line. */
  seated?: number
  dialled?: number
  opened?: number
  ended?: number
}

export interface Times {
  waitedMs: number
  liveMs: number
  /** What the broker itself took: from the offer, or the end of the wait, to the dial. */
  overheadMs: number
  connectMs: number | null
}

export function timesOf({ offered, queued, seated, dialled, opened, ended = offered }: Moments): Times {
  return {
    waitedMs: queued === undefined ? 0 : (seated ?? ended) - offered,
    liveMs: opened === undefined ? 0 : ended - opened,
    overheadMs: dialled === undefined ? 0 : dialled - (queued === undefined ? offered : (seated ?? dialled)),
    connectMs: opened === undefined ? null : opened - (dialled ?? opened),
  }
}
