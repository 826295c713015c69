import { decodeBase64 } from '../recognise/base64.ts'
import { type PemBlock, parsePem } from '../recognise/parse-pem.ts'

const begin = '-----BEGIN '
const block = /-----BEGIN ([A-Z0-9 ]+)-----(?:[^-]|-(?!----))*-----END \1-----/g

/**
 * The blocks of a PEM file, without the explanatory text tools write between them (RFC 7468 2), or the bytes of a DER
 * file, which the reader of references made base64. Undefined: neither, or not whole.
 */
export function pemBlocks(text: string, derLabel: string): readonly PemBlock[] | undefined {
  if (!text.includes(begin)) {
    const der = decodeBase64(text)
    return der === undefined ? undefined : [{ label: derLabel, der, encrypted: false }]
  }
  const found = text.replaceAll('\\n', '\n').match(block) ?? []
  // A block without its end: the file is being written, or was cut off.
  return found.length === text.split(begin).length - 1 ? parsePem(found.join('\n')) : undefined
}
