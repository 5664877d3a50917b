// The process that runs the Worker in wrangler's local mode. Its parent speaks to it over the fork channel only:
// secrets are on no command line and in no environment. Refuses to know what the variables mean.
import type { ChildProcess } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { basename, join } from 'node:path'

export type Order = {
  readonly config: string
  readonly host: string
  readonly port: number
  readonly stateDir: string
  readonly vars: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
  readonly verbose: boolean
}

export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'crashed'; readonly why: string }

export const stopOrder = 'stop'

type Binding = { readonly type: 'plain_text' | 'secret_text'; readonly value: string }

/** Two workerds, and esbuild's service. */
const children = new Set<ChildProcess>()
let ready = false
let stopping = false
let dispose: () => Promise<void> = () => Promise.resolve()

// Miniflare quietly starts a fresh runtime when one dies; to a live call that is a hang-up, so we must see it.
// The message comes before the spawn, hence the second event (Node docs, diagnostics_channel, "child_process").
subscribe('child_process', (message) => {
  const { process: child } = message as { process: ChildProcess }
  child.once('spawn', () => children.add(child))
  child.once('exit', (code, signal) => {
    children.delete(child)
    if (!basename(child.spawnfile).startsWith('workerd') || !ready || stopping) return
    void end({ kind: 'crashed', why: signal === null ? `exit code ${code}` : `signal ${signal}` })
  })
})

process.on('message', (message: Order | typeof stopOrder) => {
  if (message === stopOrder) void end()
  else void start(message).catch((error: unknown) => end({ kind: 'failed', why: sentence(error) }))
})
// The parent is gone, however it died.
process.on('disconnect', () => void end())
// A dead parent also means broken pipes; the channel above is what tells us.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)

async function start(order: Order): Promise<void> {
  const { unstable_DevEnv } = await import('wrangler')
  const env = new unstable_DevEnv()
  dispose = () => env.teardown()
  const failed = new Promise<never>((_, reject) => {
    // Neither event rejects `ready`: without them a Worker that does not build would hang for ever.
    env.on('error', (event: unknown) => reject(event))
    env.on('buildFailed', (event: unknown) => reject(event))
  })
  const bindings: Record<string, Binding> = {}
  for (const [name, value] of Object.entries(order.vars)) bindings[name] = { type: 'plain_text', value }
  for (const [name, value] of Object.entries(order.secrets)) bindings[name] = { type: 'secret_text', value }
  const run = async (): Promise<void> => {
    const worker = await env.startWorker({
      config: order.config,
      bindings,
      // A file that is not there: a stray .dev.vars or .env must not change what the parent announced.
      envFiles: [join(order.stateDir, 'no-such.env')],
      build: { custom: { command: '' } },
      dev: {
        // A reload closes live calls.
        watch: false,
        liveReload: false,
        inspector: false,
        logLevel: order.verbose ? 'log' : 'warn',
        persist: order.stateDir,
        server: { hostname: order.host, port: order.port, secure: false },
      },
    })
    await worker.ready
  }
  await Promise.race([run(), failed])
  ready = true
  report({ kind: 'ready' })
}

async function end(last?: Report): Promise<void> {
  if (stopping) return
  stopping = true
  if (last !== undefined) report(last)
  await dispose().catch(() => undefined)
  // Teardown kills without waiting; only a parent can see its child off, and we are about to go.
  const gone = [...children].map((child) => once(child, 'exit'))
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(gone)
  process.exit(last === undefined ? 0 : 1)
}

function report(message: Report): void {
  if (process.connected) process.send?.(message)
}

/** Wrangler's events wrap the error that says something: { reason, cause }. */
function sentence(error: unknown): string {
  const { reason, message, cause } = (error ?? {}) as {
    reason?: string
    message?: string
    cause?: { message?: string }
  }
  return [reason ?? message, cause?.message].filter((part) => part !== undefined).join(': ') || String(error)
}
