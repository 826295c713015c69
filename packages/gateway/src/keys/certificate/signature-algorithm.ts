/** Object identifiers of certificate signatures over SHA-1 and MD5, DER content in hex (RFC 3279, RFC 5758). */
const broken: ReadonlySet<string> = new Set([
  '2a864886f70d010104', // md5WithRSAEncryption
  '2a864886f70d010105', // sha1WithRSAEncryption
  '2a8648ce380403', // dsa-with-sha1
  '2a8648ce3d0401', // ecdsa-with-SHA1
])

/** Whether a DER certificate is signed over a broken hash. Bytes that are no certificate: no. */
export function hasBrokenSignature(der: Buffer): boolean {
  // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { algorithm OID, … }, signature } (RFC 5280 4.1)
  const certificate = readElement(der, 0)
  const tbs = certificate === undefined ? undefined : readElement(der, certificate.start)
  const algorithm = tbs === undefined ? undefined : readElement(der, tbs.end)
  const oid = algorithm === undefined ? undefined : readElement(der, algorithm.start)
  return oid !== undefined && broken.has(der.toString('hex', oid.start, oid.end))
}

interface Element {
  readonly start: number
  readonly end: number
}

/** Where the content of the DER element at `at` is; undefined: not inside the bytes. */
function readElement(der: Buffer, at: number): Element | undefined {
  const first = der[at + 1]
  if (first === undefined) return undefined
  const lengthBytes = first < 0x80 ? 0 : first - 0x80
  if (lengthBytes > 4 || at + 2 + lengthBytes > der.length) return undefined
  const start = at + 2 + lengthBytes
  const length = lengthBytes === 0 ? first : der.readUIntBE(at + 2, lengthBytes)
  return start + length > der.length ? undefined : { start, end: start + length }
}
