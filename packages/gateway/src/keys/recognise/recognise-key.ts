import type { KeyQuality, KeyRecord } from '../../domain/key.ts'
import { ok, type Result } from '../../domain/result.ts'
import { decodeBase64 } from './base64.ts'
import type { JwkMembers } from './check-key-quality.ts'
import { type KeyFault, keyFault, refuseKey } from './key-fault.ts'
import { type KeyDeclaration, makePublicKeyRecord } from './make-key-record.ts'
import { looksLikePem } from './parse-pem.ts'
import { readCertificate } from './read-certificate.ts'
import { readDerKey } from './read-der-key.ts'
import { isPrivateJwk, isSecretJwk, readJwk } from './read-jwk.ts'
import { readJwks } from './read-jwks.ts'
import { readPem } from './read-pem.ts'
import { looksLikeSecret, looksLikeUrl, parseJsonObject } from './sniff-text.ts'

/** The keys a field held, and what named loosenings let pass. */
export interface RecognisedKeys {
  readonly keys: readonly KeyRecord[]
  readonly warnings: readonly KeyFault[]
}

/** What stands in a key field, found by parsing it: a key by its members, a certificate, or a set. */
type KeyForm =
  | { readonly kind: 'key'; readonly jwk: JwkMembers }
  | { readonly kind: 'certificate'; readonly der: Buffer }
  | { readonly kind: 'jwk'; readonly members: JwkMembers }
  | { readonly kind: 'jwks'; readonly json: JwkMembers }
  | { readonly kind: 'certificates'; readonly ders: readonly (readonly [kid: string, der: Buffer])[] }

/**
 * The public key or keys a text holds: PEM (SPKI, PKCS#1, X.509; line breaks may be missing or spelt `\n`), base64 of
 * DER or of PEM, a JWK, a JWKS, or a JSON object of certificates by kid. Recognised by parsing, never by how it begins.
 * `declared.kid` is what the operator wrote beside the key; it wins over the key's own.
 */
export function recogniseKeys(
  text: string,
  declared: { readonly kid?: string | undefined },
  quality: KeyQuality,
  nowMs: number,
): Result<RecognisedKeys, KeyFault> {
  const form = sniff(text)
  if (!form.ok) return form
  switch (form.value.kind) {
    case 'key':
      return single(form.value.jwk, declared, quality)
    case 'certificate':
      return fromCertificate(form.value.der, declared, quality, nowMs)
    case 'jwk':
      return fromJwk(form.value.members, declared, quality, nowMs)
    case 'jwks':
      return fromJwks(form.value.json, declared, quality, nowMs)
    case 'certificates':
      return fromCertificates(form.value.ders, declared, quality, nowMs)
  }
}

function sniff(text: string): Result<KeyForm, KeyFault> {
  const json = parseJsonObject(text)
  if (json !== undefined) return sniffJson(json)
  if (looksLikePem(text)) return readPem(text)
  const bytes = decodeBase64(text)
  if (bytes !== undefined) {
    const inner = bytes.toString('latin1')
    if (looksLikePem(inner)) return readPem(inner)
    const key = readDerKey(bytes)
    if (key.ok || key.error.code !== 'malformed_der') return key
  }
  if (looksLikeUrl(text)) return refuseKey('url_in_key_field')
  if (text.trim().startsWith('ssh-') || text.trim().startsWith('ecdsa-sha2-')) return refuseKey('ssh_key')
  return refuseKey(looksLikeSecret(text) ? 'secret_in_key_field' : 'unknown_form')
}

function sniffJson(json: JwkMembers): Result<KeyForm, KeyFault> {
  if (Object.hasOwn(json, 'keys')) return ok({ kind: 'jwks', json })
  if (Object.hasOwn(json, 'kty')) return ok({ kind: 'jwk', members: json })
  const ders: [string, Buffer][] = []
  for (const [kid, value] of Object.entries(json)) {
    const form = typeof value === 'string' && looksLikePem(value) ? readPem(value) : refuseKey('unknown_form')
    if (!form.ok) return form
    if (form.value.kind !== 'certificate') return refuseKey('unknown_form')
    ders.push([kid, form.value.der])
  }
  return ders.length === 0 || ders.length > 100 ? refuseKey('unknown_form') : ok({ kind: 'certificates', ders })
}

function single(jwk: JwkMembers, declared: KeyDeclaration, quality: KeyQuality): Result<RecognisedKeys, KeyFault> {
  const made = makePublicKeyRecord(jwk, declared, quality)
  return made.ok ? ok({ keys: [made.value.record], warnings: made.value.warnings }) : made
}

function fromCertificate(
  der: Buffer,
  declared: KeyDeclaration,
  quality: KeyQuality,
  nowMs: number,
): Result<RecognisedKeys, KeyFault> {
  const certificate = readCertificate(der, quality, nowMs)
  if (!certificate.ok) return certificate
  const made = single(certificate.value.jwk, declared, quality)
  if (!made.ok) return made
  return ok({ keys: made.value.keys, warnings: [...certificate.value.warnings, ...made.value.warnings] })
}

function fromJwk(
  members: JwkMembers,
  declared: KeyDeclaration,
  quality: KeyQuality,
  nowMs: number,
): Result<RecognisedKeys, KeyFault> {
  if (isSecretJwk(members) && !isPrivateJwk(members)) return refuseKey('secret_in_key_field')
  const named = declared.kid === undefined ? members : { ...members, kid: declared.kid }
  const read = readJwk(named, quality, nowMs)
  return read.ok ? ok({ keys: [read.value.record], warnings: read.value.warnings }) : read
}

function fromJwks(
  json: JwkMembers,
  declared: KeyDeclaration,
  quality: KeyQuality,
  nowMs: number,
): Result<RecognisedKeys, KeyFault> {
  const read = readJwks(json, quality, nowMs, 'remote')
  if (!read.ok) return read
  const { keys, problems, warnings } = read.value
  const [only, second] = keys
  if (only === undefined) return refuseKey('no_usable_key', problems[0]?.message)
  if (declared.kid !== undefined && second !== undefined) return refuseKey('several_keys', 'one `kid` names one key')
  return ok({
    keys: declared.kid === undefined ? keys : [{ ...only, kid: declared.kid }],
    warnings: [...problems, ...warnings].map(({ index, code, message }) => ({
      ...keyFault(code),
      message: `key ${index} of the set: ${message}`,
    })),
  })
}

/** Google's and Firebase's form: certificates under their kids. */
function fromCertificates(
  ders: readonly (readonly [kid: string, der: Buffer])[],
  declared: KeyDeclaration,
  quality: KeyQuality,
  nowMs: number,
): Result<RecognisedKeys, KeyFault> {
  if (declared.kid !== undefined && ders.length > 1) return refuseKey('several_keys', 'one `kid` names one key')
  const keys: KeyRecord[] = []
  const warnings: KeyFault[] = []
  for (const [kid, der] of ders) {
    const read = fromCertificate(der, { kid: declared.kid ?? kid }, quality, nowMs)
    if (!read.ok) return read
    keys.push(...read.value.keys)
    warnings.push(...read.value.warnings)
  }
  return ok({ keys, warnings })
}
