/** Bytes of UTF-8 an identity (`sub`, `iss`, `client_id`, …) may have (S10). */
const identityBytesMax = 512

export type IdentityFault = 'control_character' | 'lone_surrogate' | 'too_long'

/** Why a text cannot name somebody (S10): control characters (C0, DEL, C1), a lone surrogate, or over 512 bytes. */
export function checkIdentityText(text: string): IdentityFault | undefined {
  const { length } = text
  if (length > identityBytesMax) return 'too_long'
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code === 0x7f) return 'control_character'
    if (code > 0x7f) return checkWide(text, at)
  }
  return undefined
}

/** The same from the first character outside ASCII on, where bytes and characters differ. */
function checkWide(text: string, from: number): IdentityFault | undefined {
  let bytes = from
  for (let at = from; at < text.length; at++) {
    const code = text.codePointAt(at) ?? 0
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return 'control_character'
    if (code >= 0xd800 && code <= 0xdfff) return 'lone_surrogate'
    if (code > 0xffff) at++
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes > identityBytesMax ? 'too_long' : undefined
}
