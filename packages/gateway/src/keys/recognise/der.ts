/**
 * Whether the bytes are one ASN.1 SEQUENCE in DER and nothing after it (X.690 8.1.3, 10.1): OpenSSL reads the key and
 * ignores what follows.
 */
export function isWholeDer(bytes: Buffer): boolean {
  const first = bytes[1]
  if (bytes[0] !== 0x30 || first === undefined) return false
  if (first < 0x80) return bytes.length === 2 + first
  const lengthBytes = first - 0x80
  if (lengthBytes < 1 || lengthBytes > 3 || bytes.length < 2 + lengthBytes) return false
  return bytes.length === 2 + lengthBytes + bytes.readUIntBE(2, lengthBytes)
}
