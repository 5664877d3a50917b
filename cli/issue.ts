// Issues X.509 certificates for the local TLS port, by @peculiar/x509. Knows no file.
import 'reflect-metadata'
import type { KeyObject } from 'node:crypto'
import * as x509 from '@peculiar/x509'

export interface Order {
  subject: string
  issuer: string
  publicKey: KeyObject
  issuerKey: KeyObject
  issuerPublicKey: KeyObject
  notBefore: Date
  notAfter: Date
  /** Host names and addresses that it serves; none: it is an authority. */
  names: readonly string[]
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const isAddress = /^[\d.]+$|:/

/** The certificate in PEM. Keys are P-256. */
export async function issueCertificate(order: Order): Promise<string> {
  const key = order.publicKey.toCryptoKey(algorithm, true, ['verify'])
  const issuerPublicKey = order.issuerPublicKey.toCryptoKey(algorithm, true, ['verify'])
  const authority = order.names.length === 0
  const usage = authority ? x509.KeyUsageFlags.keyCertSign : x509.KeyUsageFlags.digitalSignature
  const purpose = [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth])]
  const names = order.names.map((value) => ({ type: isAddress.test(value) ? 'ip' : 'dns', value }) as const)
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [order.subject] }],
    issuer: [{ CN: [order.issuer] }],
    notBefore: order.notBefore,
    notAfter: order.notAfter,
    publicKey: key as x509.PublicKeyType,
    signingKey: order.issuerKey.toCryptoKey(algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(authority, authority ? 0 : undefined, true),
      new x509.KeyUsagesExtension(usage, true),
      await x509.SubjectKeyIdentifierExtension.create(key, false),
      await x509.AuthorityKeyIdentifierExtension.create(issuerPublicKey, false),
      ...(authority ? [] : purpose),
      ...(authority ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  })
  return `${certificate.toString('pem')}\n`
}
