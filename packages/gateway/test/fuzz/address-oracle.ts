import { isIPv4, isIPv6 } from 'node:net'

/** Whether a text is an address, by node:net. A zone says which link, not who, and is anything here. */
export function isAddressSlowly(text: string): boolean {
  if (text.length > 64) return false
  return text.includes(':') ? isIPv6(text.replace(/%.*$/s, '')) : isIPv4(text)
}
