/** One block of PEM (RFC 7468). */
export interface PemBlock {
  readonly label: string
  readonly der: Uint8Array<ArrayBuffer>
}

/**
 * The first block of a PEM text; its line breaks may be missing (`tr -d "\n"`) or spelt `\n`. Undefined: there is
 * none, or its body is no base64 (an encrypted key's headers are not).
 */
export function readPemBlock(text: string): PemBlock | undefined {
  const plain = text.replaceAll('\\r', '').replaceAll('\\n', '\n')
  const begin = plain.indexOf('-----BEGIN ')
  const labelEnd = plain.indexOf('-----', begin + 11)
  if (begin < 0 || labelEnd < 0) return undefined
  const label = plain.slice(begin + 11, labelEnd)
  const end = plain.indexOf(`-----END ${label}-----`, labelEnd)
  if (end < 0) return undefined
  const der = decodeBase64(plain.slice(labelEnd + 5, end))
  return der === undefined ? undefined : { label, der }
}

/** The bytes inside a PEM text we wrote ourselves. */
export function decodePemBody(pem: string): Uint8Array<ArrayBuffer> {
  const block = readPemBlock(pem)
  if (block === undefined) throw new TypeError('no PEM')
  return block.der
}

/** DER as PEM, 64 characters a line. */
export function writePem(label: string, der: Uint8Array): string {
  let binary = ''
  for (const byte of der) binary += String.fromCharCode(byte)
  const lines = btoa(binary).match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text.replaceAll(/\s/g, '')), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}
