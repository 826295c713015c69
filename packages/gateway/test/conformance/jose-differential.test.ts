import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { calculateJwkThumbprint, errors, type JWK, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { type Algorithm, type AlgorithmName, findAlgorithm } from '../../src/domain/algorithm.ts'
import type { KeyRecord } from '../../src/domain/key.ts'
import { parseCompactJws } from '../../src/domain/parse-compact-jws.ts'
import { verifySignature } from '../../src/keys/verify-signature.ts'
import { checkClaims } from '../../src/proxy/steps/check-claims.ts'
import { issuerOf, nothing } from '../fixtures/compiled-plans.ts'

/**
 * The same tokens through Jotgate (parse, verify, check claims) and through jose's `jwtVerify`, with the same key,
 * algorithm list and clock. Jotgate may be stricter, only in the ways listed here, and never more liberal.
 */
const stricterThanJose: { readonly [fault: string]: string } = {
  base64url: 'RFC 7515 2: one text for the same bytes; jose also decodes white space, padding and unused bits',
  header_json: 'RFC 7515 5.2.2, RFC 8259 4: a duplicate header member is refused; jose takes the last',
  header_member: 'kid, typ and cty are bounded texts, and a nested token is not read; jose leaves them to its caller',
  embedded_key: 'a token that brings or names its own key is refused (CVE-2018-0114); jose ignores the member',
  unencoded_payload: 'RFC 7797: any `b64` is refused; jose ignores it outside `crit` and takes `true`',
  payload_json: 'S10: duplicate claims, too much depth, too many members, numbers beyond doubles; jose: last one wins',
  claim_type: 'RFC 7519 4.1: typed claims; jose leaves iss, sub, jti and aud unchecked when nobody asks about them',
  claim_invalid: 'S10: identities with control characters, lone surrogates or over 512 bytes; jose has no such rule',
  token_issued_in_future: 'iat has a skew of its own; jose looks at iat only with maxTokenAge',
}

const caseCount = 40_000
const batchSize = 400
const now = 1_800_000_000
const bytesMax = 64 * 1024

interface Signer {
  readonly algorithm: Algorithm
  readonly record: KeyRecord
  readonly publicKey: JWK | Uint8Array
  readonly sign: (input: string) => Buffer
}

interface Case {
  readonly compact: string
  readonly signer: Signer
}

// A fixed sequence, so that a failure comes again (mulberry32).
let state = 0x5eed
function random(): number {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

function below(limit: number): number {
  return Math.floor(random() * limit)
}

function pick<T>(list: readonly T[]): T {
  const value = list[below(list.length)]
  if (value === undefined) throw new Error('nothing to pick from')
  return value
}

function rowOf(name: AlgorithmName): Algorithm {
  const algorithm = findAlgorithm(name)
  if (algorithm === undefined) throw new Error(name)
  return algorithm
}

async function hmacSigner(name: AlgorithmName): Promise<Signer> {
  const algorithm = rowOf(name)
  const secret = randomBytes(64)
  const record: KeyRecord = {
    kind: 'secret',
    thumbprint: name,
    kid: undefined,
    aliases: [],
    algorithmBits: algorithm.bit,
    issuer: undefined,
    secret: secret.toString('base64url'),
  }
  const hash = algorithm.hash ?? 'sha256'
  return { algorithm, record, publicKey: secret, sign: (input) => createHmac(hash, secret).update(input).digest() }
}

async function asymmetricSigner(name: AlgorithmName, pair: { publicKey: KeyObject; privateKey: KeyObject }) {
  const algorithm = rowOf(name)
  const jwk = pair.publicKey.export({ format: 'jwk' })
  const record: KeyRecord = {
    kind: 'public',
    thumbprint: await calculateJwkThumbprint(jwk as JWK),
    kid: undefined,
    aliases: [],
    algorithmBits: algorithm.bit,
    issuer: undefined,
    // What node:crypto exports has exactly the public members of its type.
    jwk: jwk as Extract<KeyRecord, { kind: 'public' }>['jwk'],
    modulusBytes: algorithm.keyType === 'RSA' ? 256 : undefined,
  }
  const key = createPrivateKey(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }))
  const options = { key, dsaEncoding: 'ieee-p1363', ...(algorithm.pss ? { padding: 6, saltLength: 32 } : {}) } as const
  const signer: Signer = {
    algorithm,
    record,
    publicKey: jwk as JWK,
    sign: (input) => sign(algorithm.hash, Buffer.from(input), options),
  }
  return signer
}

async function makeSigners(): Promise<Signer[]> {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ed = generateKeyPairSync('ed25519')
  return Promise.all([
    hmacSigner('HS256'),
    hmacSigner('HS512'),
    asymmetricSigner('RS256', rsa),
    asymmetricSigner('PS256', rsa),
    asymmetricSigner('ES256', p256),
    asymmetricSigner('EdDSA', ed),
    asymmetricSigner('Ed25519', ed),
  ])
}

const goodClaims = { iss: 'https://idp.example', sub: 'alice', aud: 'orders', exp: now + 60, iat: now }

const headerVariants: readonly object[] = [
  { typ: 'JWT' },
  { typ: 'at+jwt', kid: 'k1' },
  { kid: 'k'.repeat(256) },
  { kid: 'k'.repeat(257) },
  { kid: '' },
  { kid: 7 },
  { kid: 'a\nb' },
  { typ: ['JWT'] },
  { typ: null },
  { cty: 'JWT' },
  { cty: 'x' },
  { crit: [] },
  { crit: ['exp'], exp: 1 },
  { crit: ['b64'], b64: true },
  { crit: ['b64'], b64: false },
  { crit: 'b64' },
  { b64: true },
  { b64: false },
  { jwk: { kty: 'oct', k: 'AA' } },
  { jku: 'https://evil.example' },
  { x5c: ['MII'] },
  { x5u: 'https://evil.example' },
  { x5t: 'abc', 'x5t#S256': 'abc' },
  { zip: 'DEF' },
  { enc: 'A256GCM' },
  { alg: undefined },
  { alg: null },
  { alg: 'none' },
  { alg: 'NONE' },
  { alg: 'HS256' },
  { alg: 'RS256' },
  { alg: 'ES256' },
  { alg: ['HS256'] },
  { nested: { a: [1, { b: null }] } },
]

const claimVariants: readonly (object | string | Buffer)[] = [
  goodClaims,
  { ...goodClaims, aud: ['orders', 'x'] },
  { ...goodClaims, aud: 7 },
  { ...goodClaims, aud: ['x', null] },
  { ...goodClaims, iss: ['https://idp.example'] },
  { ...goodClaims, sub: 7 },
  { ...goodClaims, sub: 'a\u0000b' },
  { ...goodClaims, sub: 'é'.repeat(300) },
  { ...goodClaims, jti: null },
  { ...goodClaims, exp: now },
  { ...goodClaims, exp: now + 1 },
  { ...goodClaims, exp: now + 0.5 },
  { ...goodClaims, exp: -1 },
  { ...goodClaims, exp: `${now + 60}` },
  { ...goodClaims, exp: null },
  { ...goodClaims, exp: 2 ** 53 },
  { ...goodClaims, exp: undefined },
  { ...goodClaims, nbf: now },
  { ...goodClaims, nbf: now + 1 },
  { ...goodClaims, nbf: '0' },
  { ...goodClaims, nbf: [0] },
  { ...goodClaims, iat: now + 1 },
  { ...goodClaims, iat: true },
  { ...goodClaims, iat: 1.5 },
  { ...goodClaims, name: 'Jürgen 😀' },
  { ...goodClaims, groups: Array.from({ length: 300 }, (_, at) => `g${at}`) },
  Object.fromEntries(Array.from({ length: 257 }, (_, at) => [`c${at}`, at])),
  {},
  '{"sub":"a","sub":"b"}',
  '{"sub":"a","\\u0073ub":"b"}',
  '{"exp":1e400}',
  '{"x":-0,"y":1E+2,"z":"\\ud800"}',
  '{"sub":"\\ud800"}',
  '{"__proto__":{"sub":"x"},"constructor":1}',
  `{"a":${'['.repeat(15)}${']'.repeat(15)}}`,
  `{"a":${'['.repeat(16)}${']'.repeat(16)}}`,
  ' {\r\n\t"sub" : "a" } ',
  '\ufeff{"sub":"a"}',
  '{"sub":"a"}x',
  "{'sub':'a'}",
  '{"sub":"a",}',
  '{"n":01}',
  'null',
  '[]',
  '"text"',
  '7',
  'Test',
  Buffer.from('{"sub":"\xe9"}', 'latin1'),
  Buffer.from('{"sub":"\xc0\xaf"}', 'latin1'),
]

function encode(part: object | string | Buffer): string {
  if (Buffer.isBuffer(part)) return part.toString('base64url')
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
}

/** A token signed by its rightful key, whatever it says. */
function signed(signer: Signer, header: object | string, claims: object | string | Buffer): string {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${signer.sign(input).toString('base64url')}`
}

function generate(signer: Signer): string {
  const header = random() < 0.5 ? {} : pick(headerVariants)
  const kind = random()
  if (kind < 0.03) {
    const alg = signer.algorithm.name
    return signed(signer, `{"alg":"none","alg":"${alg}"}`, goodClaims)
  }
  return signed(signer, { alg: signer.algorithm.name, ...header }, pick(claimVariants))
}

const strayCharacters = [...'.=+/-_ \n\t\r"{}A9z', '\0', 'é', '\u0141']

const mutations: readonly ((compact: string, signer: Signer, other: string) => string)[] = [
  (compact) => replaceAt(compact, below(compact.length), 1, pick(strayCharacters)),
  (compact) => replaceAt(compact, below(compact.length), 0, pick(strayCharacters)),
  (compact) => replaceAt(compact, below(compact.length), 1, ''),
  (compact) => compact.slice(0, below(compact.length)),
  (compact) => compact + pick(strayCharacters),
  (compact) => ` ${compact}`,
  (compact) => changePart(compact, 2, (signature) => otherTrailingBits(signature)),
  (compact) => changePart(compact, 0, (header) => `${header}=`),
  (compact) => changePart(compact, 1, (payload) => `${payload.slice(0, 8)} ${payload.slice(8)}`),
  (compact) => changePart(compact, 2, () => ''),
  (compact) => changePart(compact, 2, (signature) => 'A'.repeat(signature.length)),
  (compact) => changePart(compact, 2, (signature) => signature + signature),
  (compact) => changePart(compact, 2, (signature) => signature.replaceAll('-', '+').replaceAll('_', '/')),
  (compact, _signer, other) => changePart(compact, 2, () => other.split('.')[2] ?? ''),
  (compact, _signer, other) => changePart(compact, 1, () => other.split('.')[1] ?? ''),
  (compact, _signer, other) => changePart(compact, 0, () => other.split('.')[0] ?? ''),
  (compact) => compact.split('.').reverse().join('.'),
  (compact) => `${compact}.${compact.split('.')[2]}`,
  (compact) => `${compact}.a.b`,
  (compact) => Buffer.from(compact).toString('base64url'),
  (compact) => compact.toUpperCase(),
]

function replaceAt(text: string, at: number, cut: number, insert: string): string {
  return text.slice(0, at) + insert + text.slice(at + cut)
}

function changePart(compact: string, index: number, change: (part: string) => string): string {
  const parts = compact.split('.')
  parts[index] = change(parts[index] ?? '')
  return parts.join('.')
}

/** The same bytes with an unused bit set, where the length leaves any. */
function otherTrailingBits(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  if (part.length % 4 === 0) return part
  return part.slice(0, -1) + alphabet.charAt(alphabet.indexOf(part.slice(-1)) | 1)
}

const issuer = issuerOf({
  match: { kind: 'any' },
  audiences: undefined,
  requireExp: false,
  iatSkewSeconds: 0,
  nbfSkewSeconds: 0,
  expSkewSeconds: 0,
})

/** Jotgate's decision: `accepted`, or the fault or reason of the refusal. */
function decide({ compact, signer }: Case): string {
  const parsed = parseCompactJws(compact, bytesMax)
  if (!parsed.ok) return parsed.error.fault
  const token = parsed.value
  if (!verifySignature(signer.record, token.algorithm, token)) return 'signature_invalid'
  const claims = checkClaims(token.claims, token, issuer, nothing, undefined, now * 1000)
  return claims.ok ? 'accepted' : claims.error.reason
}

async function askJose({ compact, signer }: Case): Promise<string> {
  const options = { algorithms: [signer.algorithm.name], currentDate: new Date(now * 1000) }
  try {
    await jwtVerify(compact, signer.publicKey, options)
    return 'accepted'
  } catch (error) {
    if (error instanceof errors.JOSEError) return error.code
    throw error
  }
}

async function makeCases(): Promise<Case[]> {
  const signers = await makeSigners()
  const [hs256, hs512] = signers
  if (hs256 === undefined || hs512 === undefined) throw new Error('no signers')
  const pool = new Map(signers.map((signer) => [signer, Array.from({ length: 60 }, () => generate(signer))]))
  return Array.from({ length: caseCount }, () => {
    // HMAC is cheap on both sides, and what differs between parsers does not depend on the algorithm.
    const signer = random() < 0.7 ? pick([hs256, hs512]) : pick(signers)
    const isCheap = signer === hs256 || signer === hs512
    if (isCheap && random() < 0.4) return { compact: generate(signer), signer }
    const base =
      random() < 0.5 && isCheap
        ? signed(signer, { alg: signer.algorithm.name }, goodClaims)
        : pick(pool.get(signer) ?? [])
    return { compact: pick(mutations)(base, signer, pick(pool.get(pick(signers)) ?? [])), signer }
  })
}

describe('differential test against jose', () => {
  it(`over ${caseCount} tokens Jotgate is never more liberal, and stricter only in the listed ways`, async () => {
    const cases = await makeCases()
    const stricter = new Map<string, number>()
    const liberal: string[] = []
    let agreed = 0
    let accepted = 0
    for (let start = 0; start < cases.length; start += batchSize) {
      const batch = cases.slice(start, start + batchSize)
      const answers = await Promise.all(batch.map(askJose))
      batch.forEach((given, index) => {
        const ours = decide(given)
        const theirs = answers[index] ?? ''
        if (ours === 'accepted') accepted++
        if ((ours === 'accepted') === (theirs === 'accepted')) agreed++
        else if (ours === 'accepted') liberal.push(`${theirs}: ${given.compact}`)
        else stricter.set(ours, (stricter.get(ours) ?? 0) + 1)
      })
    }
    expect(liberal).toEqual([])
    // Both ways: nothing unlisted happens, and nothing is listed that does not happen.
    expect([...stricter.keys()].sort()).toEqual(Object.keys(stricterThanJose).sort())
    expect(accepted).toBeGreaterThan(caseCount / 50)
    expect(agreed).toBeGreaterThan(caseCount / 2)
  }, 60_000)
})
