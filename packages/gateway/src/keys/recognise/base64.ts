import { decodeBase64url } from '../../domain/base64url.ts'

/** The bytes of canonical base64 (RFC 4648 4); white space between the characters is allowed. */
export function decodeBase64(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined
  const dense = text.replaceAll(/[ \t\r\n]/g, '')
  const bytes = Buffer.from(dense, 'base64')
  return dense.length > 0 && bytes.toString('base64') === dense ? bytes : undefined
}

/** The bytes of a JWK member, which must be canonical base64url (RFC 7515 2). */
export function decodeMember(value: unknown): Buffer | undefined {
  return typeof value === 'string' ? decodeBase64url(value) : undefined
}
