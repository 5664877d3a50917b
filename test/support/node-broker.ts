// The Node host for tests of its own: as a process with a practice upstream behind it, or as a command that says what it will not do.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { projectRoot } from '../../cli/broker.ts'
import type { SimOptions } from '../../sim/options.ts'
import type { Sim } from '../../sim/server.ts'
import { startBroker, type Broker } from './broker.ts'

export function startNode(options: SimOptions = {}, via?: (sim: Sim) => string): Promise<Broker> {
  return startBroker(options, via, 'node')
}

export const nodeMain: string = join(projectRoot, 'broker', 'main.ts')

export interface Ended {
  code: number | string
  stdout: string
  stderr: string
}

/** Runs the command until it ends; nothing of this process's own settings reaches it. */
export function runNode(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TRUNKLINE_')))
  return new Promise((resolve) => {
    const options = { env: { ...inherited, ...env }, timeout: 20_000 }
    execFile(process.execPath, [nodeMain, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr })
    })
  })
}
