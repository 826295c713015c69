import { crc32 } from './crc32.ts'

/**
 * API keys of our own (S28): `jgk_`, 160 random bits, and a checksum of both, in letters and digits alone. The prefix lets
 * whoever finds one in a log or a repository know what it is; the checksum tells a mistyped key from a revoked one before
 * any cryptography.
 */
export const apiKeyPrefix = 'jgk_'

/** Random bytes in a key. */
export const apiKeySecretBytes = 20

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 62^27 is the first power above 2^160, 62^6 above 2^32. */
const secretLength = 27
const checksumLength = 6
const ownForm = new RegExp(`^${apiKeyPrefix}[0-9A-Za-z]{${secretLength + checksumLength}}$`)

/** The key of these `apiKeySecretBytes` random bytes. */
export function formatApiKey(secret: Uint8Array): string {
  const value = secret.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  const text = apiKeyPrefix + base62(value, secretLength)
  return text + base62(BigInt(crc32(text)), checksumLength)
}

/** Whether a text is a key of our own, one that was damaged on its way, or a key somebody brought along. */
export function apiKeyForm(text: string): 'own' | 'damaged' | 'foreign' {
  if (!text.startsWith(apiKeyPrefix)) return 'foreign'
  if (!ownForm.test(text)) return 'damaged'
  const end = text.length - checksumLength
  return base62(BigInt(crc32(text.slice(0, end))), checksumLength) === text.slice(end) ? 'own' : 'damaged'
}

function base62(value: bigint, length: number): string {
  let rest = value
  let text = ''
  for (let at = 0; at < length; at++) {
    text = alphabet.charAt(Number(rest % 62n)) + text
    rest /= 62n
  }
  return text
}
