import type { ForwardedForm } from '../../compile/plan.ts'
import { isAddress } from '../../domain/cidr.ts'
import { withoutPort } from './client-address.ts'
import { headerLine } from './header-value.ts'
import type { RequestHead } from './request-head.ts'

/**
 * The lines that tell an upstream where a request came from, in the form its API asks for; a trusted proxy's word is
 * continued, in the other form too. `by` names us in `Forwarded` (RFC 7239 5.1, as an obfuscated identifier).
 */
export function writeForwarded(head: RequestHead, form: ForwardedForm, by: string): string {
  if (form === 'x-forwarded') return xForwardedLines(head)
  if (form === 'none') return ''
  const forwarded = headerLine('forwarded', forwardedValue(head, by))
  return form === 'both' ? xForwardedLines(head) + forwarded : forwarded
}

function xForwardedLines(head: RequestHead): string {
  const { forwardedFor, peer, scheme } = head
  const host = head.forwardedHost ?? head.authority
  const path = forwardedFor === undefined ? peer : `${forwardedFor}, ${peer}`
  const named = host === '' ? '' : `x-forwarded-host: ${host}\r\n`
  return `x-forwarded-for: ${path}\r\nx-forwarded-proto: ${scheme}\r\n${named}`
}

/** RFC 7239 4: the hops so far, and ours. */
function forwardedValue(head: RequestHead, by: string): string {
  const host = head.forwardedHost ?? head.authority
  const named = host === '' ? '' : `;host=${tokenOrQuoted(host)}`
  const own = `for=${node(head.peer)}${named};proto=${head.scheme};by=_${by}`
  if (head.forwarded !== undefined) return `${head.forwarded}, ${own}`
  if (head.forwardedFor === undefined) return own
  const before = head.forwardedFor.split(',').map((entry) => `for=${node(withoutPort(entry.trim()))}`)
  return `${before.join(', ')}, ${own}`
}

/** RFC 7239 6: brackets and quotes around an IPv6 address; what is no address is not known. */
function node(address: string): string {
  if (!isAddress(address)) return 'unknown'
  if (!address.includes(':')) return address
  const zone = address.indexOf('%')
  return `"[${zone === -1 ? address : address.slice(0, zone)}]"`
}

/** A value as RFC 9110 5.6.6 has it: the colon of a port needs quotes. */
function tokenOrQuoted(text: string): string {
  let plain = true
  for (let at = 0; at < text.length && plain; at++) {
    const code = text.charCodeAt(at)
    plain =
      (code >= 0x30 && code <= 0x39) ||
      (code >= 0x61 && code <= 0x7a) ||
      (code >= 0x41 && code <= 0x5a) ||
      code === 0x2d ||
      code === 0x2e
  }
  return plain ? text : `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
