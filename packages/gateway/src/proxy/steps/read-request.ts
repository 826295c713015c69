import { normalisePath } from '../../compile/normalise-path.ts'
import type { GatewayPlan } from '../../compile/plan.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { chooseByName } from '../../domain/server-names.ts'
import type { CallerTls, Exchange } from '../exchange.ts'
import { readDecimal } from '../framing/read-decimal.ts'
import { believed, strangers } from '../head/believed-origin.ts'
import { clientAddress, isTrustedProxy, plainAddress } from '../head/client-address.ts'
import { readAuthority } from '../head/read-authority.ts'
import { type ReadHeaders, readHeaders } from '../head/read-headers.ts'
import type { RequestHead } from '../head/request-head.ts'
import { handshakeKey } from '../head/websocket-handshake.ts'

const slashCode = 0x2f

/**
 * Step 1: reads and checks the request line and the header list, once. CONNECT and TRACE, targets other than origin
 * form (or absolute form for the very authority `Host` names, RFC 9112 3.2), ambiguous framing (RFC 9112 6.3),
 * repeated or malformed headers and paths that servers read differently are refused.
 */
export function readRequest(exchange: Exchange, gateway: GatewayPlan): Result<RequestHead, Reject> {
  const { method, rawHeaders } = exchange
  if (method === 'CONNECT' || method === 'TRACE') {
    return err({ reason: 'method_not_allowed', allowed: [], rule: 'gateway' })
  }
  const headers = readHeaders(rawHeaders)
  if (!headers.ok) return headers
  const read = headers.value
  const fault = framingFault(read, exchange.httpVersion)
  if (fault !== undefined) return err({ reason: 'bad_framing', fault })
  if (read.host === undefined && exchange.httpVersion !== '1.0') {
    return err({ reason: 'bad_header', name: 'host', fault: 'missing' })
  }
  const authority = read.host ?? ''
  const host = read.host === undefined ? '' : readAuthority(read.host)
  if (host === undefined) return err({ reason: 'bad_header', name: 'host', fault: 'invalid' })
  if (exchange.tls !== undefined && isMisdirected(exchange.tls, host)) return err({ reason: 'misdirected_request' })
  const target = originForm(exchange.target, authority)
  const normal = normalisePath(target)
  if (!normal.ok) return err({ reason: 'bad_path', fault: normal.error })

  const peer = plainAddress(exchange.peer)
  const origin = isTrustedProxy(gateway, peer) ? believed(gateway, read) : strangers
  return ok({
    method,
    httpVersion: exchange.httpVersion,
    path: normal.value.path,
    query: normal.value.query,
    forms: normal.value.forms,
    host,
    authority,
    scheme: origin.scheme ?? exchange.scheme,
    peer,
    clientAddress: clientAddress(gateway, peer, origin.forwardedFor),
    forwardedFor: origin.forwardedFor,
    forwardedHost: origin.forwardedHost,
    forwarded: origin.forwarded,
    via: read.via,
    authorization: read.authorization,
    cookie: read.cookie,
    origin: read.origin,
    secFetchSite: read.secFetchSite,
    webSocketKey: read.upgrade === undefined ? undefined : handshakeKey(method, exchange.httpVersion, rawHeaders),
    headers: read.headers,
    hashes: read.hashes,
    setAside: read.setAside,
    rawHeaders,
  })
}

/**
 * Whether a request for this host came on a connection made for another one (RFC 9110 15.5.20): both must lead to the
 * same certificate. The very name of the handshake always does; a caller that named none may ask for any.
 */
function isMisdirected({ serverName, names }: CallerTls, host: string): boolean {
  if (serverName === '' || host === serverName || host === '') return false
  const choice = chooseByName(names, host)
  return choice === undefined || choice !== chooseByName(names, serverName)
}

/** RFC 9112 6.1 and 6.3: one framing, spelled in the one way every server reads alike. */
function framingFault(read: ReadHeaders, httpVersion: Exchange['httpVersion']): string | undefined {
  const { contentLength, transferEncoding } = read
  if (transferEncoding !== undefined) {
    if (contentLength !== undefined) return 'both transfer-encoding and content-length'
    if (httpVersion === '1.0') return 'transfer-encoding in HTTP/1.0'
    return transferEncoding.toLowerCase() === 'chunked' ? undefined : 'transfer-encoding other than chunked'
  }
  return contentLength === undefined || readDecimal(contentLength, 15) !== undefined
    ? undefined
    : 'content-length is no number'
}

/** The origin form of an absolute-form target that names `authority`; every other target as it is. */
function originForm(target: string, authority: string): string {
  if (target.charCodeAt(0) === slashCode || authority === '') return target
  const mark = target.indexOf('://')
  const scheme = target.slice(0, Math.max(0, mark)).toLowerCase()
  if (scheme !== 'http' && scheme !== 'https') return target
  const end = mark + 3 + authority.length
  if (target.slice(mark + 3, end).toLowerCase() !== authority.toLowerCase()) return target
  const rest = target.slice(end)
  if (rest === '' || rest.startsWith('?')) return `/${rest}`
  return rest.startsWith('/') ? rest : target
}
