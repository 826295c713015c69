import { type Algorithm, findAlgorithm } from './algorithm.ts'
import { decodeBase64url } from './base64url.ts'
import { readClaimFacts } from './claim-facts.ts'
import type { JsonObject, JsonValue } from './claims.ts'
import { checkIdentityText } from './identity-text.ts'
import { type JsonBounds, parseJsonObject } from './parse-json-object.ts'
import type { TokenFault } from './reject.ts'
import { err, ok, type Result } from './result.ts'
import type { UnverifiedToken } from './token.ts'

/** Why a text is no token: its form, or what its header asks for. */
export type CompactFault =
  | { readonly fault: 'too_large'; readonly bytes: number }
  | { readonly fault: TokenFault }
  | { readonly fault: 'alg'; readonly alg: string }
  | { readonly fault: 'crit' }

/** Structure a header or a payload may have (S10). */
export const tokenJsonBounds: JsonBounds = { depthMax: 16, membersMax: 256 }

/**
 * Reads a compact JWS (RFC 7515 3.1) that carries JWT claims (RFC 7519), without checking its signature. Size comes
 * first, then dots, encoding, header, claims. `bytesMax` counts the characters, which are bytes on the wire.
 */
export function parseCompactJws(compact: string, bytesMax: number): Result<UnverifiedToken, CompactFault> {
  if (compact.length > bytesMax) return err({ fault: 'too_large', bytes: compact.length })
  const first = compact.indexOf('.')
  const second = first < 0 ? -1 : compact.indexOf('.', first + 1)
  if (second < 0 || compact.indexOf('.', second + 1) >= 0) return malformed(nameWrongParts(compact))
  if (first === 0 || second === first + 1 || second === compact.length - 1) return malformed('empty')

  const signature = decodeBase64url(compact.slice(second + 1))
  const headerBytes = decodeBase64url(compact.slice(0, first))
  const payloadBytes = decodeBase64url(compact.slice(first + 1, second))
  if (headerBytes === undefined || payloadBytes === undefined || signature === undefined) return malformed('base64url')

  const header = parseJsonObject(headerBytes, tokenJsonBounds)
  if (!header.ok) return malformed('header_json')
  const read = readHeader(header.value)
  if (!read.ok) return read
  const { algorithm, kid, typ } = read.value
  if (algorithm.signatureBytes !== undefined && signature.length !== algorithm.signatureBytes) {
    return malformed('signature_length')
  }

  const claims = parseJsonObject(payloadBytes, tokenJsonBounds)
  if (!claims.ok) return malformed('payload_json')
  const facts = readClaimFacts(claims.value)
  if (!facts.ok) return malformed('claim_type')
  return ok({
    compact,
    header: header.value,
    algorithm,
    kid,
    typ,
    claims: claims.value,
    facts: facts.value,
    signingInputLength: second,
    signatureBytes: signature.length,
  })
}

function malformed(fault: TokenFault): { readonly ok: false; readonly error: CompactFault } {
  return err({ fault })
}

/** Which mistake a text without exactly two dots is. */
function nameWrongParts(compact: string): TokenFault {
  if (compact === '') return 'empty'
  let dots = 0
  for (let at = compact.indexOf('.'); at >= 0; at = compact.indexOf('.', at + 1)) dots++
  if (dots === 4) return 'encrypted'
  return dots === 0 && holdsCompactJws(compact) ? 'double_encoded' : 'not_three_parts'
}

/** Whether a text is base64, of either alphabet, of something that begins and is divided like a compact JWS. */
function holdsCompactJws(text: string): boolean {
  if (!text.startsWith('ZXlK')) return false
  const inner = Buffer.from(text, 'base64').toString('latin1')
  const first = inner.indexOf('.')
  return first > 0 && inner.indexOf('.', first + 1) > 0
}

interface HeaderTerms {
  readonly algorithm: Algorithm
  readonly kid: string | undefined
  readonly typ: string | undefined
}

const kidCharactersMax = 256
const typCharactersMax = 128
const algCharactersMax = 64

// Keys come from configuration alone: a token that brings its own, or says where to fetch it, is refused (CVE-2018-0114).
// `x5t` and `x5t#S256` only name a certificate and are ignored, as RFC 7515 section 4 asks of what is not understood.
const embeddedKeyMembers = ['jwk', 'jku', 'x5u', 'x5c'] as const

function readHeader(header: JsonObject): Result<HeaderTerms, CompactFault> {
  if (header.b64 !== undefined) return malformed('unencoded_payload')
  if (header.crit !== undefined) return err({ fault: 'crit' })
  for (const member of embeddedKeyMembers) if (header[member] !== undefined) return malformed('embedded_key')

  const { alg, kid, typ, cty } = header
  if (alg === undefined) return malformed('alg_missing')
  if (!isShortText(alg, algCharactersMax)) return malformed('header_member')
  if (kid !== undefined && !isShortText(kid, kidCharactersMax)) return malformed('header_member')
  if (typ !== undefined && !isShortText(typ, typCharactersMax)) return malformed('header_member')
  // A nested JWT (RFC 7519 5.2) is not read; other content types are, because some providers put their version there.
  if (cty !== undefined && (!isShortText(cty, typCharactersMax) || normaliseMediaType(cty) === 'jwt')) {
    return malformed('header_member')
  }
  const algorithm = findAlgorithm(alg)
  if (algorithm === undefined) return err({ fault: 'alg', alg })
  return ok({ algorithm, kid, typ: typ === undefined ? undefined : normaliseMediaType(typ) })
}

/** Whether a header member is text of 1 to `charactersMax` characters that is safe to compare and to report. */
function isShortText(value: JsonValue, charactersMax: number): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= charactersMax &&
    checkIdentityText(value) === undefined
  )
}

/** RFC 7515 4.1.9: media types compare without case, and `application/` may be left out. */
function normaliseMediaType(text: string): string {
  const lower = text.toLowerCase()
  return lower.startsWith('application/') ? lower.slice('application/'.length) : lower
}
