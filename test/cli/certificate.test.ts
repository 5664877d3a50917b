// The local TLS certificate, judged by Node's own TLS client and X.509 reader.
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ensureCertificate } from '../../cli/certificate.ts'
import { issueCertificate } from '../../cli/issue.ts'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trunkline-certificate-'))
})

afterEach(() => rm(dir, { recursive: true }))

const dayMs = 86_400_000

function days(of: X509Certificate): number {
  return (of.validToDate.getTime() - of.validFromDate.getTime()) / dayMs
}

async function handshake(servername: string, host = '127.0.0.1'): Promise<string> {
  const { cert, key, caFile } = await ensureCertificate(dir)
  const server = createServer({ cert, key }, (socket) => socket.end('hello'))
  server.listen(0, host)
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    const client = connect({ host, port, ca: await readFile(caFile), ...(servername === '' ? {} : { servername }) })
    await once(client, 'secureConnect')
    client.destroy()
    return client.authorized ? 'trusted' : String(client.authorizationError)
  } finally {
    server.close()
  }
}

test('[CLI] the certificate is trusted by a TLS client that knows the authority, by name and by address', async () => {
  expect(await handshake('localhost')).toBe('trusted')
  expect(await handshake('', '127.0.0.1')).toBe('trusted')
})

test('[CLI] the certificate is for this machine only', async () => {
  await expect(handshake('example.com')).rejects.toThrow(/altnames/)
})

test('[CLI] the certificate is made once', async () => {
  const first = await ensureCertificate(dir)
  const authority = await readFile(first.caFile, 'utf8')
  expect(await ensureCertificate(dir)).toEqual(first)
  expect(await readFile(first.caFile, 'utf8')).toBe(authority)
})

test('[CLI] the authority lasts ten years, the server certificate no longer than browsers accept', async () => {
  const { cert, caFile } = await ensureCertificate(dir)
  const authority = new X509Certificate(await readFile(caFile))
  const leaf = new X509Certificate(cert)
  expect(days(leaf)).toBe(397)
  expect(days(authority)).toBe(3_650)
  expect(authority.ca).toBe(true)
  expect(leaf.ca).toBe(false)
  expect(leaf.checkIssued(authority)).toBe(true)
  expect(leaf.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
})

test('[CLI] private keys can be read by their owner only', async () => {
  await ensureCertificate(dir)
  for (const file of ['ca-key.pem', 'tls-key.pem']) expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600)
})

test('[CLI] a server certificate about to expire is renewed by the same authority', async () => {
  const first = await ensureCertificate(dir)
  const authority = await readFile(first.caFile, 'utf8')
  const issuer = new X509Certificate(authority)
  const now = Math.floor(Date.now() / 1000) * 1000
  const old = await issueCertificate({
    subject: 'Trunkline on this machine',
    issuer: issuer.subject.replace('CN=', ''),
    publicKey: new X509Certificate(first.cert).publicKey,
    issuerKey: createPrivateKey(await readFile(join(dir, 'ca-key.pem'), 'utf8')),
    issuerPublicKey: issuer.publicKey,
    notBefore: new Date(now - 300 * dayMs),
    notAfter: new Date(now + 29 * dayMs),
    names: ['localhost', '127.0.0.1', '::1'],
  })
  await writeFile(join(dir, 'tls-cert.pem'), old)
  const renewed = await ensureCertificate(dir)
  expect(new X509Certificate(renewed.cert).validToDate.getTime() - now).toBeGreaterThan(390 * dayMs)
  expect(await readFile(renewed.caFile, 'utf8')).toBe(authority)
})

test('[CLI] a damaged key is replaced, and so is the certificate that it belonged to', async () => {
  const first = await ensureCertificate(dir)
  await writeFile(join(dir, 'tls-key.pem'), 'not a key')
  const second = await ensureCertificate(dir)
  expect(second.cert).not.toBe(first.cert)
  expect(await handshake('localhost')).toBe('trusted')
})

test('[CLI] another address of this machine joins the certificate when it is listened on', async () => {
  await ensureCertificate(dir)
  await ensureCertificate(dir, ['desk.lan'])
  const { cert } = await ensureCertificate(dir, ['192.168.7.5', 'fd00::12', 'desk.lan'])
  const leaf = new X509Certificate(cert)
  expect(leaf.checkIP('192.168.7.5')).toBe('192.168.7.5')
  expect(leaf.checkIP('fd00::12')).toBe('fd00::12')
  expect(leaf.checkHost('desk.lan')).toBe('desk.lan')
})
