// What stands in deploy/ against the broker that it deploys. No Docker is needed, so none is tested; `npm run check` reads the YAML.
import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { help, readConfig } from '../../broker/config.ts'
import { upstreamsOf } from '../../src/upstream.ts'

const project = join(import.meta.dirname, '..', '..')
const read = (file: string): string => readFileSync(join(project, file), 'utf8')
const dockerfile = read('deploy/Dockerfile')
const compose = read('deploy/compose.yaml')

const settings = new Set(Array.from(help().matchAll(/\[(TRUNKLINE_\w+)\]$/gm), ([, name]) => name))
const secrets = ['TRUNKLINE_ADMIN_KEY', ...upstreamsOf(undefined, undefined).map(({ secret }) => secret)]

/** `NAME=value` of the Dockerfile, `NAME: value` of the compose file. */
function variables(text: string): Record<string, string> {
  const found = text.matchAll(/^(?:ENV +|\s+)((?:TRUNKLINE|OPENAI)_\w+)[=:] *['"]?(.*?)['"]?$/gm)
  return Object.fromEntries(Array.from(found, ([, name = '', value = '']) => [name, value]))
}

/** Sources of COPY lines that take from the project. */
const copied = Array.from(dockerfile.matchAll(/^COPY (?!--)(.*) \S+$/gm), ([, from = '']) => from.split(' ')).flat()

test.each([
  ['Dockerfile', dockerfile],
  ['compose.yaml', compose],
])('[DEPLOY] each variable of the %s is one of the broker’s, with a value that it takes', (_, text) => {
  const given = Object.entries(variables(text))
  expect(given.length).toBeGreaterThan(1)
  const [files, plain] = [/_FILE$/, /(?<!_FILE)$/].map((end) => given.filter(([name]) => end.test(name)))
  for (const [name] of files ?? []) expect(secrets).toContain(name.replace(/_FILE$/, ''))
  for (const [name] of plain ?? []) expect(settings).toContain(name)
  expect(() => readConfig([], Object.fromEntries(plain ?? []))).not.toThrow()
})

test('[DEPLOY] each secret of the compose file is mounted under the name by which it is read', () => {
  const files = Object.values(variables(compose)).filter((value) => value.startsWith('/run/secrets/'))
  expect(files.length).toBe(2)
  for (const file of files)
    expect(compose).toMatch(new RegExp(`^  ${file.slice('/run/secrets/'.length)}:\n    file: `, 'm'))
})

test('[DEPLOY] nobody is killed in the midst of a drain: broker and balancer have longer than the longest one', () => {
  const graces = Array.from(compose.matchAll(/stop_grace_period: (\d+)s/g), ([, seconds]) => Number(seconds))
  const drain = Number(variables(compose)['TRUNKLINE_DRAIN_SECONDS'])
  expect(graces.length).toBe(2)
  for (const grace of graces) expect(grace).toBeGreaterThan(drain + 30)
})

test(
  '[DEPLOY] what the Dockerfile copies is there, let through by .dockerignore, and enough to build the package',
  {
    timeout: 60_000,
  },
  () => {
    const allowed = new Set(Array.from(read('.dockerignore').matchAll(/^!(.*)$/gm), ([, path]) => path))
    const context = mkdtempSync(join(tmpdir(), 'trunkline-context-'))
    try {
      for (const path of copied) {
        expect(existsSync(join(project, path)), path).toBe(true)
        expect(allowed).toContain(path.replace(/^\.\//, ''))
        cpSync(join(project, path), join(context, path), { recursive: true })
      }
      symlinkSync(join(project, 'node_modules'), join(context, 'node_modules'))
      const build = spawnSync(process.execPath, ['tools/package.ts', '--out', 'out'], {
        cwd: context,
        encoding: 'utf8',
      })
      expect(build.stderr).toBe('')
      expect(existsSync(join(context, 'out', 'main.js'))).toBe(true)
      expect(globSync('out/web/hold/**/*.pcm', { cwd: context })).not.toEqual([])
    } finally {
      rmSync(context, { recursive: true })
    }
  },
)

test('[DEPLOY] the image’s health check finds a live broker healthy, and one that is not there ill', async () => {
  const [, words = '[]'] = /^HEALTHCHECK .*? CMD (\[.*\])$/m.exec(dockerfile) ?? []
  const [, ...args] = JSON.parse(words) as string[]
  const check = async (port: number): Promise<number | null> => {
    const child = execFile(process.execPath, args, { env: { TRUNKLINE_PORT: String(port) } })
    return ((await once(child, 'exit')) as [number | null])[0]
  }
  const server = createServer(({ url }, response) => response.writeHead(url === '/livez' ? 200 : 404).end())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  expect(await check(port)).toBe(0)
  server.close()
  await once(server, 'close')
  expect(await check(port)).toBe(1)
})

const haproxy = ['/usr/sbin', '/usr/local/sbin', ...(process.env['PATH'] ?? '').split(':')]
  .map((dir) => join(dir, 'haproxy'))
  .find((file) => existsSync(file))

test('[DEPLOY] HAProxy asks for health as HTTP/1.1 with a host: without one Node answers 400, and no node would ever be up', () => {
  expect(read('deploy/haproxy.cfg')).toMatch(/^ {2}http-check send meth GET uri \/readyz ver HTTP\/1\.1 hdr Host \S+$/m)
})

test.runIf(haproxy !== undefined)('[DEPLOY] HAProxy takes its configuration', () => {
  const config = join(project, 'deploy', 'haproxy.cfg')
  const { status, stderr } = spawnSync(haproxy ?? '', ['-c', '-f', config], { cwd: dirname(config), encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
})
