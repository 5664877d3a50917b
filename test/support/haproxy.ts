// HAProxy as the balancer of a long run, with health checks on /readyz. It tries no second server: what one does not take is a failure.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Balancer } from './balancer.ts'
import { eventually } from './eventually.ts'
import { freePort } from './redis.ts'

export async function startHaproxy(ports: readonly number[], everyMs: number): Promise<Balancer> {
  const [dir, own, statistics] = [
    await mkdtemp(join(tmpdir(), 'trunkline-haproxy-')),
    await freePort(),
    await freePort(),
  ]
  const servers = ports.map((port) => `  server n${port} 127.0.0.1:${port} check inter ${everyMs}ms fall 1 rise 1\n`)
  await writeFile(
    join(dir, 'haproxy.cfg'),
    `defaults
  mode tcp
  timeout connect 2s
  timeout client 1h
  timeout server 1h
  retries 0
frontend calls
  bind 127.0.0.1:${own}
  default_backend nodes
backend nodes
  balance roundrobin
  option httpchk
  http-check send meth GET uri /readyz ver HTTP/1.1 hdr host localhost
${servers.join('')}listen statistics
  mode http
  bind 127.0.0.1:${statistics}
  stats enable
  stats uri /
`,
  )
  const child = spawn('haproxy', ['-db', '-f', join(dir, 'haproxy.cfg')], { stdio: 'ignore' })
  const up = new Set<number>()
  const look = async (): Promise<void> => {
    const page = await fetch(`http://127.0.0.1:${statistics}/;csv`).then(
      (answer) => answer.text(),
      () => '',
    )
    for (const port of ports) {
      const line = page.split('\n').find((one) => one.startsWith(`nodes,n${port},`)) ?? ''
      if (line.split(',')[17]?.startsWith('UP') === true) up.add(port)
      else up.delete(port)
    }
  }
  await eventually(look, () => up.size === ports.length)
  const timer = setInterval(() => void look(), everyMs)
  return {
    url: `http://127.0.0.1:${own}`,
    sends: (port) => up.has(port),
    end: async () => {
      clearInterval(timer)
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      await rm(dir, { recursive: true })
    },
  }
}
