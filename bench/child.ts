// A forked program of the bench that answers orders one by one. Refuses to know the orders.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

export interface Child {
  readonly pid: number
  /** What it says first, unasked. */
  readonly said: Promise<unknown>
  ask<T>(order: object): Promise<T>
  end(): Promise<void>
}

const patienceMs = 120_000

export interface ChildOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly execArgv?: readonly string[]
  /** Whatever it writes is its own affair. */
  readonly quiet?: boolean
}

export function startChild(
  file: string,
  { args = [], env = {}, execArgv = [], quiet = false }: ChildOptions = {},
): Child {
  const child = fork(new URL(file, import.meta.url), args, {
    serialization: 'advanced',
    execArgv: [...execArgv],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', quiet ? 'ignore' : 'inherit', 'ipc'],
  })
  const said = heard(child, file)
  said.catch(() => undefined) // nobody may be waiting for it
  // It ends itself when its channel closes, however this process ends: see `disconnect` in each.
  return {
    pid: child.pid ?? 0,
    said,
    ask: async <T>(order: object): Promise<T> => {
      const answer = heard(child, file)
      child.send(order)
      const { answer: value, error } = (await answer) as { answer: T; error?: string }
      if (error !== undefined) throw new Error(`${file}: ${error}`)
      return value
    },
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    },
  }
}

async function heard(child: ChildProcess, file: string): Promise<unknown> {
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(patienceMs)])
  try {
    const gone = once(child, 'exit', { signal }).then(() => Promise.reject(new Error(`${file} ended`)))
    const [message] = (await Promise.race([once(child, 'message', { signal }), gone])) as [unknown]
    return message
  } finally {
    stop.abort()
  }
}
