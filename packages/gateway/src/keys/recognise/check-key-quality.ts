import type { KeyQuality, PublicKeyRecord } from '../../domain/key.ts'
import { ok, type Result } from '../../domain/result.ts'
import { decodeMember } from './base64.ts'
import { isEcPoint } from './check-ec-point.ts'
import { isEd25519Point } from './check-ed25519-point.ts'
import { hasRocaFingerprint } from './check-roca.ts'
import { type KeyFault, keyFault, refuseKey } from './key-fault.ts'

/** The members of a JWK as some JSON held them. */
export interface JwkMembers {
  readonly [member: string]: unknown
}

/** A public key fit to verify with, its members in the one canonical spelling. */
export interface CheckedKey {
  readonly jwk: PublicKeyRecord['jwk']
  readonly modulusBytes: number | undefined
  /** Loosenings that were needed. */
  readonly warnings: readonly KeyFault[]
}

const rsaBitsMin = 2048
const rsaBitsMax = 4096
const rsaBitsMaxLarge = 8192
const exponentBytesMax = 4
const exponentMin = 65537
const exponentMinSmall = 3

const coordinateBytes = { 'P-256': 32, 'P-384': 48, 'P-521': 66 } as const

/** Security rule S5: sizes, exponent and point of a public key, before anything is imported or verified with it. */
export function checkKeyQuality(members: JwkMembers, quality: KeyQuality): Result<CheckedKey, KeyFault> {
  switch (members.kty) {
    case 'RSA':
      return checkRsa(members, quality)
    case 'EC':
      return checkEc(members)
    case 'OKP':
      return checkOkp(members)
    default:
      return refuseKey('unsupported_key')
  }
}

function checkRsa(members: JwkMembers, quality: KeyQuality): Result<CheckedKey, KeyFault> {
  const modulus = unsigned(members.n)
  const exponent = unsigned(members.e)
  if (modulus === undefined || exponent === undefined)
    return refuseKey('malformed_jwk', '`n` and `e` must be base64url')
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24
  if (bits < rsaBitsMin) return refuseKey('rsa_too_small', `${bits} bits`)
  if (bits > (quality.allowLargeRsa ? rsaBitsMaxLarge : rsaBitsMax)) return refuseKey('rsa_too_large', `${bits} bits`)
  if (((modulus.at(-1) ?? 0) & 1) === 0) return refuseKey('rsa_even')
  if (exponent.length > exponentBytesMax) return refuseKey('rsa_exponent', 'longer than 32 bits')
  const e = exponent.readUIntBE(0, exponent.length)
  if (e % 2 === 0 || e < (quality.allowSmallExponent ? exponentMinSmall : exponentMin)) {
    return refuseKey('rsa_exponent', `it is ${e}`)
  }
  if (hasRocaFingerprint(modulus)) return refuseKey('rsa_roca')
  const warnings: KeyFault[] = []
  if (bits > rsaBitsMax) warnings.push(keyFault('rsa_too_large', `${bits} bits`))
  if (e < exponentMin) warnings.push(keyFault('rsa_exponent', `it is ${e}`))
  const jwk = { kty: 'RSA', n: modulus.toString('base64url'), e: exponent.toString('base64url') } as const
  return ok({ jwk, modulusBytes: modulus.length, warnings })
}

function checkEc(members: JwkMembers): Result<CheckedKey, KeyFault> {
  const crv = members.crv
  if (crv !== 'P-256' && crv !== 'P-384' && crv !== 'P-521') return refuseKey('unsupported_key', 'unknown curve')
  const x = coordinate(members.x, coordinateBytes[crv])
  const y = coordinate(members.y, coordinateBytes[crv])
  if (x === undefined || y === undefined) return refuseKey('malformed_jwk', `\`x\` and \`y\` must fit ${crv}`)
  if (!isEcPoint(crv, x, y)) return refuseKey('invalid_point')
  const jwk = { kty: 'EC', crv, x: x.toString('base64url'), y: y.toString('base64url') } as const
  return ok({ jwk, modulusBytes: undefined, warnings: [] })
}

function checkOkp(members: JwkMembers): Result<CheckedKey, KeyFault> {
  if (members.crv !== 'Ed25519') return refuseKey('unsupported_key', 'unknown curve')
  const bytes = decodeMember(members.x)
  if (bytes?.length !== 32) return refuseKey('malformed_jwk', '`x` must be 32 bytes')
  if (!isEd25519Point(bytes)) return refuseKey('invalid_point')
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') } as const
  return ok({ jwk, modulusBytes: undefined, warnings: [] })
}

/** A Base64urlUInt; leading zero bytes, which RFC 7518 6.3.1.1 forbids and Java's BigInteger writes, are dropped. */
function unsigned(text: unknown): Buffer | undefined {
  const bytes = decodeMember(text)
  if (bytes === undefined) return undefined
  const first = bytes.findIndex((byte) => byte !== 0)
  return first < 0 ? undefined : bytes.subarray(first)
}

/** A coordinate at full length (RFC 7518 6.2.1.2); shorter ones, whose zeros some libraries drop, are filled up. */
function coordinate(text: unknown, length: number): Buffer | undefined {
  const bytes = decodeMember(text)
  if (bytes === undefined || bytes.length === 0 || bytes.length > length) return undefined
  return Buffer.concat([Buffer.alloc(length - bytes.length), bytes])
}
