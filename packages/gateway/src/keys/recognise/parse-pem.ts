import { decodeBase64 } from './base64.ts'

/** One block of PEM (RFC 7468): its label and its bytes. */
export interface PemBlock {
  readonly label: string
  /** Undefined: the body is no base64, or holds RFC 1421 headers such as those of an encrypted key. */
  readonly der: Buffer | undefined
  readonly encrypted: boolean
}

const begin = '-----BEGIN '
const dashes = '-----'

/** Whether the text holds PEM anywhere, so that leading bytes cannot pass a key off as something else. */
export function looksLikePem(text: string): boolean {
  return text.includes(begin)
}

/**
 * The blocks of a PEM text. Line breaks may be missing, as `tr -d "\n"` leaves it, or spelt `\n`, as environment
 * files do. Undefined: a block has no end, or something beside blocks and white space is there.
 */
export function parsePem(text: string): readonly PemBlock[] | undefined {
  const plain = text.replaceAll('\\r', '').replaceAll('\\n', '\n')
  const blocks: PemBlock[] = []
  let rest = plain.trim()
  while (rest !== '') {
    const labelEnd = rest.indexOf(dashes, begin.length)
    if (!rest.startsWith(begin) || labelEnd < 0) return undefined
    const label = rest.slice(begin.length, labelEnd)
    const end = `-----END ${label}-----`
    const bodyEnd = rest.indexOf(end, labelEnd)
    if (bodyEnd < 0) return undefined
    const body = rest.slice(labelEnd + dashes.length, bodyEnd)
    blocks.push({ label, der: decodeBase64(body), encrypted: isEncrypted(label, body) })
    rest = rest.slice(bodyEnd + end.length).trim()
  }
  return blocks
}

function isEncrypted(label: string, body: string): boolean {
  return label === 'ENCRYPTED PRIVATE KEY' || (body.includes('Proc-Type:') && body.includes('ENCRYPTED'))
}
