import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** A certificate and its private key, both PEM. */
export interface Pair {
  readonly certificate: string
  readonly privateKey: string
  readonly name: string
  readonly key: KeyObject
}

export interface CertificateWish {
  /** The subject's common name. */
  readonly name: string
  /** DNS names; none: no subject alternative name. */
  readonly names?: readonly string[]
  readonly keyType?: 'ec' | 'rsa' | 'ed25519'
  readonly rsaBits?: number
  readonly curve?: string
  /** Uses this key instead of a new one. */
  readonly key?: KeyObject
  readonly fromMs?: number
  readonly toMs?: number
  /** May issue others. */
  readonly ca?: boolean
  readonly hash?: 'sha256' | 'sha1'
  /** Undefined: signed with its own key. */
  readonly issuer?: Pair
}

const day = 24 * 3_600_000

/** Makes a certificate (RFC 5280) without asking anybody: broken ones too. */
export function makeCertificate(wish: CertificateWish): Pair {
  const nowMs = Date.now()
  const { name, names = [], fromMs = nowMs - day, toMs = nowMs + 90 * day, hash = 'sha256' } = wish
  const key = wish.key ?? makeKey(wish)
  const issuer = wish.issuer ?? { name, key }
  const algorithm = signatureAlgorithm(issuer.key, hash)
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const tbs = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    distinguishedName(issuer.name),
    sequence(time(fromMs), time(toMs)),
    distinguishedName(name),
    spki,
    tagged(0xa3, sequence(...extensions(names, wish.ca === true))),
  )
  const signature = sign(issuer.key.asymmetricKeyType === 'ed25519' ? null : hash, tbs, issuer.key)
  const der = sequence(tbs, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])))
  return { certificate: pem('CERTIFICATE', der), privateKey: privatePem(key), name, key }
}

/** SHA-256 of a certificate as `x5t#S256` has it. */
export function thumbprintOf({ certificate }: Pair): string {
  const der = Buffer.from(certificate.replaceAll(/-----[^-]+-----/g, ''), 'base64')
  return createHash('sha256').update(der).digest('base64url')
}

function makeKey({ keyType = 'ec', rsaBits = 2048, curve = 'P-256' }: CertificateWish): KeyObject {
  if (keyType === 'rsa') return generateKeyPairSync('rsa', { modulusLength: rsaBits }).privateKey
  if (keyType === 'ed25519') return generateKeyPairSync('ed25519').privateKey
  return generateKeyPairSync('ec', { namedCurve: curve }).privateKey
}

function privatePem(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }))
}

function signatureAlgorithm(key: KeyObject, hash: 'sha256' | 'sha1'): Buffer {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return sequence(oid(`1.2.840.113549.1.1.${hash === 'sha1' ? 5 : 11}`), tagged(0x05, Buffer.alloc(0)))
    case 'ed25519':
      return sequence(oid('1.3.101.112'))
    default:
      return sequence(oid(hash === 'sha1' ? '1.2.840.10045.4.1' : '1.2.840.10045.4.3.2'))
  }
}

function extensions(names: readonly string[], ca: boolean): Buffer[] {
  const constraints = sequence(...(ca ? [tagged(0x01, Buffer.from([0xff]))] : []))
  const alternative = sequence(...names.map((name) => tagged(0x82, Buffer.from(name, 'latin1'))))
  return [
    sequence(oid('2.5.29.19'), tagged(0x01, Buffer.from([0xff])), tagged(0x04, constraints)),
    ...(names.length === 0 ? [] : [sequence(oid('2.5.29.17'), tagged(0x04, alternative))]),
  ]
}

function distinguishedName(commonName: string): Buffer {
  return sequence(tagged(0x31, sequence(oid('2.5.4.3'), tagged(0x0c, Buffer.from(commonName)))))
}

/** UTCTime: years 1950 to 2049. */
function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return tagged(0x17, Buffer.from(text.slice(2)))
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest.flatMap(base128)]
  return tagged(0x06, Buffer.from(bytes))
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80)
  return bytes
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes)
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts))
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
