import { createHmac, createSecretKey, timingSafeEqual, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { BenchAlgorithm } from '../../cases.ts'
import { importedKey, type SignedToken, signedTokens } from './signed-tokens.ts'

/**
 * `verify-loop.ts <algorithm> <token file> <key file>`: checks signatures for a while and prints what one costs in CPU
 * microseconds, over tokens in turn and over one token again and again.
 */
const [algorithm = '', tokenFile = '', keyFile = ''] = process.argv.slice(2)
const warmChecks = 5_000
const checks = 20_000

const tokens = signedTokens(algorithm as BenchAlgorithm, tokenFile)
const check = checker()

function checker(): (token: SignedToken) => boolean {
  if (algorithm === 'HS256') {
    const secret = createSecretKey(readFileSync(keyFile))
    return ({ input, signature }) => timingSafeEqual(createHmac('sha256', secret).update(input).digest(), signature)
  }
  const key = importedKey(keyFile)
  const hash = algorithm === 'EdDSA' ? null : 'sha256'
  return ({ input, signature }) => verify(hash, input, key, signature)
}

function run(count: number, distinct: number): void {
  for (let i = 0; i < count; i++) {
    const token = tokens[i % distinct]
    if (token === undefined || !check(token)) throw new Error(`token ${i % distinct} is not what it should be`)
  }
}

function costUs(distinct: number): number {
  run(warmChecks, distinct)
  const begin = process.cpuUsage()
  run(checks, distinct)
  const used = process.cpuUsage(begin)
  return (used.user + used.system) / checks
}

process.stdout.write(JSON.stringify({ distinctUs: costUs(tokens.length), sameUs: costUs(1) }))
