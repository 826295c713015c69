/** The JSON object a text is, or undefined. */
export function parseJsonObject(text: string): { readonly [member: string]: unknown } | undefined {
  // For keys in PEM, of which there may be thousands, the error costs more than reading them does.
  if (!/^\s*\{/.test(text)) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [member: string]: unknown })
    : undefined
}

/** Whether a text is an http or https URL. */
export function looksLikeUrl(text: string): boolean {
  const start = text.trim().slice(0, 8).toLowerCase()
  return start.startsWith('http://') || start.startsWith('https://')
}

const secretLengthMax = 512

/** Whether a text that is no key reads like a shared secret: one short line. */
export function looksLikeSecret(text: string): boolean {
  const line = text.trim()
  return line.length > 0 && line.length <= secretLengthMax && !line.includes('\n')
}
