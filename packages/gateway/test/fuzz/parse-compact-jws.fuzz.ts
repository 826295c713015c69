import fc from 'fast-check'
import { parseCompactJws } from '../../src/domain/parse-compact-jws.ts'
import { jsonText } from './json-text.ts'
import { runFuzz } from './run-fuzz.ts'

// Whatever the text: no throw, and what is accepted is the canonical text of three parts and has the promised types.

const bytesMax = 8192

const header = fc.oneof(
  fc.constantFrom('{"alg":"HS256"}', '{"alg":"ES256","typ":"JWT","kid":"k"}', '{"alg":"RS256","typ":"at+jwt"}'),
  fc
    .record(
      {
        alg: fc.constantFrom('HS256', 'RS256', 'ES256', 'none', 1, null),
        kid: fc.oneof(fc.string({ unit: 'binary' }), fc.constant('k'.repeat(257)), fc.jsonValue()),
        typ: fc.oneof(fc.constantFrom('JWT', 'application/at+jwt', 'logout+jwt'), fc.jsonValue()),
        cty: fc.constantFrom('JWT', 'json', 1),
        crit: fc.jsonValue(),
        b64: fc.boolean(),
        jwk: fc.jsonValue(),
      },
      { requiredKeys: ['alg'] },
    )
    .map((value) => JSON.stringify(value)),
  jsonText,
)

const payload = fc.oneof(
  fc
    .record(
      {
        iss: fc.oneof(fc.string(), fc.jsonValue()),
        sub: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
        aud: fc.oneof(fc.string(), fc.array(fc.string()), fc.jsonValue()),
        exp: fc.oneof(fc.double(), fc.integer(), fc.jsonValue()),
        nbf: fc.oneof(fc.integer(), fc.jsonValue()),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
  jsonText,
)

const part = (text: string): string => Buffer.from(text).toString('base64url')

const compact = fc
  .tuple(
    fc.tuple(header, payload, fc.constantFrom(0, 1, 32, 63, 64, 65, 256)),
    fc.array(fc.tuple(fc.nat(8192), fc.nat(2), fc.constantFrom('.', '=', '+', '/', ' ', '\n', 'A', '_', 'é', '')), {
      maxLength: 2,
    }),
  )
  .map(([[head, body, signatureBytes], edits]) => {
    let text = `${part(head)}.${part(body)}.${Buffer.alloc(signatureBytes, 7).toString('base64url')}`
    for (const [position, cut, insert] of edits) {
      const at = position % (text.length + 1)
      text = text.slice(0, at) + insert + text.slice(at + cut)
    }
    return text
  })

await runFuzz(
  'parse-compact-jws',
  fc.property(fc.oneof({ weight: 9, arbitrary: compact }, fc.string({ unit: 'binary' })), (text) => {
    const parsed = parseCompactJws(text, bytesMax)
    if (!parsed.ok) return typeof parsed.error.fault === 'string'
    const { algorithm, claims, kid, signatureBytes, signingInputLength } = parsed.value
    const parts = text.split('.')
    const canonical = parts.map((each) => Buffer.from(each, 'base64url').toString('base64url')).join('.')
    return (
      text.length <= bytesMax &&
      parts.length === 3 &&
      canonical === text &&
      text[signingInputLength] === '.' &&
      text.indexOf('.', signingInputLength + 1) === -1 &&
      signatureBytes === (algorithm.signatureBytes ?? signatureBytes) &&
      (kid === undefined || (kid.length > 0 && kid.length <= 256)) &&
      (claims.iss === undefined || typeof claims.iss === 'string') &&
      (claims.sub === undefined || typeof claims.sub === 'string') &&
      (claims.exp === undefined || Number.isFinite(claims.exp))
    )
  }),
)
