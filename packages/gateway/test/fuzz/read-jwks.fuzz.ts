import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import type { KeyRecord } from '../../src/domain/key.ts'
import { readJwks } from '../../src/keys/recognise/read-jwks.ts'
import { strictQuality } from '../support/strict-quality.ts'
import { runFuzz } from './run-fuzz.ts'

// Whatever stands in a set: no throw; private members or remote secrets refuse it; every key that is taken can be
// imported, is one of the set's, and each entry is either taken or has a problem that does not quote it.

const pairs = [
  generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  generateKeyPairSync('ed25519'),
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
]
const whole = pairs.map(({ publicKey }) => publicKey.export({ format: 'jwk' }))
const privateMembers = pairs.map(({ privateKey }) => privateKey.export({ format: 'jwk' }))
const secret = { kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url') }
const canary = 'canary-of-a-member'

const change = fc.record(
  {
    kid: fc.oneof(fc.constantFrom('a', 'b', ''), fc.jsonValue({ maxDepth: 1 })),
    use: fc.constantFrom('sig', 'enc', 1),
    alg: fc.constantFrom('ES256', 'RS256', 'RSA', 'none', 'HS256', null),
    key_ops: fc.constantFrom(['verify'], ['sign'], 'verify', []),
    kty: fc.constantFrom('EC', 'RSA', 'OKP', 'oct', 'ec', canary),
    crv: fc.constantFrom('P-256', 'P-384', 'Ed25519', 'secp256k1', canary),
    x: fc.constantFrom('AAAA', canary, '', 5, `${'A'.repeat(42)}B`),
    n: fc.constantFrom('AQAB', canary, null),
    e: fc.constantFrom('AQAB', 'Aw', 'AA', canary),
    x5c: fc.constantFrom([], ['AAAA'], canary),
  },
  { requiredKeys: [] },
)
const entry = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom(...whole), change).map(([key, members]) => ({ ...key, ...members })),
  },
  { weight: 3, arbitrary: fc.constantFrom(...whole) },
  { weight: 1, arbitrary: fc.constantFrom(...privateMembers, secret) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
)
const quality = strictQuality()

/** Whether an entry is this key, by the members that make a key of its type another. */
function holds(entry: unknown, key: KeyRecord): boolean {
  return hasMember([entry], ({ kty, n, x, k }) =>
    key.kind === 'secret'
      ? k === key.secret
      : kty === key.jwk.kty && ('n' in key.jwk ? n === key.jwk.n : x === key.jwk.x),
  )
}

function hasMember(entries: readonly unknown[], test: (entry: Record<string, unknown>) => boolean): boolean {
  return entries.some((one) => typeof one === 'object' && one !== null && test(one as Record<string, unknown>))
}

await runFuzz(
  'read-jwks',
  fc.property(fc.array(entry, { maxLength: 4 }), fc.constantFrom('remote', 'operator'), (entries, where) => {
    const read = readJwks({ keys: entries }, quality, Date.now(), where)
    if (!read.ok) return !read.error.message.includes(canary)
    if (hasMember(entries, ({ kty, d }) => kty !== 'oct' && typeof d === 'string')) return false
    if (where === 'remote' && hasMember(entries, ({ kty }) => kty === 'oct')) return false
    const { keys, problems } = read.value
    const told = new Set(problems.map(({ index }) => index))
    return (
      entries.every((one, index) => told.has(index) || keys.some((key) => holds(one, key))) &&
      problems.every(({ message }) => !message.includes(canary)) &&
      keys.every((key) =>
        key.kind === 'secret'
          ? Buffer.from(key.secret, 'base64url').length >= 32
          : createPublicKey({ key: { ...key.jwk }, format: 'jwk' }).type === 'public' &&
            (key.algorithmBits & quality.algorithmBits) !== 0,
      )
    )
  }),
)
