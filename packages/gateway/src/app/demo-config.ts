import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConfigInput } from '@jotgate/contract'

/** The demo: an ordinary configuration file in the run directory, and a token it accepts. Gone when the gateway ends. */
export interface Demo {
  readonly file: string
  /** Path of the Unix socket the echo API must listen on. */
  readonly echoSocket: string
  /** Only from the start that made the key: it cannot sign again. */
  readonly token?: string
}

const issuer = 'https://demo.jotgate.localhost'
const audience = 'demo'
const lifetimeSeconds = 3600

/**
 * Makes a key pair, writes a configuration that trusts it, and signs one token; the private key is then forgotten.
 * A control process that replaces another finds the configuration there and leaves it as it is.
 */
export function writeDemo(runDir: string, nowMs: number): Demo {
  const echoSocket = join(runDir, 'echo.sock')
  const file = join(runDir, 'demo.json')
  if (existsSync(file)) return { file, echoSocket }

  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const document: ConfigInput = {
    version: 1,
    gateway: { listeners: [{ address: '127.0.0.1' }] },
    issuers: {
      demo: {
        issuer,
        keys: { publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() },
        algorithms: ['EdDSA'],
        audiences: [audience],
      },
    },
    apis: {
      demo: {
        listen: { path: '/demo', stripPath: true },
        upstream: { targets: [`unix:${echoSocket}`] },
        access: { issuers: ['demo'] },
        forward: { claims: { 'X-User': 'sub' } },
      },
    },
  }
  writeFileSync(file, `${JSON.stringify(document, undefined, 2)}\n`, { mode: 0o600 })

  const iat = Math.floor(nowMs / 1000)
  const claims = { iss: issuer, aud: audience, sub: 'alice', iat, exp: iat + lifetimeSeconds, jti: randomUUID() }
  const input = `${encode({ alg: 'EdDSA', typ: 'at+jwt' })}.${encode(claims)}`
  return { file, echoSocket, token: `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}` }
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
