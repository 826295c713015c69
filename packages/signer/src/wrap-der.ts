/** DER of AlgorithmIdentifier { rsaEncryption, NULL } (RFC 8017 A.1). */
const rsaIdentifier = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00]
/** DER of the object identifier id-ecPublicKey (RFC 5480 2.1.1). */
const ecPublicKey = [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]
const version0 = [0x02, 0x01, 0x00]

/** DER object identifiers of the curves, as they stand inside keys (RFC 5480 2.1.1.1, RFC 8410 3). */
export const curveIdentifiers = {
  'P-256': [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
  'P-384': [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22],
  'P-521': [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23],
  Ed25519: [0x06, 0x03, 0x2b, 0x65, 0x70],
} as const

/** An RSAPublicKey (PKCS#1) as SubjectPublicKeyInfo. */
export function wrapRsaPublicKey(pkcs1: Uint8Array): Uint8Array<ArrayBuffer> {
  return sequence([...rsaIdentifier, ...tagged(0x03, [0x00, ...pkcs1])])
}

/** An RSAPrivateKey (PKCS#1) as PrivateKeyInfo (PKCS#8). */
export function wrapRsaPrivateKey(pkcs1: Uint8Array): Uint8Array<ArrayBuffer> {
  return sequence([...version0, ...rsaIdentifier, ...tagged(0x04, [...pkcs1])])
}

/** An ECPrivateKey (SEC 1) on the named curve as PrivateKeyInfo (PKCS#8). */
export function wrapEcPrivateKey(sec1: Uint8Array, curve: 'P-256' | 'P-384' | 'P-521'): Uint8Array<ArrayBuffer> {
  const identifier = tagged(0x30, [...ecPublicKey, ...curveIdentifiers[curve]])
  return sequence([...version0, ...identifier, ...tagged(0x04, [...sec1])])
}

function sequence(content: readonly number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(tagged(0x30, content))
}

function tagged(tag: number, content: readonly number[]): readonly number[] {
  const { length } = content
  if (length < 0x80) return [tag, length, ...content]
  if (length < 0x100) return [tag, 0x81, length, ...content]
  return [tag, 0x82, length >> 8, length & 0xff, ...content]
}
