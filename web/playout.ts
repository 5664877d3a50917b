// Arithmetic of playing an answer: when the next piece starts, and how much of an item was really heard. Plays nothing.

/** Seconds between the arrival of a first piece and its start: room for network jitter. */
export const leadSeconds = 0.06

export interface Piece {
  readonly itemId: string
  readonly contentIndex: number
  /** Seconds, on the clock of the audio context. */
  readonly startsAt: number
  readonly seconds: number
}

/** An item that was stopped before its end, and how many of its milliseconds were heard. */
export interface Cut {
  readonly itemId: string
  readonly contentIndex: number
  readonly heardMs: number
}

/** Right behind the last piece, or a little after now when nothing is playing any more. */
export function nextStart(pieces: readonly Piece[], now: number): number {
  const last = pieces.at(-1)
  const end = last === undefined ? 0 : last.startsAt + last.seconds
  return end > now ? end : now + leadSeconds
}

/** The items that are not yet heard to their end, in the order in which they play. */
export function cutsAt(pieces: readonly Piece[], now: number): Cut[] {
  const items = new Map<string, { contentIndex: number; heard: number; whole: number }>()
  for (const piece of pieces) {
    const item = items.get(piece.itemId) ?? { contentIndex: piece.contentIndex, heard: 0, whole: 0 }
    item.heard += Math.max(0, Math.min(piece.seconds, now - piece.startsAt))
    item.whole += piece.seconds
    items.set(piece.itemId, item)
  }
  return [...items]
    .filter(([, item]) => item.heard < item.whole)
    .map(([itemId, item]) => ({ itemId, contentIndex: item.contentIndex, heardMs: Math.floor(item.heard * 1000) }))
}
