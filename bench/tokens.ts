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
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchAlgorithm, TokenKind } from './cases.ts'

export const issuer = 'https://id.example.com/realms/bench'
export const audience = 'bench-api'

/** Where keys and token pools are kept between runs of one day: signing 160,000 RS256 tokens takes a minute. */
export const keptFolder: string = join(tmpdir(), 'jotgate-bench')
/** Longer than any token here. */
const tokenBytesMax = 16_384
const validSeconds = 7 * 24 * 3600

export interface TokenPool {
  /** One token a line. */
  readonly file: string
  /** PEM of the public key, or the shared secret: of the first key, where several signed. */
  readonly keyFile: string
  /** The same of every key, in order. */
  readonly keyFiles: readonly string[]
}

/** A pool of distinct tokens, made once a day and kept. */
export function tokenPool(kind: TokenKind): TokenPool {
  mkdirSync(keptFolder, { recursive: true, mode: 0o700 })
  const day = Math.floor(Date.now() / 86_400_000)
  const { algorithm, tokenBytes, origin, tokens, signingKeys } = kind
  const owners = Array.from({ length: signingKeys }, (_, index) => (index === 0 ? 'own' : `own${index}`))
  const keyFiles = owners.map((owner) => keyPair(day, algorithm, owner).publicFile)
  const signers = origin === 'forged' ? ['other'] : owners
  const privateFiles = signers.map((owner) => keyPair(day, algorithm, owner).privateFile)
  const keysWord = signingKeys === 1 ? '' : `-${signingKeys}-keys`
  const file = join(keptFolder, `tokens-${day}-${algorithm}-${tokenBytes}-${origin}-${tokens}${keysWord}.txt`)
  if (!existsSync(file)) {
    // In a process of its own, so that the bench keeps a small heap.
    const args = ['--import', 'tsx', fileURLToPath(import.meta.url), file, JSON.stringify(kind), ...privateFiles]
    execFileSync(process.execPath, args)
  }
  const [keyFile = ''] = keyFiles
  return { file, keyFile, keyFiles }
}

/** The first token of a pool. */
export function firstToken(pool: TokenPool): string {
  const file = openSync(pool.file, 'r')
  const start = Buffer.alloc(tokenBytesMax)
  readSync(file, start)
  closeSync(file)
  return start.toString('latin1', 0, start.indexOf('\n'))
}

/** The id of a key by its place. */
export function keyId(index: number): string {
  return index === 0 ? 'bench' : `bench-${index}`
}

function keyPair(day: number, algorithm: BenchAlgorithm, whose: string): { publicFile: string; privateFile: string } {
  const publicFile = join(keptFolder, `${day}-${algorithm}-${whose}.pub.pem`)
  const privateFile = join(keptFolder, `${day}-${algorithm}-${whose}.pem`)
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

function makeToken(kind: TokenKind, key: number, signIt: Signer, serial: number, nowSeconds: number): string {
  const header = { alg: kind.algorithm, typ: 'JWT', kid: keyId(key) }
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
  const [file = '', kindText = '', ...privateFiles] = process.argv.slice(2)
  const kind = JSON.parse(kindText) as TokenKind
  const signers = privateFiles.map((privateFile) => signer(kind.algorithm, readFileSync(privateFile, 'utf8')))
  const issuedSeconds = Math.floor(Date.now() / 1000) - (kind.origin === 'expired' ? validSeconds + 3600 : 0)
  const lines: string[] = []
  for (const [key, signIt] of signers.entries()) {
    for (let left = kind.tokens / signers.length; left > 0; left--) {
      lines.push(makeToken(kind, key, signIt, lines.length, issuedSeconds))
    }
  }
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
