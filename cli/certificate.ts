// The certificate of the local TLS port: an authority made once and a server certificate that it renews.
// Refuses to know who listens with it. The authority's key never leaves the state folder.
import { type KeyObject, X509Certificate, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { dayMs } from '../src/calendar.ts'
import { issueCertificate } from './issue.ts'
import { writeWhole } from './whole-file.ts'

export type Certificate = {
  /** Absolute path of the authority, for NODE_EXTRA_CA_CERTS. */
  readonly caFile: string
  /** The server's certificate in PEM. */
  readonly cert: string
  readonly key: string
}

const caDays = 3_650
const leafDays = 397 // the most that browsers accept
const renewDays = 30
const privateMode = 0o600
const publicMode = 0o644

type Pair = { readonly cert: string; readonly key: string }

/** Makes what is missing, renews what expires within 30 days, and keeps the rest. `names` join localhost. */
export async function ensureCertificate(dir: string, names: readonly string[] = []): Promise<Certificate> {
  await mkdir(dir, { recursive: true })
  const files = {
    ca: join(dir, 'ca.pem'),
    caKey: join(dir, 'ca-key.pem'),
    cert: join(dir, 'tls-cert.pem'),
    key: join(dir, 'tls-key.pem'),
  }
  const hosts = [...new Set(['localhost', '127.0.0.1', '::1', ...names])]
  const now = Date.now()

  let authority = await readPair(files.ca, files.caKey)
  if (authority === undefined || !lasts(authority, now)) {
    authority = await makeAuthority(now)
    await writeWhole(files.caKey, authority.key, privateMode)
    await writeWhole(files.ca, authority.cert, publicMode)
  }

  let leaf = await readPair(files.cert, files.key)
  if (leaf === undefined || !lasts(leaf, now) || !serves(leaf, authority, hosts)) {
    leaf = await makeLeaf(authority, hosts, now)
    await writeWhole(files.key, leaf.key, privateMode)
    await writeWhole(files.cert, leaf.cert, publicMode)
  }
  return { caFile: resolve(files.ca), ...leaf }
}

/** A pair that cannot be read, or whose halves do not belong together, counts as missing. */
async function readPair(certFile: string, keyFile: string): Promise<Pair | undefined> {
  try {
    const pair = { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') }
    return new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key)) ? pair : undefined
  } catch {
    return undefined
  }
}

function lasts(pair: Pair, now: number): boolean {
  return new X509Certificate(pair.cert).validToDate.getTime() - now > renewDays * dayMs
}

function serves(leaf: Pair, authority: Pair, hosts: readonly string[]): boolean {
  const certificate = new X509Certificate(leaf.cert)
  const signed = certificate.verify(createPublicKey(authority.cert))
  // Each check throws on the other's kind of name.
  const named = (host: string): boolean =>
    (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined
  return signed && hosts.every(named)
}

async function makeAuthority(now: number): Promise<Pair> {
  const { publicKey, privateKey } = newKeys()
  // The name carries the date, since a trust store shows nothing but names.
  const subject = `Trunkline local authority ${new Date(now).toISOString().slice(0, 10)}`
  const cert = await issueCertificate({
    subject,
    issuer: subject,
    publicKey,
    issuerKey: privateKey,
    issuerPublicKey: publicKey,
    ...validity(now, caDays),
    names: [],
  })
  return { cert, key: pem(privateKey) }
}

async function makeLeaf(authority: Pair, hosts: readonly string[], now: number): Promise<Pair> {
  const { publicKey, privateKey } = newKeys()
  const issuer = new X509Certificate(authority.cert)
  const wanted = validity(now, leafDays)
  const cert = await issueCertificate({
    subject: 'Trunkline on this machine',
    issuer: issuer.subject.replace(/^CN=/, ''),
    publicKey,
    issuerKey: createPrivateKey(authority.key),
    issuerPublicKey: issuer.publicKey,
    notBefore: wanted.notBefore,
    notAfter: new Date(Math.min(wanted.notAfter.getTime(), issuer.validToDate.getTime())),
    names: hosts,
  })
  return { cert, key: pem(privateKey) }
}

/** Begins an hour ago, for clients whose clock is behind; whole seconds, as the format has no finer. */
function validity(now: number, days: number): { notBefore: Date; notAfter: Date } {
  const start = Math.floor(now / 1000) * 1000 - 3_600_000
  return { notBefore: new Date(start), notAfter: new Date(start + days * dayMs) }
}

function newKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}
