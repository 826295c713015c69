import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ecdsaToDer } from '../../../packages/gateway/src/keys/ecdsa-to-der.ts'
import type { BenchAlgorithm } from '../../cases.ts'

/** A token as `crypto.verify` takes it. */
export interface SignedToken {
  readonly input: Buffer
  readonly signature: Buffer
}

/** The tokens of a file, each in memory of its own, with signatures in the form that the gateway hands to OpenSSL. */
export function signedTokens(algorithm: BenchAlgorithm, file: string): readonly SignedToken[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((token) => {
      const end = token.lastIndexOf('.')
      const signature = Buffer.from(token.slice(end + 1), 'base64url')
      return {
        input: Buffer.from(token.slice(0, end), 'latin1'),
        signature: algorithm === 'ES256' ? ecdsaToDer(signature) : signature,
      }
    })
}

/** The key of a pool in the form that the gateway keeps: imported from a JWK. */
export function importedKey(keyFile: string): KeyObject {
  const jwk = createPublicKey(readFileSync(keyFile)).export({ format: 'jwk' })
  return createPublicKey({ key: jwk, format: 'jwk' })
}
