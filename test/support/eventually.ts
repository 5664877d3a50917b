// Waits for what becomes true elsewhere, in another process. Knows nothing of what that is.

const betweenMs = 20

/** Asks again until the answer passes, or fails with the last one. */
export async function eventually<T>(
  ask: () => Promise<T>,
  passes: (answer: T) => boolean,
  withinMs = 5_000,
): Promise<T> {
  const end = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (passes(answer)) return answer
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${JSON.stringify(answer)}`)
    await new Promise((resolve) => setTimeout(resolve, betweenMs))
  }
}
