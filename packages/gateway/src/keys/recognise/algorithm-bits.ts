import { algorithms, findAlgorithm } from '../../domain/algorithm.ts'

/** The key type and, for EC and OKP, the curve. */
export interface KeyShape {
  readonly kty: 'oct' | 'RSA' | 'EC' | 'OKP'
  readonly crv?: string
}

/**
 * Bits of the algorithms a key of this shape can verify, narrowed by the JWK's own `alg` (RFC 7517 4.4); 0 when they
 * contradict each other or `alg` names no signature algorithm. webMethods writes `"alg": "RSA"`: every RSA algorithm.
 */
export function algorithmBitsOf(shape: KeyShape, alg: string | undefined): number {
  let bits = 0
  for (const algorithm of algorithms) {
    if (algorithm.keyType === shape.kty && algorithm.curve === shape.crv) bits |= algorithm.bit
  }
  if (alg === undefined || (alg === 'RSA' && shape.kty === 'RSA')) return bits
  return bits & (findAlgorithm(alg)?.bit ?? 0)
}

/** Names of the algorithms behind the bits, for messages. */
export function namesOfBits(bits: number): readonly string[] {
  return algorithms.filter((algorithm) => (bits & algorithm.bit) !== 0).map((algorithm) => algorithm.name)
}
