import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const issuer = 'https://id.example.com/realms/bench'
export const audience = 'bench-api'

/** Where keys and token pools are kept between runs of one day: signing 160,000 RS256 tokens takes a minute. */
const folder = join(tmpdir(), 'jotgate-bench')
const validSeconds = 7 * 24 * 3600

export interface TokenPool {
  /** One token a line. */
  readonly file: string
  readonly publicKeyFile: string
}

/** A pool of distinct RS256 tokens of about 1.2 KiB, made once and kept. */
export function tokenPool(count: number, from: 'trusted' | 'foreign'): TokenPool {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const day = Math.floor(Date.now() / 86_400_000)
  const publicKeyFile = join(folder, `key-${day}.pub.pem`)
  const privateKeyFile = join(folder, `key-${day}.pem`)
  if (!existsSync(privateKeyFile)) {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
    writeFileSync(publicKeyFile, pair.publicKey.export({ type: 'spki', format: 'pem' }))
    writeFileSync(privateKeyFile, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  }
  const file = join(folder, `tokens-${day}-${from}-${count}.txt`)
  if (!existsSync(file)) {
    // In a process of its own, so that the bench keeps a small heap.
    execFileSync(process.execPath, [
      '--import',
      'tsx',
      fileURLToPath(import.meta.url),
      privateKeyFile,
      file,
      String(count),
      from,
    ])
  }
  return { file, publicKeyFile }
}

function signToken(key: KeyObject, iss: string, serial: number, nowSeconds: number): string {
  const header = { alg: 'RS256', typ: 'JWT', kid: 'bench' }
  const claims = {
    iss,
    sub: randomUUID(),
    aud: audience,
    iat: nowSeconds,
    exp: nowSeconds + validSeconds,
    jti: randomUUID(),
    azp: 'bench-client',
    scope: 'openid profile orders.read orders.write',
    realm_access: { roles: ['offline_access', 'uma_authorization', 'default-roles-bench'] },
    resource_access: { account: { roles: ['manage-account', 'manage-account-links', 'view-profile'] } },
    preferred_username: `user-${serial}`,
    filler: 'x'.repeat(96),
  }
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

async function main(): Promise<void> {
  const [privateKeyFile = '', file = '', count = '0', from = 'trusted'] = process.argv.slice(2)
  const { createPrivateKey } = await import('node:crypto')
  const key = createPrivateKey(readFileSync(privateKeyFile))
  const nowSeconds = Math.floor(Date.now() / 1000)
  const iss = from === 'trusted' ? issuer : 'https://elsewhere.example.com'
  const lines: string[] = []
  for (let serial = 0; serial < Number(count); serial++) lines.push(signToken(key, iss, serial, nowSeconds))
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
