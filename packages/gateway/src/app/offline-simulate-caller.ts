import { identifyOf } from '../compile/identify-of.ts'
import type { RequirePlan } from '../compile/plan.ts'
import type { CompiledApi, CompiledIssuer, Snapshot } from '../compile/snapshot.ts'
import { takesTokens } from '../compile/takes-tokens.ts'
import type { Claims, JsonValue } from '../domain/claims.ts'
import { tokenJsonBounds } from '../domain/parse-compact-jws.ts'
import { type JsonFault, parseJsonObject } from '../domain/parse-json-object.ts'
import type { Reject } from '../domain/reject.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { UnverifiedToken } from '../domain/token.ts'
import { believedClaims } from '../proxy/judge-claims.ts'
import { isForIntrospection } from '../proxy/steps/introspect.ts'
import { parseToken } from '../proxy/steps/parse-token.ts'
import { ownSigner, selectTrust } from '../proxy/steps/select-trust.ts'

/** What a caller brings beside an API key: claims as JSON text, or a token, or neither. */
export interface ShownClaims {
  readonly claims?: string | undefined
  /** With claims: the issuer entry taken to vouch for them, or `application:ID`, the application that signed them itself. */
  readonly issuerId?: string | undefined
  readonly token?: string | undefined
}

/** What a caller says, taken as true: nobody checks a signature here. */
export interface SupposedCaller {
  readonly by: 'claims' | 'token' | 'none'
  /** Undefined: there is no token, or it was refused. */
  readonly vouched: VouchedClaims | undefined
  /** Left out, and taken as a fresh token has them. */
  readonly assumed: readonly string[]
  /** Why the token is refused before its claims are looked at. */
  readonly reject: Reject | undefined
}

export interface VouchedClaims {
  readonly claims: Claims
  /** Those that count on this API: all, unless the application signed them itself (S25). */
  readonly counted: Claims
  readonly issuer: CompiledIssuer
  /** Undefined for claims without a token around them, as an introspection endpoint answers them. */
  readonly token: UnverifiedToken | undefined
}

/** Reads what the caller of a protected API brings; `require` is what is asked of tokens there. The error is a sentence. */
export function readCaller(
  { claims, issuerId, token }: ShownClaims,
  api: CompiledApi,
  require: RequirePlan,
  signers: Snapshot['signers'],
  nowMs: number,
): Result<SupposedCaller, string> {
  if (claims !== undefined && token !== undefined) return err('give --claims or --token, not both')
  if (issuerId !== undefined && claims === undefined)
    return err("--issuer goes with --claims; a token's iss names its own")
  if (claims === undefined && token === undefined) {
    return ok({ by: 'none', vouched: undefined, assumed: [], reject: undefined })
  }
  if (!takesTokens(api.plan)) {
    return err(`API ${api.plan.id} trusts no issuer and looks at no token; say who calls with --api-key`)
  }
  if (token !== undefined) return readGivenToken(token, api, signers)
  const parsed = parseClaims(claims ?? '')
  if (!parsed.ok) return parsed
  const issuer = chooseIssuer(parsed.value, issuerId, api, signers)
  return issuer.ok ? ok(supposeClaims(parsed.value, issuer.value, api, require, nowMs)) : issuer
}

function readGivenToken(
  compact: string,
  api: CompiledApi,
  signers: Snapshot['signers'],
): Result<SupposedCaller, string> {
  if (isForIntrospection(compact, api)) {
    return err('only its provider can tell what this token says, and nobody is asked here; give its answer as --claims')
  }
  const { access } = api.plan
  const parsed = parseToken(compact, api, access.kind === 'protected' ? access.tokenBytesMax : 0)
  const trusted = parsed.ok ? selectTrust(parsed.value, api, signers) : parsed
  if (!parsed.ok || !trusted.ok) {
    return ok({ by: 'token', vouched: undefined, assumed: [], reject: trusted.ok ? undefined : trusted.error })
  }
  const token = parsed.value
  const vouched = vouchFor(token.claims, trusted.value, token, api)
  return ok({ by: 'token', vouched, assumed: [], reject: undefined })
}

function vouchFor(
  claims: Claims,
  issuer: CompiledIssuer,
  token: UnverifiedToken | undefined,
  { plan }: CompiledApi,
): VouchedClaims {
  return { claims, counted: issuer.own === undefined ? claims : believedClaims(claims, plan), issuer, token }
}

const jsonFaults: { readonly [F in JsonFault]: string } = {
  utf8: 'not UTF-8',
  syntax: 'not JSON',
  not_an_object: 'JSON, but no object',
  duplicate_member: 'an object that has one member twice',
  too_deep: 'deeper than any token is read',
  too_many_members: 'an object with more members than any token is read with',
  number_range: 'JSON with a number out of range',
}

function parseClaims(text: string): Result<Claims, string> {
  const parsed = parseJsonObject(Buffer.from(text), tokenJsonBounds)
  if (parsed.ok) return parsed
  return err(`--claims takes one JSON object, and this is ${jsonFaults[parsed.error]}: --claims '{"azp":"shop"}'`)
}

function supposeClaims(
  said: Claims,
  issuer: CompiledIssuer,
  api: CompiledApi,
  require: RequirePlan,
  nowMs: number,
): SupposedCaller {
  const fresh = freshClaims(said, issuer, require, nowMs)
  const assumed = Object.keys(fresh).filter((name) => said[name] === undefined)
  const claims: Claims = Object.freeze(Object.assign(Object.create(null), fresh, said))
  return { by: 'claims', vouched: vouchFor(claims, issuer, undefined, api), assumed, reject: undefined }
}

/** By its name, by the `iss` of the claims, or the only one there is. */
function chooseIssuer(
  { iss }: Claims,
  issuerId: string | undefined,
  api: CompiledApi,
  signers: Snapshot['signers'],
): Result<CompiledIssuer, string> {
  if (issuerId !== undefined) return namedIssuer(issuerId, api, signers)
  const text = typeof iss === 'string' ? iss : undefined
  const selected = api.selectIssuer(text) ?? ownSigner(text, api, signers) ?? onlyIssuer(iss, api, signers)
  if (selected !== undefined) return ok(selected)
  const said =
    iss === undefined ? 'the claims have no iss' : 'nobody whose tokens this API takes has the iss of the claims'
  return err(`${said}; say who vouches for them with --issuer, one of: ${choicesOf(api)}`)
}

function onlyIssuer(
  iss: JsonValue | undefined,
  api: CompiledApi,
  signers: Snapshot['signers'],
): CompiledIssuer | undefined {
  const [only, second] = api.issuers
  if (second !== undefined) return undefined
  if (!takesOwnTokens(api)) return only
  // An `iss` nobody has may be meant for any of the applications.
  if (iss !== undefined) return undefined
  if (only !== undefined) return only
  const [signer] = signers.values()
  return signers.size === 1 ? signer?.signer : undefined
}

/** What the ids of applications begin with where issuers are named. */
const ofApplication = 'application:'

function namedIssuer(id: string, api: CompiledApi, signers: Snapshot['signers']): Result<CompiledIssuer, string> {
  const listed = api.issuers.find(({ plan }) => plan.id === id)
  if (listed !== undefined) return ok(listed)
  if (!id.startsWith(ofApplication) || !takesOwnTokens(api)) {
    return err(`API ${api.plan.id} trusts no issuer ${JSON.stringify(id)}; it trusts: ${choicesOf(api)}`)
  }
  for (const { signer } of signers.values()) if (signer?.plan.id === id) return ok(signer)
  const name = JSON.stringify(id.slice(ofApplication.length))
  return err(`there is no application ${name} with keys of its own: \`applications.ID.tokens\` says what it signs with`)
}

function choicesOf(api: CompiledApi): string {
  const own = takesOwnTokens(api) ? [`${ofApplication}ID (one that signs its own tokens)`] : []
  return [...api.issuers.map(({ plan }) => plan.id), ...own].join(', ')
}

function takesOwnTokens({ plan }: CompiledApi): boolean {
  return identifyOf(plan)?.byOwnTokens === true
}

const freshSeconds = 300

/** What every token of an issuer says, and few who try out a claim write down. */
function freshClaims(claims: Claims, { plan, own }: CompiledIssuer, require: RequirePlan, nowMs: number): Claims {
  const now = Math.floor(nowMs / 1000)
  const { match, audiences, maxLifetimeSeconds = Number.POSITIVE_INFINITY } = plan
  const issued = typeof claims.iat === 'number' ? claims.iat : now
  const aud = audiencesFor([
    ...(audiences === undefined ? [] : [audiences]),
    // Of an application's own tokens no more is asked than its own terms.
    ...(own === undefined ? require.audiences.map((one) => one.oneOf) : []),
  ])
  const fresh: Record<string, JsonValue> = {}
  if (match.kind === 'exact') fresh.iss = match.iss
  if (own?.subject?.equals !== undefined) fresh.sub = own.subject.equals
  if (aud.length > 0) fresh.aud = aud.length === 1 ? (aud[0] ?? '') : aud
  fresh.iat = now
  fresh.exp = Math.min(now + freshSeconds, issued + maxLifetimeSeconds)
  return fresh
}

/** As few audiences as hold one of each list. */
function audiencesFor(lists: readonly (readonly string[])[]): readonly string[] {
  const chosen: string[] = []
  for (const list of lists) if (!list.some((one) => chosen.includes(one))) chosen.push(...list.slice(0, 1))
  return chosen
}
