import type { TokenPlace } from '../../compile/plan.ts'
import type { Exchange } from '../exchange.ts'

/** What the steps read of a request: checked, normalised, each header in its place. Made by `readRequest` alone. */
export interface RequestHead {
  readonly method: string
  readonly httpVersion: Exchange['httpVersion']
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
  /** The addresses a trusted peer named, the nearest last, and the host; undefined from everybody else. */
  readonly forwardedFor: string | undefined
  readonly forwardedHost: string | undefined
  /** `Forwarded` as a trusted peer sent it, when it is what is believed; undefined from everybody else. */
  readonly forwarded: string | undefined
  readonly via: string | undefined
  readonly authorization: string | undefined
  /** All `Cookie` lines joined by `; ` (RFC 9113 8.2.3). */
  readonly cookie: string | undefined
  readonly origin: string | undefined
  readonly secFetchSite: string | undefined
  /** The key of a WebSocket handshake (RFC 6455 4.1); undefined on every other request. */
  readonly webSocketKey: string | undefined
  /**
   * Names and values in turn of what may go on to the upstream: checked, without hop-by-hop, framing, reserved,
   * forwarding, override and identity headers and without those `Connection` names.
   */
  readonly headers: readonly string[]
  /** `hashHeaderName` of each name in `headers`: the nth of the nth pair. */
  readonly hashes: readonly number[]
  /** Override and look-alike headers, names and values in turn: they go on only where the API allows them by name. */
  readonly setAside: readonly string[]
  /** Everything as received, for token places in headers that do not go on. */
  readonly rawHeaders: readonly string[]
}

/** A token as the caller sent it, and where. */
export interface ExtractedToken {
  readonly token: string
  readonly place: TokenPlace
}
