import { isAddress } from '../domain/cidr.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { FetchFault } from './fetch-fault.ts'

/** Where a URL leads, taken apart once. */
export interface FetchTarget {
  readonly secure: boolean
  /** Lower case, without brackets. */
  readonly host: string
  readonly port: number
  /** Host and, unless it is the scheme's own, port, as the Host header carries them. */
  readonly authority: string
  /** Path and query. */
  readonly path: string
}

const urlLengthMax = 2048

/**
 * Takes an http or https URL apart. Refused: user names and passwords, and hosts that the URL standard would rewrite
 * (decimal, octal, hexadecimal or shortened IPv4, percent-encoding, other scripts), so that what was written, checked
 * and connected to is one thing (S6).
 */
export function readTarget(text: string): Result<FetchTarget, FetchFault> {
  if (text.length > urlLengthMax) return invalid(`longer than ${urlLengthMax} characters`)
  // The URL standard drops tabs and line breaks and turns backslashes into slashes: a second reading of the same text.
  if (!/^[!-[\]-~]+$/.test(text)) return invalid('characters outside printable ASCII, or a backslash')
  const written = /^https?:\/\/([^/?#]*)/i.exec(text)?.[1]
  if (written === undefined) return invalid('not http:// or https://')
  if (written.includes('@')) return err({ code: 'userinfo_refused' })
  if (!URL.canParse(text)) return invalid('malformed')

  const url = new URL(text)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!isPlainlySpelled(written, host)) return err({ code: 'host_spelling_refused' })
  const secure = url.protocol === 'https:'
  const port = url.port === '' ? usualPort(secure) : Number(url.port)
  if (port === 0) return invalid('port 0')
  return ok({ secure, host, port, authority: url.host, path: url.pathname + url.search })
}

/** The port a scheme has when a URL names none. */
export function usualPort(secure: boolean): number {
  return secure ? 443 : 80
}

/** Whether two URLs have one scheme, host and port (RFC 6454 section 4). */
export function isSameOrigin(one: FetchTarget, other: FetchTarget): boolean {
  return one.secure === other.secure && one.host === other.host && one.port === other.port
}

function isPlainlySpelled(authority: string, host: string): boolean {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(authority)?.[1]
  if (bracketed !== undefined) return isAddress(bracketed)
  return authority.replace(/:\d*$/, '').toLowerCase() === host
}

function invalid(detail: string): Result<never, FetchFault> {
  return err({ code: 'url_invalid', detail })
}
