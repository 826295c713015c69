import { execFileSync } from 'node:child_process'
import {
  createHmac,
  createPrivateKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchAlgorithm, TokenKind } from './cases.ts'

export const issuer = 'https://id.example.com/realms/bench'
export const audience = 'bench-api'

/** Where keys and token pools are kept between runs of one day: signing 160,000 RS256 tokens takes a minute. */
const folder = join(tmpdir(), 'jotgate-bench')
const validSeconds = 7 * 24 * 3600

export interface TokenPool {
  /** One token a line. */
  readonly file: string
  /** PEM of the public key, or the shared secret. */
  readonly keyFile: string
}

/** A pool of distinct tokens, made once a day and kept. */
export function tokenPool(kind: TokenKind): TokenPool {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const day = Math.floor(Date.now() / 86_400_000)
  const { algorithm, tokenBytes, origin, tokens } = kind
  const keyFile = keyPair(day, algorithm, 'own').publicFile
  const { privateFile } = keyPair(day, algorithm, origin === 'forged' ? 'other' : 'own')
  const file = join(folder, `tokens-${day}-${algorithm}-${tokenBytes}-${origin}-${tokens}.txt`)
  if (!existsSync(file)) {
    // In a process of its own, so that the bench keeps a small heap.
    const args = ['--import', 'tsx', fileURLToPath(import.meta.url), privateFile, file, JSON.stringify(kind)]
    execFileSync(process.execPath, args)
  }
  return { file, keyFile }
}

function keyPair(day: number, algorithm: BenchAlgorithm, whose: string): { publicFile: string; privateFile: string } {
  const publicFile = join(folder, `${day}-${algorithm}-${whose}.pub.pem`)
  const privateFile = join(folder, `${day}-${algorithm}-${whose}.pem`)
  if (existsSync(privateFile)) return { publicFile, privateFile }
  if (algorithm === 'HS256') {
    const secret = Buffer.from(hkdfSync('sha256', randomUUID(), whose, 'bench', 48)).toString('base64url')
    for (const file of [publicFile, privateFile]) writeFileSync(file, secret, { mode: 0o600 })
    return { publicFile, privateFile }
  }
  const { publicKey, privateKey } = newPair(algorithm)
  writeFileSync(publicFile, publicKey.export({ type: 'spki', format: 'pem' }))
  writeFileSync(privateFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  return { publicFile, privateFile }
}

function newPair(algorithm: BenchAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  if (algorithm === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 })
  return algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
}

type Signer = (input: Buffer) => Buffer

function signer(algorithm: BenchAlgorithm, secretOrPem: string): Signer {
  if (algorithm === 'HS256') return (input) => createHmac('sha256', secretOrPem).update(input).digest()
  const key = createPrivateKey(secretOrPem)
  if (algorithm === 'EdDSA') return (input) => sign(null, input, key)
  return (input) => sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' })
}

function makeToken(kind: TokenKind, signIt: Signer, serial: number, nowSeconds: number): string {
  const header = { alg: kind.algorithm, typ: 'JWT', kid: 'bench' }
  const claims = {
    iss: kind.origin === 'foreign' ? 'https://elsewhere.example.com' : issuer,
    sub: randomUUID(),
    aud: audience,
    iat: nowSeconds,
    exp: nowSeconds + validSeconds,
    jti: randomUUID(),
    azp: 'bench-client',
    scope: 'openid profile orders.read orders.write',
    preferred_username: `user-${serial}`,
  }
  const signatureBytes = kind.algorithm === 'RS256' ? 342 : kind.algorithm === 'HS256' ? 43 : 86
  const bare = encode(header).length + encode(claims).length + signatureBytes
  // Roles, as a realistic token is long because of them.
  const roles: string[] = []
  for (let left = ((kind.tokenBytes - bare) * 3) / 4 - 30; left > 0; left -= 26)
    roles.push(`role-${randomUUID().slice(0, 18)}`)
  const input = `${encode(header)}.${encode({ ...claims, realm_access: { roles } })}`
  return `${input}.${signIt(Buffer.from(input)).toString('base64url')}`
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function main(): void {
  const [privateFile = '', file = '', kindText = ''] = process.argv.slice(2)
  const kind = JSON.parse(kindText) as TokenKind
  const signIt = signer(kind.algorithm, readFileSync(privateFile, 'utf8'))
  const nowSeconds = Math.floor(Date.now() / 1000)
  const lines: string[] = []
  for (let serial = 0; serial < kind.tokens; serial++) lines.push(makeToken(kind, signIt, serial, nowSeconds))
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
