// What the POST of a webhook is on every host: which URL may be told, how late is too late, how much of an answer is read. Knows no socket.
// Rule A5.
import { Unsent } from '../courier.ts'
import { webhookAnswerBytes } from '../limits.ts'
import { targetProblem, type TargetPolicy } from '../webhook-target.ts'

/** What is wrong with a URL, as a sentence's end; undefined when it may be told. */
export function urlProblem(text: string, may: TargetPolicy): string | undefined {
  return targetProblem(text, readUrl, may)
}

/** Throws where this URL may not be told. */
export function judge(url: string, may: TargetPolicy): void {
  const problem = urlProblem(url, may)
  if (problem !== undefined) throw new Unsent(`Its URL ${problem}.`)
}

export function late(timeoutMs: number): Unsent {
  return new Unsent(`It did not answer within ${timeoutMs / 1000} s.`)
}

/** Reads so much of an answer that its sender is not cut off in the midst of a usual one; to stop is to cut it off. */
export async function drop(answer: AsyncIterable<Uint8Array>): Promise<void> {
  let bytes = 0
  for await (const { length } of answer) {
    bytes += length
    if (bytes > webhookAnswerBytes) return
  }
}

function readUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}
