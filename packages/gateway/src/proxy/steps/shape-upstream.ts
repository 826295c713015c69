import { identifyOf } from '../../compile/identify-of.ts'
import type { ApiKeyPlace, ApiPlan, TokenPlace } from '../../compile/plan.ts'
import { prefixEnd } from '../../compile/segment-tree.ts'
import type { CompiledApi } from '../../compile/snapshot.ts'
import type { Claims } from '../../domain/claims.ts'
import {
  foldHeaderName,
  type HeaderNames,
  hasHeaderName,
  hashHeaderName,
  isSpellingOf,
} from '../../domain/header-name.ts'
import { readClaim } from '../../domain/read-claim.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { credentialsStart } from '../head/auth-scheme.ts'
import { cutCookie } from '../head/cookie-crumbs.ts'
import { claimToHeader, headerLine } from '../head/header-value.ts'
import { cutQueryParameter } from '../head/query-parameter.ts'
import type { RequestHead } from '../head/request-head.ts'
import { writeForwarded } from '../head/write-forwarded.ts'

/** What goes to the upstream, whichever target takes it: the forwarder adds `Host`, the framing and the empty line. */
export interface UpstreamHead {
  readonly method: string
  /** Origin form. */
  readonly target: string
  /** The caller's authority when the API forwards it; undefined: the target's own. */
  readonly authority: string | undefined
  /** Lines `name: value` CRLF, checked. */
  readonly headers: string
  /** Names only the gateway may say to this upstream, or that carry tokens: no trailer has them. */
  readonly heldFromTrailers: HeaderNames
  /** Whose bound a body of unknown length is counted against; undefined: any size. */
  readonly bodyLimit?: Pick<ApiPlan, 'rule' | 'bodyBytesMax'>
}

/**
 * Step 18: target and header block for the upstream. `callerHeaders` is what `shapeClaimHeaders` and
 * `shapeFactHeaders` made, empty for a public request. Headers any API fills by itself are removed first, in any spelling. Tokens are dropped from every
 * configured place (`forward.token: drop`), and from the query always: on a public route they are nobody's. `pseudonym`
 * is our name in `Via` (RFC 9110 7.6.3).
 */
export function shapeUpstream(
  head: RequestHead,
  api: CompiledApi,
  callerHeaders: string,
  pseudonym: string,
): Result<UpstreamHead, Reject> {
  const { plan } = api
  const path = plan.stripPath ? stripPrefix(head.path, plan.segments.length) : head.path
  // To whoever reads a target as a reference, `//x/y` names a host (RFC 3986 4.2).
  if (path.startsWith('//')) return err({ reason: 'bad_path', fault: 'empty_segment' })
  return ok({
    method: head.method,
    target: head.query === '' ? path : path + forwardedQuery(head.query, plan),
    authority: plan.upstream.host === 'caller' ? head.authority : undefined,
    headers:
      callerLines(head, api) +
      allowedLines(head, plan) +
      writeForwarded(head, plan.forwarded, pseudonym) +
      `via: ${head.httpVersion} ${pseudonym}\r\n${callerHeaders}`,
    heldFromTrailers: api.heldFromTrailers,
    bodyLimit: plan,
  })
}

/** The header lines an API fills from claims; they depend on claims and API alone, so a cached token keeps them. */
export function shapeClaimHeaders(claims: Claims, api: CompiledApi): Result<string, Reject> {
  let lines = ''
  for (const { path, header, unprintable, rule } of api.plan.forward.claims) {
    const sent = claimToHeader(readClaim(claims, path), unprintable)
    if (sent.kind === 'unsendable') return err({ reason: 'claim_unsendable', claim: path.text, header, rule })
    if (sent.kind === 'value') lines += headerLine(header, sent.value)
  }
  return ok(lines)
}

/** The path behind the prefix; the root when nothing is behind it. */
function stripPrefix(path: string, segments: number): string {
  const end = prefixEnd(path, segments)
  return end >= path.length ? '/' : path.slice(end)
}

function forwardedQuery(query: string, plan: ApiPlan): string {
  let kept = query
  if (plan.access.kind === 'protected') {
    for (const place of plan.access.tokenPlaces) if (place.kind === 'query') kept = cutQueryParameter(kept, place.name)
    const apiKey = identifyOf(plan)?.apiKey
    if (apiKey?.kind === 'query') kept = cutQueryParameter(kept, apiKey.name)
  }
  return kept
}

/** `readRequest` checked names and values: they are joined as they are. */
function callerLines(head: RequestHead, api: CompiledApi): string {
  const { headers, hashes } = head
  const drops = takesAway(api.plan) ? dropsOf(api.plan) : none
  let lines = ''
  let cookie = drops.cookies.length === 0 ? undefined : head.cookie
  for (let at = 0; at < hashes.length; at++) {
    const name = headers[2 * at] ?? ''
    const value = headers[2 * at + 1] ?? ''
    const hash = hashes[at] ?? -1
    if (hasHeaderName(api.identityHeaders, name, hash)) continue
    if (drops !== none) {
      if (carriesToken(drops.headers, name, hash, value)) continue
      if (cookie !== undefined && hash === cookieHash && isSpellingOf(name, 'cookie')) {
        for (const crumb of drops.cookies) cookie = cutCookie(cookie, crumb)
        if (cookie !== '') lines += `${name}: ${cookie}\r\n`
        cookie = ''
        continue
      }
    }
    lines += `${name}: ${value}\r\n`
  }
  return lines
}

/** S12: what the API lets through by name, in its plain spelling alone: servers that fold names see one header. */
function allowedLines({ setAside }: RequestHead, { allowHeaders }: ApiPlan): string {
  if (allowHeaders.length === 0 || setAside.length === 0) return ''
  let lines = ''
  for (let at = 0; at + 1 < setAside.length; at += 2) {
    const name = setAside[at] ?? ''
    if (allowHeaders.includes(name.toLowerCase())) lines += `${name}: ${setAside[at + 1]}\r\n`
  }
  return lines
}

interface Drops {
  readonly headers: readonly { readonly name: string; readonly hash: number; readonly scheme: string | undefined }[]
  readonly cookies: readonly string[]
}

const none: Drops = { headers: [], cookies: [] }
const cookieHash = hashHeaderName('cookie')
const dropsOfPlan: WeakMap<ApiPlan, Drops> = new WeakMap()

/** Whether a credential does not go on: most requests need not ask which. */
function takesAway(plan: ApiPlan): boolean {
  return plan.forward.token === 'drop' || identifyOf(plan)?.apiKey !== undefined
}

/** Tokens where the API says `token: drop`, and API keys always: they are the gateway's business alone. */
function droppedPlaces(plan: ApiPlan): readonly (TokenPlace | ApiKeyPlace)[] {
  if (plan.access.kind === 'public') return []
  const apiKey = identifyOf(plan)?.apiKey
  return [...(plan.forward.token === 'drop' ? plan.access.tokenPlaces : []), ...(apiKey === undefined ? [] : [apiKey])]
}

/** What is taken away, worked out once for each plan. */
function dropsOf(plan: ApiPlan): Drops {
  let drops = dropsOfPlan.get(plan)
  if (drops === undefined) {
    const places = droppedPlaces(plan)
    drops =
      places.length === 0
        ? none
        : {
            headers: places.flatMap((place) => {
              if (place.kind !== 'header') return []
              const name = foldHeaderName(place.name)
              return [{ name, hash: hashHeaderName(name), scheme: 'scheme' in place ? place.scheme : undefined }]
            }),
            cookies: places.flatMap((place) => (place.kind === 'cookie' ? [place.name] : [])),
          }
    dropsOfPlan.set(plan, drops)
  }
  return drops
}

/** Only a header of the configured scheme is the token's: `Authorization: Basic` may be the upstream's business. */
function carriesToken(headers: Drops['headers'], name: string, hash: number, value: string): boolean {
  for (const drop of headers) {
    if (drop.hash !== hash || !isSpellingOf(name, drop.name)) continue
    if (drop.scheme === undefined || credentialsStart(value, drop.scheme) !== -1) return true
  }
  return false
}
