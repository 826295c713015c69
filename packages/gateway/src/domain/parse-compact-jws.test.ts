import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compactOf } from '../../test/fixtures/compiled-plans.ts'
import { parseCompactJws } from './parse-compact-jws.ts'

const header = { alg: 'ES256', typ: 'JWT', kid: 'k1' }
const claims = { iss: 'https://idp.example', sub: 'alice', aud: 'orders', exp: 1_900_000_000 }
const bytesMax = 8192

/** The fault a token is refused with, or `accepted`. */
function verdict(compact: string, max: number = bytesMax): string {
  const parsed = parseCompactJws(compact, max)
  return parsed.ok ? 'accepted' : parsed.error.fault
}

function withHeader(members: object): string {
  return verdict(compactOf({ ...header, ...members }, claims))
}

function withClaims(members: object): string {
  return verdict(compactOf(header, { ...claims, ...members }))
}

describe('parseCompactJws', () => {
  it('reads what a token says, and where its signing input ends', () => {
    const compact = compactOf({ ...header, typ: 'application/AT+JWT' }, claims)
    const parsed = parseCompactJws(compact, bytesMax)
    if (!parsed.ok) expect.fail(parsed.error.fault)
    const token = parsed.value
    expect(token).toMatchObject({ compact, kid: 'k1', typ: 'at+jwt', signatureBytes: 64 })
    expect(token.algorithm.name).toBe('ES256')
    expect(token.claims.sub).toBe('alice')
    expect(compact.slice(0, token.signingInputLength)).toBe(compact.split('.').slice(0, 2).join('.'))
  })

  it('white space inside the JSON of either part is no reason to refuse', () => {
    expect(verdict(compactOf('{\r\n "alg" : "ES256" }\n', '\t{ "sub" : "a" }'))).toBe('accepted')
  })

  it('a token of exactly the permitted size is read, one byte more is refused before its form is looked at', () => {
    const compact = compactOf(header, claims)
    expect(verdict(compact, compact.length)).toBe('accepted')
    expect(parseCompactJws(compact, compact.length - 1)).toEqual({
      ok: false,
      error: { fault: 'too_large', bytes: compact.length },
    })
    expect(verdict('.'.repeat(bytesMax + 1))).toBe('too_large')
  })

  const [head = '', body = '', signature = ''] = compactOf(header, claims).split('.')
  it.each([
    ['nothing', '', 'empty'],
    ['an empty header', `.${body}.${signature}`, 'empty'],
    ['an empty payload (detached content)', `${head}..${signature}`, 'empty'],
    ['an empty signature', `${head}.${body}.`, 'empty'],
    ['two parts', `${head}.${body}`, 'not_three_parts'],
    ['four parts', `${head}.${body}.${signature}.${signature}`, 'not_three_parts'],
    ['five parts (JWE)', `${head}.${body}.${body}.${body}.${signature}`, 'encrypted'],
    ['six parts', `${head}.${body}.${body}.${body}.${body}.${signature}`, 'not_three_parts'],
    ['JSON serialisation', JSON.stringify({ payload: body, protected: head, signature }), 'not_three_parts'],
    ['an opaque token', '2YotnFZFEjr1zCsicMWpAA', 'not_three_parts'],
    ['base64 of a whole token', Buffer.from(`${head}.${body}.${signature}`).toString('base64'), 'double_encoded'],
    ['base64url of a whole token', Buffer.from(`${head}.${body}.${signature}`).toString('base64url'), 'double_encoded'],
    ['a padded header', `${head}=.${body}.${signature}`, 'base64url'],
    ['white space in the payload', `${head}.${body} .${signature}`, 'base64url'],
    ['a padded signature', `${head}.${body}.${signature}==`, 'base64url'],
    ['unused bits in the signature', `${head}.${body}.${signature.slice(0, -1)}R`, 'base64url'],
    ['the other alphabet in the signature', `${head}.${body}.+${signature.slice(1)}`, 'base64url'],
  ])('%s is refused', (_name, compact, fault) => {
    expect(verdict(compact)).toBe(fault)
  })

  it.each([
    ['a list as header', ['ES256'], 'header_json'],
    ['a duplicate member in the header', '{"alg":"ES256","alg":"none"}', 'header_json'],
    ['a header that is not UTF-8', Buffer.from('{"alg":"ES256","x":"\xff"}', 'latin1'), 'header_json'],
    ['a header without alg', { typ: 'JWT' }, 'alg_missing'],
  ])('%s is refused', (_name, given, fault) => {
    expect(verdict(compactOf(given, claims))).toBe(fault)
  })

  it.each([['none'], ['None'], ['NONE'], ['nOnE'], ['es256'], ['HS1'], ['RSA-OAEP'], ['constructor']])(
    'alg %s is unknown',
    (alg) => {
      expect(parseCompactJws(compactOf({ alg }, claims), bytesMax)).toEqual({ ok: false, error: { fault: 'alg', alg } })
    },
  )

  it.each<[string, object, string]>([
    ['an embedded key', { jwk: { kty: 'oct' } }, 'embedded_key'],
    ['a key URL', { jku: 'https://evil.example/jwks' }, 'embedded_key'],
    ['a certificate URL', { x5u: 'https://evil.example/cert' }, 'embedded_key'],
    ['a certificate', { x5c: ['MII'] }, 'embedded_key'],
    ['an embedded key that is null', { jwk: null }, 'embedded_key'],
    ['a critical extension', { crit: ['exp'], exp: 1 }, 'crit'],
    ['an empty crit', { crit: [] }, 'crit'],
    ['a crit that is null', { crit: null }, 'crit'],
    ['an unencoded payload', { b64: false, crit: ['b64'] }, 'unencoded_payload'],
    ['b64 although true', { b64: true }, 'unencoded_payload'],
    ['an alg that is a number', { alg: 256 }, 'header_member'],
    ['an alg that is null', { alg: null }, 'header_member'],
    ['an alg of 65 characters', { alg: 'x'.repeat(65) }, 'header_member'],
    ['a kid that is a number', { kid: 1 }, 'header_member'],
    ['a kid that is null', { kid: null }, 'header_member'],
    ['an empty kid', { kid: '' }, 'header_member'],
    ['a kid of 257 characters', { kid: 'k'.repeat(257) }, 'header_member'],
    ['a kid with a control character', { kid: 'a\nb' }, 'header_member'],
    ['a kid with a lone surrogate', { kid: 'a\ud800' }, 'header_member'],
    ['a typ that is a list', { typ: ['JWT'] }, 'header_member'],
    ['an empty typ', { typ: '' }, 'header_member'],
    ['a nested token', { cty: 'JWT' }, 'header_member'],
    ['a nested token by its media type', { cty: 'application/jwt' }, 'header_member'],
    ['a cty that is a number', { cty: 1 }, 'header_member'],
    ['a kid of 256 characters', { kid: 'k'.repeat(256) }, 'accepted'],
    ['a kid that looks like a path', { kid: '../../dev/null' }, 'accepted'],
    ['certificate thumbprints', { x5t: 'abc', 'x5t#S256': 'def' }, 'accepted'],
    ["a provider's own content type", { cty: 'twilio-fpa;v=1' }, 'accepted'],
    ['an unknown member', { nonce: 'n' }, 'accepted'],
  ])('a header with %s is answered as listed', (_name, members, fault) => {
    expect(withHeader(members)).toBe(fault)
  })

  it.each<[string, object | string | Buffer, string]>([
    ['a list', '[1]', 'payload_json'],
    ['null', 'null', 'payload_json'],
    ['text that is not JSON', 'Test', 'payload_json'],
    ['a duplicate claim', '{"sub":"a","sub":"b"}', 'payload_json'],
    ['a duplicate claim by escape', '{"sub":"a","\\u0073ub":"b"}', 'payload_json'],
    ['a byte order mark', '\ufeff{"sub":"a"}', 'payload_json'],
    ['invalid UTF-8', Buffer.from('{"sub":"\xe9"}', 'latin1'), 'payload_json'],
    ['an exp beyond doubles', '{"exp":1e400}', 'payload_json'],
    ['257 claims', Object.fromEntries(Array.from({ length: 257 }, (_, at) => [`c${at}`, 0])), 'payload_json'],
  ])('a payload that is %s is refused (S10)', (_name, payload, fault) => {
    expect(verdict(compactOf(header, payload))).toBe(fault)
  })

  it.each<[string, unknown]>([
    ['iss', ['https://idp.example']],
    ['iss', null],
    ['sub', 1],
    ['jti', {}],
    ['aud', 1],
    ['aud', ['orders', 1]],
    ['aud', { 0: 'orders' }],
    ['exp', '1900000000'],
    ['exp', null],
    ['exp', 2 ** 53],
    ['exp', -(2 ** 53)],
    ['exp', true],
    ['nbf', '0'],
    ['iat', [1]],
  ])('a claim %s of %j has the wrong type', (claim, value) => {
    expect(withClaims({ [claim]: value })).toBe('claim_type')
  })

  it.each<[string, unknown]>([
    ['exp', 1_900_000_000.5],
    ['exp', 2 ** 53 - 1],
    ['exp', -1],
    ['aud', ['orders', 'billing']],
    ['aud', []],
    ['sub', ''],
  ])('a claim %s of %j has a permitted type', (claim, value) => {
    expect(withClaims({ [claim]: value })).toBe('accepted')
  })

  it.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
    ['ES256', 64],
    ['ES384', 96],
    ['ES512', 132],
    ['EdDSA', 64],
    ['Ed25519', 64],
  ])('S8 an %s signature is exactly %i bytes or refused before any crypto', (alg, bytes) => {
    for (const [length, fault] of [
      [bytes - 1, 'signature_length'],
      [bytes, 'accepted'],
      [bytes + 1, 'signature_length'],
      [4000, 'signature_length'],
    ] as const) {
      expect(verdict(compactOf({ alg }, claims, Buffer.alloc(length)))).toBe(fault)
    }
  })

  it('an RSA signature may have any length here: the modulus decides', () => {
    expect(verdict(compactOf({ alg: 'RS256' }, claims, Buffer.alloc(256)))).toBe('accepted')
    expect(verdict(compactOf({ alg: 'PS512' }, claims, Buffer.alloc(512)))).toBe('accepted')
  })

  it('never throws, on any text', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('.', '..', head, body, signature, 'eyJ', '{"alg":"none"}'),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        expect(parseCompactJws(pieces.join(''), bytesMax)).toHaveProperty('ok')
      }),
      { numRuns: 5000 },
    )
  })

  it('no changed character of a token leaves it the same token', () => {
    const compact = compactOf(header, claims)
    const before = parseCompactJws(compact, bytesMax)
    if (!before.ok) expect.fail(before.error.fault)
    for (let at = 0; at < compact.length; at++) {
      for (const replacement of ['A', '_', '.', '=', '']) {
        const changed = compact.slice(0, at) + replacement + compact.slice(at + 1)
        if (changed === compact) continue
        const after = parseCompactJws(changed, bytesMax)
        if (!after.ok) continue
        const signingInput = changed.slice(0, after.value.signingInputLength)
        const sameInput = signingInput === compact.slice(0, before.value.signingInputLength)
        const bytes = Buffer.from(changed.slice(after.value.signingInputLength + 1), 'base64url')
        expect(sameInput && bytes.equals(Buffer.from(signature, 'base64url'))).toBe(false)
      }
    }
  })
})
