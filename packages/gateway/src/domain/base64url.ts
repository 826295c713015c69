/**
 * Decodes base64url as RFC 7515 section 2 wants it: the URL-safe alphabet only, no padding, no white space, unused
 * trailing bits zero. Undefined for anything else, so that no two texts stand for the same bytes.
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  // Node decodes leniently. Encoding yields the one canonical text of these bytes, so equality is all of strictness.
  return bytes.toString('base64url') === text ? bytes : undefined
}
