import type { TokenPlace } from '../../compile/plan.ts'

/** What the steps read of a request: checked, normalised, each header in its place. Made by `readRequest` alone. */
export interface RequestHead {
  readonly method: string
  /** The normalised path: matched, authorised and forwarded. */
  readonly path: string
  /** With its leading `?`, byte for byte; empty when there is none. */
  readonly query: string
  /** Bits of `pathForm` the path uses. */
  readonly forms: number
  /** Lower case, without port and trailing dot, for matching; empty for an HTTP/1.0 request that names none. */
  readonly host: string
  /** `Host` as received. */
  readonly authority: string
  /** What the caller spoke, by the connection or by a trusted proxy's word. */
  readonly scheme: 'http' | 'https'
  /** The connection's remote address, IPv4-mapped ones as IPv4. */
  readonly peer: string
  /** Who called: the peer, or by trusted proxies' word somebody behind it. Always a syntactically valid address or `peer`. */
  readonly clientAddress: string
  /** `X-Forwarded-For` and `X-Forwarded-Host` as a trusted peer sent them; undefined from everybody else. */
  readonly forwardedFor: string | undefined
  readonly forwardedHost: string | undefined
  readonly authorization: string | undefined
  /** All `Cookie` lines joined by `; ` (RFC 9113 8.2.3). */
  readonly cookie: string | undefined
  readonly origin: string | undefined
  readonly secFetchSite: string | undefined
  readonly contentType: string | undefined
  readonly dpop: string | undefined
  readonly userAgent: string | undefined
  readonly expect: string | undefined
  readonly upgrade: string | undefined
  /**
   * Names and values in turn of what may go on to the upstream: checked, without hop-by-hop, framing, reserved,
   * forwarding, override and identity headers and without those `Connection` names.
   */
  readonly headers: readonly string[]
  /** `hashHeaderName` of each name in `headers`: the nth of the nth pair. */
  readonly hashes: readonly number[]
  /** Everything as received, for token places in headers that do not go on. */
  readonly rawHeaders: readonly string[]
}

/** A token as the caller sent it, and where. */
export interface ExtractedToken {
  readonly token: string
  readonly place: TokenPlace
}
