// What the figures were measured on. Refuses to know the figures.
import { cpus, release, type } from 'node:os'
import { workerdVersion } from './workerd.ts'

export interface Machine {
  readonly cores: number
  readonly cpu: string
  readonly os: string
  readonly node: string
  readonly workerd: string
  readonly text: string
}

export function thisMachine(): Machine {
  const cores = cpus().length
  const cpu = cpus()[0]?.model.trim() ?? 'unknown'
  const os = `${type()} ${release()}`
  const node = process.version
  const text = `${cores} cores (${cpu}), ${os}, Node ${node}, workerd ${workerdVersion}`
  return { cores, cpu, os, node, workerd: workerdVersion, text }
}
