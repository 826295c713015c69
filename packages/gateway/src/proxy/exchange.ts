import type { Reject } from '../domain/reject.ts'
import type { ServerNames } from '../domain/server-names.ts'

/**
 * A request and its answer as they travel between listener and forwarder: flat data and a few callbacks.
 * Neither side's transport shows; no step imports `node:http` or `node:stream` (hot-path rule 1).
 */
export interface Exchange {
  readonly method: string
  /** The request target exactly as sent (RFC 9112 3.2). */
  readonly target: string
  /** Names and values in turn, as received; values are latin1. */
  readonly rawHeaders: readonly string[]
  /** As `Via` has it (RFC 9110 7.6.3). */
  readonly httpVersion: '1.0' | '1.1' | '2.0'
  /** The connection's remote address. */
  readonly peer: string
  /** The connection's own scheme. */
  readonly scheme: 'http' | 'https'
  /** The listener the connection came in by: position in `gateway.listeners`. */
  readonly listener: number
  /** What the TLS handshake said, the same object for all requests of a connection; undefined over plain TCP. */
  readonly tls: CallerTls | undefined
  readonly receivedMs: number
  readonly body: CallerBody
  readonly reply: Reply
  /** On a request that may become a WebSocket, and whose connection can: a valid handshake on HTTP/1.1. */
  readonly upgrade?: CallerUpgrade | undefined
}

/** A caller's connection that can leave HTTP. */
export interface CallerUpgrade {
  /** Answers 101 with these headers, instead of a reply; from then on `user` gets the connection's bytes. */
  readonly open: (rawHeaders: readonly string[], user: TunnelUser) => TunnelEnd
}

/** One end of a tunnel: a connection that carries bytes and nothing else. */
export interface TunnelEnd {
  /** False: wait for `TunnelUser.drained`. */
  readonly write: (chunk: Buffer) => boolean
  /** Nothing more will be written; the other direction stays open. */
  readonly end: () => void
  readonly pause: () => void
  readonly resume: () => void
  /** Closes at once; its user hears no more. */
  readonly destroy: () => void
}

/** Who is told what a tunnel's end does. */
export interface TunnelUser {
  /** Bytes, in memory of their own. */
  readonly data: (chunk: Buffer) => void
  readonly drained: () => void
  /** It sends nothing more. */
  readonly ended: () => void
  /** It is closed, both ways; called once. */
  readonly gone: () => void
}

/** A caller's TLS connection, as steps may look at it. */
export interface CallerTls {
  /** The name the caller asked for (RFC 6066 3), lower case; empty: none. */
  readonly serverName: string
  /** Which certificate answers to which name, as of the handshake. */
  readonly names: ServerNames
  /** SHA-256 of the caller's certificate, base64url, as `x5t#S256` has it (RFC 8705 3.1); undefined: none was shown. */
  readonly clientCertificate: string | undefined
}

/** The caller's body. Nothing is read before `start` (a refused request's body stays unread). */
export interface CallerBody {
  readonly kind: 'none' | 'sized' | 'chunked'
  /** For `sized`: Content-Length. */
  readonly bytes: number
  readonly start: (sink: ByteSink) => void
  readonly pause: () => void
  readonly resume: () => void
}

/** Where bytes go. */
export interface ByteSink {
  /** True: the bytes have left, and their memory may be used again. */
  readonly data: (chunk: Buffer) => boolean
  /** `trailers`: the trailer section, names and values in turn as received; undefined: none came. */
  readonly end: (trailers?: readonly string[]) => void
  /** The other side broke off, or (`reject`) what it sent, or did not send in time, is refused; nothing more comes. */
  readonly fail: (reject?: Reject) => void
}

/**
 * The answer towards the caller. `head` once, then `data`, then `end` or `abort`; or `send` alone. Header lists are
 * names and values in turn, checked, without what frames the message or concerns the connection, and become the
 * reply's own: it adds to them.
 */
export interface Reply {
  /** Pieces it was given may not have left yet: their memory is in use. */
  readonly holdsPieces: boolean
  /** `bodyBytes` undefined: length unknown. */
  readonly head: (status: number, rawHeaders: string[], bodyBytes: number | undefined) => void
  /** False: the caller reads slowly; wait for `onDrain`. */
  readonly data: (chunk: Buffer) => boolean
  /** `trailers`: the trailer section to send, names and values in turn, checked; a length known before excludes one. */
  readonly end: (trailers?: readonly string[]) => void
  /** Whole small answer in one write; to HEAD without its body. `close`: the connection is not used again. */
  readonly send: (status: number, rawHeaders: string[], body: string, close: boolean) => void
  /** Destroys the connection: the answer cannot be finished truthfully. */
  readonly abort: () => void
  readonly onDrain: (listener: () => void) => void
  /**
   * Called once when the caller is gone before the answer ended; at once when it is gone already. `reject`: we let it
   * go, and why.
   */
  readonly onGone: (listener: (reject?: Reject) => void) => void
}
